package io.nacre;

import java.time.Duration;

/** Settings of the configuration centre. */
public final class ConfigOptions {
    Duration requestTimeout;
    String appKey = "";
    boolean snapshots = true;
    String environmentName;
    Duration fullSync = Duration.ofSeconds(180);
    int listensPerRequest = 3000;
    Duration failoverRefresh = Duration.ofSeconds(5);
    int maxContent = 10 * 1024 * 1024;

    ConfigOptions() {}

    /**
     * Deadline of config requests.
     *
     * @param requestTimeout default: that of the client
     * @return this
     */
    public ConfigOptions requestTimeout(Duration requestTimeout) {
        this.requestTimeout = Options.positive(requestTimeout, "requestTimeout");
        return this;
    }

    /**
     * Salt of the header {@code Client-RequestToken}.
     *
     * @param appKey default blank
     * @return this
     */
    public ConfigOptions appKey(String appKey) {
        this.appKey = Names.present(appKey, "appKey");
        return this;
    }

    /**
     * Whether what the server answers is kept in snapshot files.
     *
     * @param snapshots default true; without a directory there are none
     * @return this
     */
    public ConfigOptions snapshots(boolean snapshots) {
        this.snapshots = snapshots;
        return this;
    }

    /**
     * Name of the folder of local files.
     *
     * @param environmentName default: made of the server list as Nacos makes it
     * @return this
     */
    public ConfigOptions environmentName(String environmentName) {
        this.environmentName = environmentName;
        return this;
    }

    /**
     * Time between two comparisons of all listened configs with the server.
     *
     * @param fullSync default 180 s
     * @return this
     */
    public ConfigOptions fullSync(Duration fullSync) {
        this.fullSync = Options.positive(fullSync, "fullSync");
        return this;
    }

    /**
     * Most configs in one listen request.
     *
     * @param listensPerRequest default 3000
     * @return this
     */
    public ConfigOptions listensPerRequest(int listensPerRequest) {
        this.listensPerRequest = Options.positive(listensPerRequest, "listensPerRequest");
        return this;
    }

    /**
     * Time between two looks at the failover files.
     *
     * @param failoverRefresh default 5 s
     * @return this
     */
    public ConfigOptions failoverRefresh(Duration failoverRefresh) {
        this.failoverRefresh = Options.positive(failoverRefresh, "failoverRefresh");
        return this;
    }

    /**
     * Largest content that is published or read from a file.
     *
     * @param maxContent bytes of UTF-8, default 10 MiB
     * @return this
     */
    public ConfigOptions maxContent(int maxContent) {
        this.maxContent = Options.positive(maxContent, "maxContent");
        return this;
    }

    void become(ConfigOptions other) {
        requestTimeout = other.requestTimeout;
        appKey = other.appKey;
        snapshots = other.snapshots;
        environmentName = other.environmentName;
        fullSync = other.fullSync;
        listensPerRequest = other.listensPerRequest;
        failoverRefresh = other.failoverRefresh;
        maxContent = other.maxContent;
    }
}
