package io.nacre.spring.tests.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nacre.Status;
import io.nacre.spring.discovery.NacreServiceDiscovery;
import io.nacre.spring.tests.app.Child;
import io.nacre.spring.tests.app.Consumer;
import io.nacre.spring.tests.app.Load;
import io.nacre.spring.tests.app.Provider;
import io.nacre.spring.tests.app.Run;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.web.client.RestClient;

/** Providers stop and die, and the server restarts, while a consumer calls on. */
class FaultsTest {
    private static final String WAIT = "--spring.cloud.nacos.discovery.graceful-shutdown-wait-time=1000";

    private static Scope scope;
    private static TestServer server;
    private static ConfigurableApplicationContext stays;
    private static ConfigurableApplicationContext consumer;
    private static DiscoveryClient discovery;
    private static RestClient rest;

    @BeforeAll
    static void start() {
        scope = Harness.shared().scope();
        server = scope.server();
        stays = Run.servlet(Provider.class, "provider", server.address());
        consumer = Run.servlet(Consumer.class, "consumer", server.address());
        discovery = consumer.getBean(DiscoveryClient.class);
        rest = consumer.getBean(RestClient.Builder.class).build();
        providers(1);
    }

    @AfterAll
    static void stop() {
        if (consumer != null) {
            consumer.close();
        }
        if (stays != null) {
            stays.close();
        }
        scope.close();
    }

    private static void providers(int count) {
        Eventually.holds(
                () -> assertEquals(count, discovery.getInstances("provider").size()));
    }

    private static String call(String path) {
        return rest.get().uri("http://provider/" + path).retrieve().body(String.class);
    }

    @Test
    void gracefulStopFailsNoRequest() throws Exception {
        // In a process of its own: contexts of one JVM share the connections of Reactor Netty.
        try (Child goes = Child.provider("provider", server.address(), WAIT);
                Load load = load()) {
            providers(2);
            Eventually.is("under load", () -> load.done() > 20);
            goes.terminate();
            providers(1);
            long then = load.done();
            Eventually.is("goes on", () -> load.done() > then + 20);
            assertEquals(List.of(), load.end());
        }
    }

    private static Load load() {
        return Load.of(4, () -> call("slow"));
    }

    @Test
    void killedProviderIsNotCalled() throws Exception {
        try (Child child = Child.provider("provider", server.address())) {
            providers(2);
            Set<String> ports = new HashSet<>();
            Eventually.is("both answer", () -> ports.add(call("port")) && ports.size() == 2);
            long killed = System.nanoTime();
            child.kill();
            providers(1);
            System.out.println("a killed provider was gone after " + (System.nanoTime() - killed) / 1_000_000 + " ms");
            for (int i = 0; i < 30; i++) {
                assertEquals(Run.port(stays), call("port"));
            }
        }
    }

    @Test
    void restartOfTheServerIsNotNoticed() {
        NacreServiceDiscovery own = consumer.getBean(NacreServiceDiscovery.class);
        try (Load load = Load.of(2, () -> {
            assertFalse(discovery.getInstances("provider").isEmpty(), "a list without the provider");
            return call("port");
        })) {
            Eventually.is("under load", () -> load.done() > 20);
            long generation = own.client().status().generation();
            server.kill();
            Eventually.is("noticed", () -> own.client().status().state() != Status.State.CONNECTED);
            long away = load.done();
            Eventually.is("goes on without the server", () -> load.done() > away + 20);
            server.up();
            Eventually.is("connected again", () -> own.client().status().state() == Status.State.CONNECTED
                    && own.client().status().generation() > generation);
            NacreServiceDiscovery other = stays.getBean(NacreServiceDiscovery.class);
            Eventually.is("registered again", () -> !other.client()
                    .naming()
                    .instances(io.nacre.Query.of(io.nacre.ServiceKey.of("consumer")).direct())
                    .isEmpty());
            long back = load.done();
            Eventually.is("goes on", () -> load.done() > back + 20);
            assertEquals(List.of(), load.end());
        }
        assertTrue(consumer.isActive());
    }
}
