package io.nacre;

import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** A server for the tests of a class, and a client with a namespace of its own for each of them. */
abstract class Live {
    private static final AtomicLong NAMESPACES = new AtomicLong(System.nanoTime());

    static Scope scope;
    static TestServer server;
    NacreClient client;
    String namespace;

    @BeforeAll
    static void startServer() {
        scope = Harness.shared().scope();
        server = scope.server();
    }

    @AfterAll
    static void stopServer() {
        scope.close();
    }

    @BeforeEach
    void openClient() throws NacreException {
        namespace = "t" + NAMESPACES.incrementAndGet();
        client = builder().connect();
    }

    @AfterEach
    void closeClient() {
        client.close();
    }

    /** With a deadline for machines that are busy. */
    NacreClient.Builder builder() {
        return NacreClient.builder()
                .server(server.address())
                .namespace(namespace)
                .naming(naming -> naming.servicesRefresh(java.time.Duration.ofMillis(500)))
                .requestTimeout(java.time.Duration.ofSeconds(20));
    }
}
