package io.nacre.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.nio.file.Paths;

/** What a test makes with the harness; closing it ends all of it. */
public final class Scope implements AutoCloseable {
    private static final long LIMIT = 30_000;

    private final Harness harness;
    private final String name;
    private final Path directory;

    Scope(Harness harness, String name) {
        this.harness = harness;
        this.name = name;
        this.directory = Paths.get(
                ask("scope.begin", Harness.args()).path("dir").asText());
    }

    /**
     * Asks the harness for something.
     *
     * @param operation e.g. {@code server.start}
     * @param args its arguments
     * @return its value
     */
    public JsonNode ask(String operation, JsonNode args) {
        return ask(operation, args, LIMIT);
    }

    /**
     * Asks the harness for something.
     *
     * @param operation e.g. {@code server.start}
     * @param args its arguments
     * @param limitMillis how long it may take
     * @return its value
     */
    public JsonNode ask(String operation, JsonNode args, long limitMillis) {
        return harness.ask(name, operation, args, limitMillis);
    }

    /**
     * A folder of this scope's own.
     *
     * @return its path
     */
    public Path directory() {
        return directory;
    }

    /**
     * Starts a server without authentication.
     *
     * @return the server
     */
    public TestServer server() {
        return server("main", true);
    }

    /**
     * A server without authentication.
     *
     * @param server its name, unique in this scope
     * @param start false: only its ports are set aside, and nobody answers until {@link TestServer#up()}
     * @return the server
     */
    public TestServer server(String server, boolean start) {
        JsonNode value =
                ask("server.start", Harness.args().put("name", server).put("start", start));
        return new TestServer(this, server, value.path("address").asText());
    }

    /** Ends all that was made in this scope. */
    @Override
    public void close() {
        ask("scope.end", Harness.args());
    }
}
