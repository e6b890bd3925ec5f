package io.nacre;

import java.util.Optional;

/** Something that happened to a client's connection. */
public final class ClientEvent {
    private final Type type;
    private final String server;
    private final String localAddress;
    private final long generation;
    private final int servers;
    private final NacreException error;

    ClientEvent(Type type, String server, String localAddress, long generation, int servers, NacreException error) {
        this.type = type;
        this.server = server;
        this.localAddress = localAddress;
        this.generation = generation;
        this.servers = servers;
        this.error = error;
    }

    /**
     * What happened.
     *
     * @return the type
     */
    public Type type() {
        return type;
    }

    /**
     * The server that was connected, or that a server recommends.
     *
     * @return {@code host:port}
     */
    public Optional<String> server() {
        return Optional.ofNullable(server);
    }

    /**
     * Own address of the new connection.
     *
     * @return {@code ip:port}
     */
    public Optional<String> localAddress() {
        return Optional.ofNullable(localAddress);
    }

    /**
     * Number of the new connection.
     *
     * @return 0 for other events
     */
    public long generation() {
        return generation;
    }

    /**
     * How many servers the list has now.
     *
     * @return 0 for other events
     */
    public int servers() {
        return servers;
    }

    /**
     * Why a connection ended or a login failed.
     *
     * @return empty for other events
     */
    public Optional<NacreException> error() {
        return Optional.ofNullable(error);
    }

    /** What can happen. Types may be added. */
    public enum Type {
        /** A connection is established. */
        CONNECTED,
        /** A connection ended without one to take its place. */
        DISCONNECTED,
        /** The server asked the client to go elsewhere. */
        RESET,
        /** The list of servers changed. */
        SERVERS_CHANGED,
        /** The login failed; requests go without a token. */
        LOGIN_FAILED
    }

    @Override
    public String toString() {
        return "ClientEvent{" + type + ", server=" + server + ", error=" + error + "}";
    }
}
