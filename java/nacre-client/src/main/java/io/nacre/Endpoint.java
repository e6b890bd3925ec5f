package io.nacre;

import java.time.Duration;

/** An address server: {@code http://HOST:PORT/CONTEXT/LIST} answers one server per line. */
public final class Endpoint {
    String host;
    int port = 8080;
    String contextPath;
    String list = "serverlist";
    String query = "";
    Duration refresh = Duration.ofSeconds(30);

    private Endpoint(String host) {
        this.host = host;
    }

    /**
     * An address server with the defaults.
     *
     * @param host host name or address
     * @return the endpoint
     */
    public static Endpoint of(String host) {
        return new Endpoint(Names.present(host, "host"));
    }

    /**
     * Its port.
     *
     * @param port default 8080
     * @return this
     */
    public Endpoint port(int port) {
        this.port = Options.port(port);
        return this;
    }

    /**
     * First part of the path.
     *
     * @param contextPath default: the context path of the servers
     * @return this
     */
    public Endpoint contextPath(String contextPath) {
        this.contextPath = contextPath;
        return this;
    }

    /**
     * Last part of the path.
     *
     * @param list default {@code serverlist}
     * @return this
     */
    public Endpoint list(String list) {
        this.list = Names.present(list, "list");
        return this;
    }

    /**
     * Appended to the URL as it is.
     *
     * @param query default nothing
     * @return this
     */
    public Endpoint query(String query) {
        this.query = Names.present(query, "query");
        return this;
    }

    /**
     * Time between two reads.
     *
     * @param refresh default 30 s
     * @return this
     */
    public Endpoint refresh(Duration refresh) {
        this.refresh = Options.positive(refresh, "refresh");
        return this;
    }
}
