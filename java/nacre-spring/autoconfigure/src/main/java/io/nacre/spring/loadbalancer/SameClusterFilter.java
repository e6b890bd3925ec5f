package io.nacre.spring.loadbalancer;

import io.nacre.spring.discovery.NacreServiceInstance;
import java.util.List;
import java.util.Map;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.Request;

/** Instances of the own cluster, or all if it has none. */
final class SameClusterFilter implements InstanceFilter {
    private final String cluster;

    SameClusterFilter(String cluster) {
        this.cluster = cluster;
    }

    @Override
    public List<ServiceInstance> filter(Request<?> request, List<ServiceInstance> instances) {
        List<ServiceInstance> near =
                instances.stream().filter(one -> cluster.equals(clusterOf(one))).toList();
        return near.isEmpty() ? instances : near;
    }

    private static String clusterOf(ServiceInstance instance) {
        if (instance instanceof NacreServiceInstance own) {
            return own.instance().cluster();
        }
        Map<String, String> metadata = instance.getMetadata();
        return metadata == null ? null : metadata.get("nacos.cluster");
    }
}
