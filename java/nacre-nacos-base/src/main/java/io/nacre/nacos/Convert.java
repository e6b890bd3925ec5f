package io.nacre.nacos;

import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.naming.pojo.ServiceInfo;
import io.nacre.ServiceKey;
import io.nacre.ServiceSnapshot;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Instances and services of the original for those of the engine, and the reverse. What is made is the caller's. */
final class Convert {
    private Convert() {}

    static Instance toNacos(io.nacre.Instance from) {
        Instance to = new Instance();
        to.setInstanceId(from.id());
        to.setIp(from.ip());
        to.setPort(from.port());
        to.setWeight(from.weight());
        to.setHealthy(from.isHealthy());
        to.setEnabled(from.isEnabled());
        to.setEphemeral(from.isEphemeral());
        to.setClusterName(from.cluster());
        to.setServiceName(from.service());
        to.setMetadata(new HashMap<>(from.metadata()));
        return to;
    }

    static List<Instance> allToNacos(List<io.nacre.Instance> from) {
        List<Instance> to = new ArrayList<>(from.size());
        for (io.nacre.Instance each : from) {
            to.add(toNacos(each));
        }
        return to;
    }

    /** Metadata without a value is left out: it cannot be told from an absent one on the way back. */
    static io.nacre.Instance toNacre(Instance from) {
        Map<String, String> metadata = new HashMap<>();
        if (from.getMetadata() != null) {
            from.getMetadata().forEach((key, value) -> {
                if (key != null && value != null) {
                    metadata.put(key, value);
                }
            });
        }
        io.nacre.Instance to = io.nacre.Instance.of(from.getIp(), from.getPort())
                .withWeight(from.getWeight())
                .withHealthy(from.isHealthy())
                .withEnabled(from.isEnabled())
                .withEphemeral(from.isEphemeral())
                .withMetadata(metadata);
        if (from.getInstanceId() != null) {
            to = to.withId(from.getInstanceId());
        }
        return from.getClusterName() == null ? to : to.withCluster(from.getClusterName());
    }

    static List<io.nacre.Instance> allToNacre(List<Instance> from) {
        List<io.nacre.Instance> to = new ArrayList<>(from.size());
        for (Instance each : from) {
            to.add(toNacre(each));
        }
        return to;
    }

    static ServiceInfo info(ServiceKey service, List<Instance> hosts) {
        ServiceInfo info = new ServiceInfo();
        info.setName(service.name());
        info.setGroupName(service.group());
        info.setClusters("");
        info.setHosts(hosts);
        return info;
    }

    static ServiceInfo info(ServiceKey service, ServiceSnapshot snapshot) {
        if (snapshot == null) {
            return info(service, new ArrayList<>(Collections.emptyList()));
        }
        ServiceInfo info = info(service, allToNacos(snapshot.instances()));
        info.setLastRefTime(snapshot.lastRefTime());
        info.setCacheMillis(snapshot.cacheTime().toMillis());
        info.setReachProtectionThreshold(snapshot.reachProtectionThreshold());
        return info;
    }
}
