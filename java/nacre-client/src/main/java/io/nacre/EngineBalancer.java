package io.nacre;

/** Balancers whose state is kept by the engine. */
enum EngineBalancer implements Balancer {
    ROUND_ROBIN,
    LEAST_RECENTLY_USED,
    LEAST_FREQUENTLY_USED,
    CONSISTENT_HASH;

    @Override
    public Instance choose(Candidates candidates, String key) {
        throw new UnsupportedOperationException("this balancer chooses in the engine");
    }
}
