package com.alibaba.nacos.client.logging;

/**
 * The logging hook that frameworks call when they set up logging. This client logs through SLF4J only and brings no
 * configuration of its own, so there is nothing to load.
 */
public class NacosLogging {
    private static final NacosLogging INSTANCE = new NacosLogging();

    private NacosLogging() {}

    /**
     * The only instance.
     *
     * @return the instance
     */
    public static NacosLogging getInstance() {
        return INSTANCE;
    }

    /** Does nothing: the application's own logging configuration is in charge. */
    public void loadConfiguration() {
        // Nothing to load, see the class's comment.
    }
}
