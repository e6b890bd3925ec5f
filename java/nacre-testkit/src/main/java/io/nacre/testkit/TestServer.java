package io.nacre.testkit;

import com.fasterxml.jackson.databind.JsonNode;

/** A server of a scope. */
public final class TestServer {
    private final Scope scope;
    private final String name;
    private final String address;

    TestServer(Scope scope, String name, String address) {
        this.scope = scope;
        this.name = name;
        this.address = address;
    }

    /**
     * The main port; gRPC is on that + 1000.
     *
     * @return {@code host:port}
     */
    public String address() {
        return address;
    }

    /** Ends it as an operator does, by SIGTERM. Its data stay. */
    public void stop() {
        ask("server.stop");
    }

    /** Kills it. Its data stay. */
    public void kill() {
        ask("server.kill");
    }

    /** Starts it again, or for the first time, on the same ports. */
    public void up() {
        ask("server.up");
    }

    /** Freezes the process. */
    public void pause() {
        ask("server.pause");
    }

    /** Lets a frozen process go on. */
    public void resume() {
        ask("server.resume");
    }

    /**
     * The last lines of its log.
     *
     * @return the text
     */
    public String log() {
        return ask("server.log").asText();
    }

    private JsonNode ask(String operation) {
        return scope.ask(operation, Harness.args().put("name", name));
    }
}
