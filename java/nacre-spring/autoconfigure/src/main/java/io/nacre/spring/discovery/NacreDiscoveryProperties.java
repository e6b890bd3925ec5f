package io.nacre.spring.discovery;

import io.nacre.spring.client.ConnectionProperties;
import io.nacre.spring.client.ConnectionSettings;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;

/** The settings {@code spring.cloud.nacos.discovery.*}. {@link #toString()} shows no secret. */
@ConfigurationProperties(NacreDiscoveryProperties.PREFIX)
public class NacreDiscoveryProperties extends ConnectionProperties {
    /** Where they begin. */
    public static final String PREFIX = ConnectionSettings.PREFIX + ".discovery";

    /** Whether this application registers itself and finds others through the registry. */
    private boolean enabled = true;

    /** Milliseconds between two reads of the list of services, where the server does not push it; 10 s while it is not set. */
    private long watchDelay = 30_000;

    /** Accepted and without effect: the client logs through SLF4J. */
    private String logName;

    /** The name under which this application is registered. Default: spring.application.name. */
    private String service;

    /** Share of the traffic, in relation to the other instances. */
    private double weight = 1;

    /** The cluster of this instance, of letters, digits and -; the load balancer prefers instances of the same one. */
    private String clusterName;

    /** The group of this application and of the services that it looks for. */
    private String group = "DEFAULT_GROUP";

    /** Whether services of the disk cache are there from the start. */
    private boolean namingLoadCacheAtStart = false;

    /** Whether a list without a usable instance is ignored. */
    private boolean namingPushEmptyProtection = false;

    /** What the registry keeps about this instance, for those who call it. */
    private Map<String, String> metadata = new LinkedHashMap<>();

    /** Whether this application registers itself; false: it only looks for others. */
    private boolean registerEnabled = true;

    /** The address to register. Default: found out. */
    private String ip;

    /** The network interface whose address is registered. */
    private String networkInterface = "";

    /** IPv4 or IPv6. Default: IPv4, and the IPv6 address in the metadata if there is one. */
    private String ipType;

    /** The port to register. Default: that of the web server. */
    private int port = -1;

    /** Whether this application is called by https. */
    private boolean secure = false;

    /** Milliseconds between two heartbeats, for servers before 2.0. */
    private Integer heartBeatInterval;

    /** Milliseconds without a heartbeat after which a server before 2.0 shows the instance as ill. */
    private Integer heartBeatTimeout;

    /** Milliseconds without a heartbeat after which a server before 2.0 removes the instance. */
    private Integer ipDeleteTimeout;

    /** Whether the instance takes traffic. */
    private boolean instanceEnabled = true;

    /** Whether the instance goes when this application does. */
    private boolean ephemeral = true;

    /** Whether the last good list, also that of the disk cache, is served where the server cannot be asked. */
    private boolean failureToleranceEnabled = false;

    /** Whether the application does not start when it cannot be registered; false: it goes on trying in the background. */
    private boolean failFast = true;

    /** Milliseconds between deregistration and the stop of the web server, in which callers learn of it. */
    private int gracefulShutdownWaitTime = 10_000;

    private final Watch watch = new Watch();
    private final HeartBeat heartBeat = new HeartBeat();

    /** Filled by Spring. */
    public NacreDiscoveryProperties() {}

    /**
     * Whether this application registers itself and finds others through the registry.
     *
     * @return the value
     */
    public boolean isEnabled() {
        return enabled;
    }

    /**
     * Sets it.
     *
     * @param enabled the value
     */
    public void setEnabled(boolean enabled) {
        this.enabled = enabled;
    }

    /**
     * Milliseconds between two reads of the list of services, where the server does not push it; 10 s while it is not set.
     *
     * @return the value
     */
    public long getWatchDelay() {
        return watchDelay;
    }

    /**
     * Sets it.
     *
     * @param watchDelay the value
     */
    public void setWatchDelay(long watchDelay) {
        this.watchDelay = watchDelay;
    }

    /**
     * Accepted and without effect: the client logs through SLF4J.
     *
     * @return the value
     */
    public String getLogName() {
        return logName;
    }

    /**
     * Sets it.
     *
     * @param logName the value
     */
    public void setLogName(String logName) {
        this.logName = logName;
    }

    /**
     * The name under which this application is registered. Default: spring.application.name.
     *
     * @return the value
     */
    public String getService() {
        return service;
    }

    /**
     * Sets it.
     *
     * @param service the value
     */
    public void setService(String service) {
        this.service = service;
    }

    /**
     * Share of the traffic, in relation to the other instances.
     *
     * @return the value
     */
    public double getWeight() {
        return weight;
    }

    /**
     * Sets it.
     *
     * @param weight the value
     */
    public void setWeight(double weight) {
        this.weight = weight;
    }

    /**
     * The cluster of this instance, of letters, digits and -; the load balancer prefers instances of the same one.
     *
     * @return the value
     */
    public String getClusterName() {
        return clusterName;
    }

    /**
     * Sets it.
     *
     * @param clusterName the value
     */
    public void setClusterName(String clusterName) {
        this.clusterName = clusterName;
    }

    /**
     * The group of this application and of the services that it looks for.
     *
     * @return the value
     */
    public String getGroup() {
        return group;
    }

    /**
     * Sets it.
     *
     * @param group the value
     */
    public void setGroup(String group) {
        this.group = group;
    }

    /**
     * Whether services of the disk cache are there from the start.
     *
     * @return the value
     */
    public boolean isNamingLoadCacheAtStart() {
        return namingLoadCacheAtStart;
    }

    /**
     * Sets it.
     *
     * @param namingLoadCacheAtStart the value
     */
    public void setNamingLoadCacheAtStart(boolean namingLoadCacheAtStart) {
        this.namingLoadCacheAtStart = namingLoadCacheAtStart;
    }

    /**
     * Whether a list without a usable instance is ignored.
     *
     * @return the value
     */
    public boolean isNamingPushEmptyProtection() {
        return namingPushEmptyProtection;
    }

    /**
     * Sets it.
     *
     * @param namingPushEmptyProtection the value
     */
    public void setNamingPushEmptyProtection(boolean namingPushEmptyProtection) {
        this.namingPushEmptyProtection = namingPushEmptyProtection;
    }

    /**
     * What the registry keeps about this instance, for those who call it.
     *
     * @return the value
     */
    public Map<String, String> getMetadata() {
        return metadata;
    }

    /**
     * Sets it.
     *
     * @param metadata the value
     */
    public void setMetadata(Map<String, String> metadata) {
        this.metadata = metadata;
    }

    /**
     * Whether this application registers itself; false: it only looks for others.
     *
     * @return the value
     */
    public boolean isRegisterEnabled() {
        return registerEnabled;
    }

    /**
     * Sets it.
     *
     * @param registerEnabled the value
     */
    public void setRegisterEnabled(boolean registerEnabled) {
        this.registerEnabled = registerEnabled;
    }

    /**
     * The address to register. Default: found out.
     *
     * @return the value
     */
    public String getIp() {
        return ip;
    }

    /**
     * Sets it.
     *
     * @param ip the value
     */
    public void setIp(String ip) {
        this.ip = ip;
    }

    /**
     * The network interface whose address is registered.
     *
     * @return the value
     */
    public String getNetworkInterface() {
        return networkInterface;
    }

    /**
     * Sets it.
     *
     * @param networkInterface the value
     */
    public void setNetworkInterface(String networkInterface) {
        this.networkInterface = networkInterface;
    }

    /**
     * IPv4 or IPv6. Default: IPv4, and the IPv6 address in the metadata if there is one.
     *
     * @return the value
     */
    public String getIpType() {
        return ipType;
    }

    /**
     * Sets it.
     *
     * @param ipType the value
     */
    public void setIpType(String ipType) {
        this.ipType = ipType;
    }

    /**
     * The port to register. Default: that of the web server.
     *
     * @return the value
     */
    public int getPort() {
        return port;
    }

    /**
     * Sets it.
     *
     * @param port the value
     */
    public void setPort(int port) {
        this.port = port;
    }

    /**
     * Whether this application is called by https.
     *
     * @return the value
     */
    public boolean isSecure() {
        return secure;
    }

    /**
     * Sets it.
     *
     * @param secure the value
     */
    public void setSecure(boolean secure) {
        this.secure = secure;
    }

    /**
     * Milliseconds between two heartbeats, for servers before 2.0.
     *
     * @return the value
     */
    public Integer getHeartBeatInterval() {
        return heartBeatInterval;
    }

    /**
     * Sets it.
     *
     * @param heartBeatInterval the value
     */
    public void setHeartBeatInterval(Integer heartBeatInterval) {
        this.heartBeatInterval = heartBeatInterval;
    }

    /**
     * Milliseconds without a heartbeat after which a server before 2.0 shows the instance as ill.
     *
     * @return the value
     */
    public Integer getHeartBeatTimeout() {
        return heartBeatTimeout;
    }

    /**
     * Sets it.
     *
     * @param heartBeatTimeout the value
     */
    public void setHeartBeatTimeout(Integer heartBeatTimeout) {
        this.heartBeatTimeout = heartBeatTimeout;
    }

    /**
     * Milliseconds without a heartbeat after which a server before 2.0 removes the instance.
     *
     * @return the value
     */
    public Integer getIpDeleteTimeout() {
        return ipDeleteTimeout;
    }

    /**
     * Sets it.
     *
     * @param ipDeleteTimeout the value
     */
    public void setIpDeleteTimeout(Integer ipDeleteTimeout) {
        this.ipDeleteTimeout = ipDeleteTimeout;
    }

    /**
     * Whether the instance takes traffic.
     *
     * @return the value
     */
    public boolean isInstanceEnabled() {
        return instanceEnabled;
    }

    /**
     * Sets it.
     *
     * @param instanceEnabled the value
     */
    public void setInstanceEnabled(boolean instanceEnabled) {
        this.instanceEnabled = instanceEnabled;
    }

    /**
     * Whether the instance goes when this application does.
     *
     * @return the value
     */
    public boolean isEphemeral() {
        return ephemeral;
    }

    /**
     * Sets it.
     *
     * @param ephemeral the value
     */
    public void setEphemeral(boolean ephemeral) {
        this.ephemeral = ephemeral;
    }

    /**
     * Whether the last good list, also that of the disk cache, is served where the server cannot be asked.
     *
     * @return the value
     */
    public boolean isFailureToleranceEnabled() {
        return failureToleranceEnabled;
    }

    /**
     * Sets it.
     *
     * @param failureToleranceEnabled the value
     */
    public void setFailureToleranceEnabled(boolean failureToleranceEnabled) {
        this.failureToleranceEnabled = failureToleranceEnabled;
    }

    /**
     * Whether the application does not start when it cannot be registered; false: it goes on trying in the background.
     *
     * @return the value
     */
    public boolean isFailFast() {
        return failFast;
    }

    /**
     * Sets it.
     *
     * @param failFast the value
     */
    public void setFailFast(boolean failFast) {
        this.failFast = failFast;
    }

    /**
     * Milliseconds between deregistration and the stop of the web server, in which callers learn of it.
     *
     * @return the value
     */
    public int getGracefulShutdownWaitTime() {
        return gracefulShutdownWaitTime;
    }

    /**
     * Sets it.
     *
     * @param gracefulShutdownWaitTime the value
     */
    public void setGracefulShutdownWaitTime(int gracefulShutdownWaitTime) {
        this.gracefulShutdownWaitTime = gracefulShutdownWaitTime;
    }

    /**
     * Whether changes of the own instance are followed.
     *
     * @return the settings
     */
    public Watch getWatch() {
        return watch;
    }

    /**
     * Whether heartbeat events are published.
     *
     * @return the settings
     */
    public HeartBeat getHeartBeat() {
        return heartBeat;
    }

    @Override
    public String toString() {
        return "NacreDiscoveryProperties{service=" + service + ", group=" + group + ", cluster=" + clusterName + "}";
    }

    /** Follows the own instance. */
    public static class Watch {
        /** Whether metadata that an operator gives to this instance are copied into the registration. */
        private boolean enabled;

        /** Filled by Spring. */
        public Watch() {}

        /**
         * Whether metadata that an operator gives to this instance are copied into the registration.
         *
         * @return the value
         */
        public boolean isEnabled() {
            return enabled;
        }

        /**
         * Sets it.
         *
         * @param enabled the value
         */
        public void setEnabled(boolean enabled) {
            this.enabled = enabled;
        }
    }

    /** Heartbeat events. */
    public static class HeartBeat {
        /** Whether they are published even if no gateway and no admin server asks for them. */
        private boolean enabled;

        /** Filled by Spring. */
        public HeartBeat() {}

        /**
         * Whether they are published even if no gateway and no admin server asks for them.
         *
         * @return the value
         */
        public boolean isEnabled() {
            return enabled;
        }

        /**
         * Sets it.
         *
         * @param enabled the value
         */
        public void setEnabled(boolean enabled) {
            this.enabled = enabled;
        }
    }
}
