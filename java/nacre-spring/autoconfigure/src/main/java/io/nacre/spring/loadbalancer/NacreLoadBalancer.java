package io.nacre.spring.loadbalancer;

import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.DefaultResponse;
import org.springframework.cloud.client.loadbalancer.EmptyResponse;
import org.springframework.cloud.client.loadbalancer.Request;
import org.springframework.cloud.client.loadbalancer.Response;
import org.springframework.cloud.loadbalancer.core.ReactorServiceInstanceLoadBalancer;
import org.springframework.cloud.loadbalancer.core.SelectedInstanceCallback;
import org.springframework.cloud.loadbalancer.core.ServiceInstanceListSupplier;
import reactor.core.publisher.Mono;

/** Takes the instances of a service, lets the filters leave out some, and draws one of the rest. */
public class NacreLoadBalancer implements ReactorServiceInstanceLoadBalancer {
    private static final Logger LOG = LoggerFactory.getLogger(NacreLoadBalancer.class);

    private final ServiceInstanceListSupplier supplier;
    private final List<InstanceFilter> filters;
    private final LoadBalancerAlgorithm algorithm;

    /**
     * A load balancer of one service.
     *
     * @param supplier has the instances
     * @param filters leave out some, one after the other
     * @param algorithm draws
     */
    public NacreLoadBalancer(
            ServiceInstanceListSupplier supplier, List<InstanceFilter> filters, LoadBalancerAlgorithm algorithm) {
        this.supplier = supplier;
        this.filters = List.copyOf(filters);
        this.algorithm = algorithm;
    }

    @Override
    @SuppressWarnings("rawtypes")
    public Mono<Response<ServiceInstance>> choose(Request request) {
        return supplier.get(request).next().map(instances -> choose(request, instances));
    }

    private Response<ServiceInstance> choose(Request<?> request, List<ServiceInstance> instances) {
        List<ServiceInstance> left = instances;
        for (InstanceFilter filter : filters) {
            left = filter.filter(request, left);
        }
        if (left.isEmpty()) {
            LOG.warn("no instance of {} for the request, of {} that it has", supplier.getServiceId(), instances.size());
            return new EmptyResponse();
        }
        ServiceInstance chosen = left.size() == 1 ? left.get(0) : algorithm.choose(request, left);
        if (supplier instanceof SelectedInstanceCallback callback) {
            callback.selectedServiceInstance(chosen);
        }
        return new DefaultResponse(chosen);
    }
}
