package io.nacre.spring.loadbalancer;

import io.nacre.spring.discovery.NacreServiceInstance;
import org.springframework.cloud.client.ServiceInstance;

/** Reads the weights of instances. */
final class Weights {
    private Weights() {}

    /** The weight; 1 for an instance of another registry that has none in its metadata. */
    static double of(ServiceInstance instance) {
        if (instance instanceof NacreServiceInstance own) {
            return own.instance().weight();
        }
        String text = instance.getMetadata() == null ? null : instance.getMetadata().get("nacos.weight");
        if (text == null) {
            return 1;
        }
        try {
            return Math.max(0, Double.parseDouble(text));
        } catch (NumberFormatException e) {
            return 1;
        }
    }
}
