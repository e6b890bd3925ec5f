package io.nacre.spring.discovery;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;

/** What Nacre adds to the settings of the registration, {@code nacre.discovery.*}. */
@ConfigurationProperties("nacre.discovery")
public class NacreRegistrationProperties {
    /** How long the start waits for the first connection to a server before the registration counts as failed. */
    private Duration startTimeout = Duration.ofSeconds(3);

    /** Whether the application is registered only when its runners have ended and it is ready. */
    private boolean registerAfterReady;

    /** Whether the application is deregistered when it ends. An instance that is left goes with its connection. */
    private boolean deregister = true;

    /** Version of the application, put into the metadata for gray routing. */
    private String version;

    /** Zone of the application, put into the metadata. Default: spring.cloud.loadbalancer.zone. */
    private String zone;

    /** Rank of the discovery client among others. */
    private int order;

    /** Whether the instance is taken out of service while the actuator's health is DOWN or OUT_OF_SERVICE. */
    private boolean followHealth;

    /** Time between two looks at the health. */
    private Duration healthPeriod = Duration.ofSeconds(10);

    /** Filled by Spring. */
    public NacreRegistrationProperties() {}

    /**
     * How long the start waits for the first connection.
     *
     * @return the limit
     */
    public Duration getStartTimeout() {
        return startTimeout;
    }

    /**
     * Sets it.
     *
     * @param startTimeout the limit
     */
    public void setStartTimeout(Duration startTimeout) {
        this.startTimeout = startTimeout;
    }

    /**
     * Whether the application is registered only when it is ready.
     *
     * @return the value
     */
    public boolean isRegisterAfterReady() {
        return registerAfterReady;
    }

    /**
     * Sets it.
     *
     * @param registerAfterReady the value
     */
    public void setRegisterAfterReady(boolean registerAfterReady) {
        this.registerAfterReady = registerAfterReady;
    }

    /**
     * Whether the application is deregistered when it ends.
     *
     * @return the value
     */
    public boolean isDeregister() {
        return deregister;
    }

    /**
     * Sets it.
     *
     * @param deregister the value
     */
    public void setDeregister(boolean deregister) {
        this.deregister = deregister;
    }

    /**
     * Version of the application.
     *
     * @return the version or null
     */
    public String getVersion() {
        return version;
    }

    /**
     * Sets it.
     *
     * @param version the version
     */
    public void setVersion(String version) {
        this.version = version;
    }

    /**
     * Zone of the application.
     *
     * @return the zone or null
     */
    public String getZone() {
        return zone;
    }

    /**
     * Sets it.
     *
     * @param zone the zone
     */
    public void setZone(String zone) {
        this.zone = zone;
    }

    /**
     * Rank of the discovery client among others.
     *
     * @return the order
     */
    public int getOrder() {
        return order;
    }

    /**
     * Sets it.
     *
     * @param order the order
     */
    public void setOrder(int order) {
        this.order = order;
    }

    /**
     * Whether the instance is taken out of service while the health is bad.
     *
     * @return the value
     */
    public boolean isFollowHealth() {
        return followHealth;
    }

    /**
     * Sets it.
     *
     * @param followHealth the value
     */
    public void setFollowHealth(boolean followHealth) {
        this.followHealth = followHealth;
    }

    /**
     * Time between two looks at the health.
     *
     * @return the time
     */
    public Duration getHealthPeriod() {
        return healthPeriod;
    }

    /**
     * Sets it.
     *
     * @param healthPeriod the time
     */
    public void setHealthPeriod(Duration healthPeriod) {
        this.healthPeriod = healthPeriod;
    }
}
