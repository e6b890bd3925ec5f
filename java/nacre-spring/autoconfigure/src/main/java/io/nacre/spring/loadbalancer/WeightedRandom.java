package io.nacre.spring.loadbalancer;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.Request;

/** At random, in proportion to the weights; evenly if all are 0. */
final class WeightedRandom implements LoadBalancerAlgorithm {
    private final DoubleSupplier draws;

    WeightedRandom() {
        this(() -> ThreadLocalRandom.current().nextDouble());
    }

    WeightedRandom(DoubleSupplier draws) {
        this.draws = draws;
    }

    @Override
    public ServiceInstance choose(Request<?> request, List<ServiceInstance> instances) {
        double total = 0;
        for (ServiceInstance instance : instances) {
            total += Weights.of(instance);
        }
        double draw = draws.getAsDouble();
        if (total <= 0) {
            return instances.get((int) (draw * instances.size()));
        }
        double left = draw * total;
        ServiceInstance chosen = null;
        for (ServiceInstance instance : instances) {
            double weight = Weights.of(instance);
            if (weight > 0) {
                chosen = instance;
                left -= weight;
                if (left < 0) {
                    break;
                }
            }
        }
        return chosen;
    }
}
