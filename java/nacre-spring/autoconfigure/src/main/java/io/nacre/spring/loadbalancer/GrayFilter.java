package io.nacre.spring.loadbalancer;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.Request;
import org.springframework.cloud.client.loadbalancer.RequestDataContext;
import org.springframework.http.HttpHeaders;

/** Routing by labels, as {@link NacreLoadBalancerProperties.Gray} describes it. */
final class GrayFilter implements InstanceFilter {
    private final NacreLoadBalancerProperties.Gray settings;

    GrayFilter(NacreLoadBalancerProperties.Gray settings) {
        this.settings = settings;
    }

    @Override
    public List<ServiceInstance> filter(Request<?> request, List<ServiceInstance> instances) {
        HttpHeaders headers = headers(request);
        List<ServiceInstance> left = instances;
        for (Map.Entry<String, String> rule : settings.getHeaders().entrySet()) {
            String wanted = headers == null ? null : headers.getFirst(rule.getKey());
            left = choose(left, rule.getValue(), wanted);
        }
        return left;
    }

    private List<ServiceInstance> choose(List<ServiceInstance> instances, String key, String wanted) {
        if (wanted != null) {
            List<ServiceInstance> exact = with(instances, key, wanted);
            if (!exact.isEmpty() || settings.isStrict()) {
                return exact;
            }
        }
        List<ServiceInstance> stable = with(instances, key, settings.getStable().get(key));
        // Whoever has only instances with labels still has to be reached.
        return stable.isEmpty() ? instances : stable;
    }

    private static List<ServiceInstance> with(List<ServiceInstance> instances, String key, String value) {
        return instances.stream()
                .filter(one -> Objects.equals(value, one.getMetadata().get(key)))
                .toList();
    }

    private static HttpHeaders headers(Request<?> request) {
        if (request != null
                && request.getContext() instanceof RequestDataContext context
                && context.getClientRequest() != null) {
            return context.getClientRequest().getHeaders();
        }
        return null;
    }
}
