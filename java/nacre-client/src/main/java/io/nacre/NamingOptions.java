package io.nacre;

import java.time.Duration;

/** Settings of the service registry. */
public final class NamingOptions {
    Duration requestTimeout;
    boolean loadCacheAtStart = true;
    String cacheFolder;
    boolean pushEmptyProtection;
    boolean poll;
    Duration failoverRefresh = Duration.ofSeconds(5);
    Duration servicesRefresh = Duration.ofSeconds(10);

    NamingOptions() {}

    /**
     * Deadline of naming requests.
     *
     * @param requestTimeout default: that of the client
     * @return this
     */
    public NamingOptions requestTimeout(Duration requestTimeout) {
        this.requestTimeout = Options.positive(requestTimeout, "requestTimeout");
        return this;
    }

    /**
     * Whether services of the disk cache are there from the start.
     *
     * @param loadCacheAtStart default true
     * @return this
     */
    public NamingOptions loadCacheAtStart(boolean loadCacheAtStart) {
        this.loadCacheAtStart = loadCacheAtStart;
        return this;
    }

    /**
     * One more folder in the path of the disk cache.
     *
     * @param cacheFolder default none
     * @return this
     */
    public NamingOptions cacheFolder(String cacheFolder) {
        this.cacheFolder = cacheFolder;
        return this;
    }

    /**
     * Whether a list without a usable instance is ignored.
     *
     * @param pushEmptyProtection default false
     * @return this
     */
    public NamingOptions pushEmptyProtection(boolean pushEmptyProtection) {
        this.pushEmptyProtection = pushEmptyProtection;
        return this;
    }

    /**
     * Whether subscribed services are also polled, in case pushes are lost.
     *
     * @param poll default false
     * @return this
     */
    public NamingOptions poll(boolean poll) {
        this.poll = poll;
        return this;
    }

    /**
     * Time between two looks at the failover switch.
     *
     * @param failoverRefresh default 5 s
     * @return this
     */
    public NamingOptions failoverRefresh(Duration failoverRefresh) {
        this.failoverRefresh = Options.positive(failoverRefresh, "failoverRefresh");
        return this;
    }

    /**
     * Time between two reads of the list of services where the server does not push it.
     *
     * @param servicesRefresh default 10 s
     * @return this
     */
    public NamingOptions servicesRefresh(Duration servicesRefresh) {
        this.servicesRefresh = Options.positive(servicesRefresh, "servicesRefresh");
        return this;
    }

    void become(NamingOptions other) {
        requestTimeout = other.requestTimeout;
        loadCacheAtStart = other.loadCacheAtStart;
        cacheFolder = other.cacheFolder;
        pushEmptyProtection = other.pushEmptyProtection;
        poll = other.poll;
        failoverRefresh = other.failoverRefresh;
        servicesRefresh = other.servicesRefresh;
    }
}
