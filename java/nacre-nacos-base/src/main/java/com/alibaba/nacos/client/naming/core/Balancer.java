package com.alibaba.nacos.client.naming.core;

import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.naming.pojo.ServiceInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Weighted random choice of an instance. Frameworks extend this class to reach {@link #getHostByRandomWeight}. */
public class Balancer {
    /** How far the shares of all instances together may be from 1. */
    private static final double TOLERANCE = 0.0001;

    /** Makes a balancer; there is no state. */
    public Balancer() {}

    /**
     * Chooses among the healthy instances with a positive weight, each with a probability that follows its weight.
     *
     * @param hosts the instances to choose from
     * @return the chosen one, or null when the list is null or empty
     * @throws IllegalStateException when no instance is healthy with a positive, finite weight
     */
    protected static Instance getHostByRandomWeight(List<Instance> hosts) {
        if (hosts == null || hosts.isEmpty()) {
            return null;
        }
        List<Instance> candidates = new ArrayList<>(hosts.size());
        double total = 0;
        for (Instance host : hosts) {
            if (host.isHealthy() && !(host.getWeight() <= 0)) {
                candidates.add(host);
                total += host.getWeight();
            }
        }
        if (candidates.isEmpty()) {
            throw new IllegalStateException("no healthy instance with a positive weight to choose from");
        }
        double share = 0;
        double[] upTo = new double[candidates.size()];
        for (int i = 0; i < upTo.length; i++) {
            share += candidates.get(i).getWeight() / total;
            upTo[i] = share;
        }
        if (!(Math.abs(share - 1) < TOLERANCE)) {
            throw new IllegalStateException("the weights of the instances do not add up: " + total);
        }
        double draw = ThreadLocalRandom.current().nextDouble();
        for (int i = 0; i < upTo.length; i++) {
            if (draw < upTo[i]) {
                return candidates.get(i);
            }
        }
        return candidates.get(upTo.length - 1);
    }

    /** Weighted random choice within a service. */
    public static class RandomByWeight {
        /** Makes a chooser; there is no state. */
        public RandomByWeight() {}

        /**
         * All instances of a service.
         *
         * @param serviceInfo the service
         * @return its instances
         * @throws IllegalStateException when the service has none
         */
        public static List<Instance> selectAll(ServiceInfo serviceInfo) {
            List<Instance> hosts = serviceInfo.getHosts();
            if (hosts == null || hosts.isEmpty()) {
                throw new IllegalStateException("no host to srv for serviceInfo: " + serviceInfo.getName());
            }
            return hosts;
        }

        /**
         * Chooses one instance of a service.
         *
         * @param dom the service
         * @return the chosen instance
         * @throws IllegalStateException when there is nothing to choose from
         */
        public static Instance selectHost(ServiceInfo dom) {
            return getHostByRandomWeight(selectAll(dom));
        }
    }
}
