package io.nacre.spring.loadbalancer;

import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;

/** Settings of the load balancer, {@code nacre.loadbalancer.*}. */
@ConfigurationProperties("nacre.loadbalancer")
public class NacreLoadBalancerProperties {
    /** How an instance is drawn from those that are left. */
    private Algorithm algorithm = Algorithm.WEIGHTED_RANDOM;

    /** Whether instances of the own cluster are preferred, if discovery.cluster-name names one. */
    private boolean sameClusterFirst = true;

    private final Gray gray = new Gray();

    /** Filled by Spring. */
    public NacreLoadBalancerProperties() {}

    /**
     * How an instance is drawn.
     *
     * @return the algorithm
     */
    public Algorithm getAlgorithm() {
        return algorithm;
    }

    /**
     * Sets it.
     *
     * @param algorithm the algorithm
     */
    public void setAlgorithm(Algorithm algorithm) {
        this.algorithm = algorithm;
    }

    /**
     * Whether instances of the own cluster are preferred.
     *
     * @return the value
     */
    public boolean isSameClusterFirst() {
        return sameClusterFirst;
    }

    /**
     * Sets it.
     *
     * @param sameClusterFirst the value
     */
    public void setSameClusterFirst(boolean sameClusterFirst) {
        this.sameClusterFirst = sameClusterFirst;
    }

    /**
     * Routing by labels.
     *
     * @return the settings
     */
    public Gray getGray() {
        return gray;
    }

    /** How an instance is drawn. */
    public enum Algorithm {
        /** At random, in proportion to the weights. */
        WEIGHTED_RANDOM,
        /** One after the other, in proportion to the weights. */
        WEIGHTED_ROUND_ROBIN,
        /** At random, without a look at the weights. */
        RANDOM
    }

    /**
     * Routing by labels: a request with a header goes to the instances whose metadata have its value; a request without
     * goes to those that are not set apart.
     */
    public static class Gray {
        /** From the name of a request header to the key of the metadata that has to have its value. */
        private Map<String, String> headers = new LinkedHashMap<>();

        /** From a key of the metadata to the value of instances that serve requests without the header. Default: instances without the key. */
        private Map<String, String> stable = new LinkedHashMap<>();

        /** Whether a request finds nobody when no instance has the value that it asks for; otherwise it goes where requests without the header go. */
        private boolean strict;

        /** Filled by Spring. */
        public Gray() {}

        /**
         * From the name of a header to a key of the metadata.
         *
         * @return the map
         */
        public Map<String, String> getHeaders() {
            return headers;
        }

        /**
         * Sets it.
         *
         * @param headers the map
         */
        public void setHeaders(Map<String, String> headers) {
            this.headers = headers;
        }

        /**
         * From a key of the metadata to the value of stable instances.
         *
         * @return the map
         */
        public Map<String, String> getStable() {
            return stable;
        }

        /**
         * Sets it.
         *
         * @param stable the map
         */
        public void setStable(Map<String, String> stable) {
            this.stable = stable;
        }

        /**
         * Whether a request finds nobody when no instance has the value.
         *
         * @return the value
         */
        public boolean isStrict() {
            return strict;
        }

        /**
         * Sets it.
         *
         * @param strict the value
         */
        public void setStrict(boolean strict) {
            this.strict = strict;
        }
    }
}
