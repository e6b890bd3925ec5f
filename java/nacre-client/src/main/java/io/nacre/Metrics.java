package io.nacre;

/** What a client has counted since it was made or reopened. */
public final class Metrics {
    private final long calls;
    private final long failedCalls;
    private final long retries;
    private final long pushes;
    private final long connections;
    private final long failedConnections;
    private final long logins;
    private final long redone;
    private final long services;
    private final long listenedConfigs;
    private final long failoverServices;
    private final long corruptFiles;
    private final long failedWrites;

    Metrics(
            long calls,
            long failedCalls,
            long retries,
            long pushes,
            long connections,
            long failedConnections,
            long logins,
            long redone,
            long services,
            long listenedConfigs,
            long failoverServices,
            long corruptFiles,
            long failedWrites) {
        this.calls = calls;
        this.failedCalls = failedCalls;
        this.retries = retries;
        this.pushes = pushes;
        this.connections = connections;
        this.failedConnections = failedConnections;
        this.logins = logins;
        this.redone = redone;
        this.services = services;
        this.listenedConfigs = listenedConfigs;
        this.failoverServices = failoverServices;
        this.corruptFiles = corruptFiles;
        this.failedWrites = failedWrites;
    }

    /**
     * Requests that were answered with success.
     *
     * @return the count
     */
    public long calls() {
        return calls;
    }

    /**
     * Requests that failed in the end.
     *
     * @return the count
     */
    public long failedCalls() {
        return failedCalls;
    }

    /**
     * Further attempts of requests.
     *
     * @return the count
     */
    public long retries() {
        return retries;
    }

    /**
     * Pushes that arrived.
     *
     * @return the count
     */
    public long pushes() {
        return pushes;
    }

    /**
     * Connections that were made.
     *
     * @return the count
     */
    public long connections() {
        return connections;
    }

    /**
     * Attempts to connect that failed.
     *
     * @return the count
     */
    public long failedConnections() {
        return failedConnections;
    }

    /**
     * Tokens that were fetched.
     *
     * @return the count
     */
    public long logins() {
        return logins;
    }

    /**
     * Registrations and subscriptions that were sent again.
     *
     * @return the count
     */
    public long redone() {
        return redone;
    }

    /**
     * Services that are held in memory.
     *
     * @return the count
     */
    public long services() {
        return services;
    }

    /**
     * Configs that are listened to.
     *
     * @return the count
     */
    public long listenedConfigs() {
        return listenedConfigs;
    }

    /**
     * Services for which a list of the failover folder stands in.
     *
     * @return the count
     */
    public long failoverServices() {
        return failoverServices;
    }

    /**
     * Files of the disk cache of services that could not be read and were set aside.
     *
     * @return the count
     */
    public long corruptFiles() {
        return corruptFiles;
    }

    /**
     * Lists that could not be written to the disk cache.
     *
     * @return the count
     */
    public long failedWrites() {
        return failedWrites;
    }

    @Override
    public String toString() {
        return "Metrics{calls=" + calls + ", failedCalls=" + failedCalls + ", connections=" + connections + "}";
    }
}
