package io.nacre;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Chooses one of several instances. Users may write their own; those of this interface's methods are the usual ones.
 *
 * <p>Balancers without a state run where they are called. Those with one (in turn, least used, consistent hash) keep it
 * in the engine, one per client, so that all who share a client share the turns; they choose
 * from memory only, not for {@link Query#direct()}.
 */
@FunctionalInterface
public interface Balancer {
    /**
     * Chooses.
     *
     * @param candidates healthy instances that take traffic
     * @param key what the call is about (a user, a session), or null
     * @return one of the candidates, or null for none
     */
    Instance choose(Candidates candidates, String key);

    /**
     * Chooses with a probability in proportion to the weight. The default.
     *
     * @return the balancer
     */
    static Balancer weightedRandom() {
        return (candidates, key) -> candidates.weighted();
    }

    /**
     * Chooses each instance equally often, by chance.
     *
     * @return the balancer
     */
    static Balancer random() {
        return (candidates, key) -> {
            List<Instance> usable = new ArrayList<>(candidates.instances());
            usable.removeIf(instance -> !instance.isHealthy() || !instance.takesTraffic());
            return usable.isEmpty() ? null : usable.get(ThreadLocalRandom.current().nextInt(usable.size()));
        };
    }

    /**
     * Chooses in turn, each service by itself.
     *
     * @return the balancer
     */
    static Balancer roundRobin() {
        return EngineBalancer.ROUND_ROBIN;
    }

    /**
     * Chooses the instance whose last choice is the longest ago.
     *
     * @return the balancer
     */
    static Balancer leastRecentlyUsed() {
        return EngineBalancer.LEAST_RECENTLY_USED;
    }

    /**
     * Chooses the instance that was chosen least often. One that joins starts level with the least used.
     *
     * @return the balancer
     */
    static Balancer leastFrequentlyUsed() {
        return EngineBalancer.LEAST_FREQUENTLY_USED;
    }

    /**
     * Chooses by a hash of the key. When an instance comes or goes, only its share of the keys moves; all processes and
     * languages choose alike. A call without key is served at random.
     *
     * @return the balancer
     */
    static Balancer consistentHash() {
        return EngineBalancer.CONSISTENT_HASH;
    }

    /**
     * Prefers the instances of one cluster, with weighted random choice; without any there, chooses among all.
     *
     * @param cluster name of the cluster
     * @return the balancer
     */
    static Balancer sameCluster(String cluster) {
        return sameCluster(cluster, weightedRandom());
    }

    /**
     * Prefers the instances of one cluster; without any there, chooses among all.
     *
     * @param cluster name of the cluster
     * @param inner chooses within the cluster or among all; one without a state in the engine
     * @return the balancer
     */
    static Balancer sameCluster(String cluster, Balancer inner) {
        Names.present(cluster, "cluster");
        if (Names.present(inner, "balancer") instanceof EngineBalancer) {
            throw new InvalidParameterException("a balancer with a state in the engine cannot choose within a cluster");
        }
        return (candidates, key) -> {
            Instance near = inner.choose(candidates.of(cluster), key);
            return near != null ? near : inner.choose(candidates, key);
        };
    }
}
