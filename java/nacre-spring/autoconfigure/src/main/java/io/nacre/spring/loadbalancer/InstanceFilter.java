package io.nacre.spring.loadbalancer;

import java.util.List;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.Request;

/** Leaves out instances that a request must not go to. Beans of this type are asked in their order. */
@FunctionalInterface
public interface InstanceFilter {
    /**
     * Those that are left.
     *
     * @param request what is to be sent
     * @param instances of one service; not to be changed
     * @return some of them
     */
    List<ServiceInstance> filter(Request<?> request, List<ServiceInstance> instances);
}
