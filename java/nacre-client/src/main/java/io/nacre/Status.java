package io.nacre;

import java.time.Instant;
import java.util.Optional;

/** How the connection of a client is. */
public final class Status {
    private final State state;
    private final Instant since;
    private final String server;
    private final NacreException lastError;
    private final String localAddress;
    private final ServerGeneration serverGeneration;
    private final long generation;

    Status(
            State state,
            Instant since,
            String server,
            NacreException lastError,
            String localAddress,
            ServerGeneration serverGeneration,
            long generation) {
        this.state = state;
        this.since = since;
        this.server = server;
        this.lastError = lastError;
        this.localAddress = localAddress;
        this.serverGeneration = serverGeneration;
        this.generation = generation;
    }

    /**
     * Whether there is a connection.
     *
     * @return the state
     */
    public State state() {
        return state;
    }

    /**
     * Since when it is so.
     *
     * @return the time
     */
    public Instant since() {
        return since;
    }

    /**
     * The server, or the last one.
     *
     * @return {@code host:port}, empty before the first
     */
    public Optional<String> server() {
        return Optional.ofNullable(server);
    }

    /**
     * Why the last attempt failed or the last connection ended.
     *
     * @return empty while nothing has failed since the connection was made
     */
    public Optional<NacreException> lastError() {
        return Optional.ofNullable(lastError);
    }

    /**
     * Own address of the socket that reached the server.
     *
     * @return {@code ip:port}
     */
    public Optional<String> localAddress() {
        return Optional.ofNullable(localAddress);
    }

    /**
     * What kind of server is connected, as far as it shows.
     *
     * @return the kind
     */
    public ServerGeneration serverGeneration() {
        return serverGeneration;
    }

    /**
     * Rises with each connection.
     *
     * @return 0 before the first
     */
    public long generation() {
        return generation;
    }

    /** Whether there is a connection. */
    public enum State {
        /** The first connection is being made. */
        CONNECTING,
        /** Requests can be sent. */
        CONNECTED,
        /** The connection was lost and another is being made. */
        RECONNECTING,
        /** The client was closed. */
        CLOSED
    }

    /** What kind of server it is. */
    public enum ServerGeneration {
        /** Never connected. */
        UNKNOWN,
        /** Before 2.3. */
        OLD,
        /** 2.3 to 2.5. */
        TWO,
        /** 3.0 and later. */
        THREE
    }

    @Override
    public String toString() {
        return "Status{" + state + ", server=" + server + ", lastError=" + lastError + "}";
    }
}
