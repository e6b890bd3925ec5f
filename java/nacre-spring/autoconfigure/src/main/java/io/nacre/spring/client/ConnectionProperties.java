package io.nacre.spring.client;

/** Where the servers are and who asks them, the same for discovery and configuration. */
public abstract class ConnectionProperties {
    /** The servers, separated by commas: host, host:port. Default: spring.cloud.nacos.server-addr, then 127.0.0.1:8848. */
    private String serverAddr;

    /** The user. Default: spring.cloud.nacos.username. */
    private String username;

    /** The user's password. Default: spring.cloud.nacos.password. */
    private String password;

    /** An address server that lists the servers, host or host:port, in place of server-addr. */
    private String endpoint;

    /** The id of the namespace. "public" and nothing are the same. */
    private String namespace = "";

    /** Key that names an account whose requests are signed. */
    private String accessKey;

    /** Key that signs. */
    private String secretKey;

    /** Filled by Spring. */
    protected ConnectionProperties() {}

    /**
     * The servers, separated by commas: host, host:port. Default: spring.cloud.nacos.server-addr, then 127.0.0.1:8848.
     *
     * @return the value
     */
    public String getServerAddr() {
        return serverAddr;
    }

    /**
     * Sets it.
     *
     * @param serverAddr the value
     */
    public void setServerAddr(String serverAddr) {
        this.serverAddr = serverAddr;
    }

    /**
     * The user. Default: spring.cloud.nacos.username.
     *
     * @return the value
     */
    public String getUsername() {
        return username;
    }

    /**
     * Sets it.
     *
     * @param username the value
     */
    public void setUsername(String username) {
        this.username = username;
    }

    /**
     * The user's password. Default: spring.cloud.nacos.password.
     *
     * @return the value
     */
    public String getPassword() {
        return password;
    }

    /**
     * Sets it.
     *
     * @param password the value
     */
    public void setPassword(String password) {
        this.password = password;
    }

    /**
     * An address server that lists the servers, host or host:port, in place of server-addr.
     *
     * @return the value
     */
    public String getEndpoint() {
        return endpoint;
    }

    /**
     * Sets it.
     *
     * @param endpoint the value
     */
    public void setEndpoint(String endpoint) {
        this.endpoint = endpoint;
    }

    /**
     * The id of the namespace. "public" and nothing are the same.
     *
     * @return the value
     */
    public String getNamespace() {
        return namespace;
    }

    /**
     * Sets it.
     *
     * @param namespace the value
     */
    public void setNamespace(String namespace) {
        this.namespace = namespace;
    }

    /**
     * Key that names an account whose requests are signed.
     *
     * @return the value
     */
    public String getAccessKey() {
        return accessKey;
    }

    /**
     * Sets it.
     *
     * @param accessKey the value
     */
    public void setAccessKey(String accessKey) {
        this.accessKey = accessKey;
    }

    /**
     * Key that signs.
     *
     * @return the value
     */
    public String getSecretKey() {
        return secretKey;
    }

    /**
     * Sets it.
     *
     * @param secretKey the value
     */
    public void setSecretKey(String secretKey) {
        this.secretKey = secretKey;
    }
}
