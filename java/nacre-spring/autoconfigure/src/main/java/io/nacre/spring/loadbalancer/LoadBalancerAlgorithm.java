package io.nacre.spring.loadbalancer;

import java.util.List;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.Request;

/** Draws an instance. There is one object per service. A bean of this type replaces the one of the settings. */
@FunctionalInterface
public interface LoadBalancerAlgorithm {
    /**
     * The instance for a request.
     *
     * @param request what is to be sent
     * @param instances at least one
     * @return one of them
     */
    ServiceInstance choose(Request<?> request, List<ServiceInstance> instances);
}
