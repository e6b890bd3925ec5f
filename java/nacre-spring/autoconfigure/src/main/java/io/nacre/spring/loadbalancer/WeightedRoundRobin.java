package io.nacre.spring.loadbalancer;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.Request;

/**
 * One after the other, in proportion to the weights, and the turns of a heavy instance spread out: each turn adds to an
 * instance its weight, the one with the most is chosen and gives up the sum of all weights.
 */
final class WeightedRoundRobin implements LoadBalancerAlgorithm {
    private final Map<String, Double> credits = new HashMap<>();

    @Override
    public synchronized ServiceInstance choose(Request<?> request, List<ServiceInstance> instances) {
        double total = 0;
        double most = Double.NEGATIVE_INFINITY;
        ServiceInstance chosen = null;
        for (ServiceInstance instance : instances) {
            double weight = Weights.of(instance);
            total += weight;
            double credit = credits.merge(address(instance), weight, Double::sum);
            if (credit > most) {
                most = credit;
                chosen = instance;
            }
        }
        credits.put(address(chosen), most - total);
        if (credits.size() > 2 * instances.size()) {
            // Most of them have gone.
            credits.keySet().retainAll(instances.stream().map(WeightedRoundRobin::address).toList());
        }
        return chosen;
    }

    private static String address(ServiceInstance instance) {
        return instance.getHost() + ":" + instance.getPort();
    }
}
