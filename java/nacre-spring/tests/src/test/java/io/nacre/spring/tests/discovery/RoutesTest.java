package io.nacre.spring.tests.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nacre.spring.tests.app.Consumer;
import io.nacre.spring.tests.app.Provider;
import io.nacre.spring.tests.app.Run;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.web.client.RestClient;

/** Which provider is called, and at which address. */
class RoutesTest {
    private static final String DISCOVERY = "--spring.cloud.nacos.discovery.";

    private Scope scope;
    private String server;
    private final Deque<ConfigurableApplicationContext> running = new ArrayDeque<>();

    @BeforeEach
    void begin() {
        scope = Harness.shared().scope();
        server = scope.server().address();
    }

    @AfterEach
    void end() {
        running.forEach(ConfigurableApplicationContext::close);
        scope.close();
    }

    private ConfigurableApplicationContext run(Class<?> application, String name, String... more) {
        ConfigurableApplicationContext started = Run.servlet(application, name, server, more);
        running.push(started);
        return started;
    }

    private static void sees(ConfigurableApplicationContext consumer, int count) {
        DiscoveryClient discovery = consumer.getBean(DiscoveryClient.class);
        Eventually.holds(
                () -> assertEquals(count, discovery.getInstances("provider").size()));
    }

    private static String call(ConfigurableApplicationContext consumer) {
        RestClient rest = consumer.getBean(RestClient.Builder.class).build();
        return rest.get().uri("http://provider/port").retrieve().body(String.class);
    }

    @Test
    void anotherClusterIsCalledOnlyWhenTheOwnOneIsGone() {
        String cluster = DISCOVERY + "cluster-name=";
        String other = Run.port(run(Provider.class, "provider", cluster + "east"));
        ConfigurableApplicationContext own = run(Provider.class, "provider", cluster + "west");
        ConfigurableApplicationContext consumer = run(Consumer.class, "consumer", cluster + "west");
        sees(consumer, 2);
        for (int i = 0; i < 20; i++) {
            assertEquals(Run.port(own), call(consumer));
        }
        own.close();
        sees(consumer, 1);
        for (int i = 0; i < 5; i++) {
            assertEquals(other, call(consumer));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "::1", "[::1]"})
    void namesAndAddressesOfEveryKindAreCalled(String ip) {
        assumeTrue(ip.equals("localhost") || hasIpv6());
        String port = Run.port(run(Provider.class, "provider", DISCOVERY + "ip=" + ip));
        ConfigurableApplicationContext consumer = run(Consumer.class, "consumer");
        sees(consumer, 1);
        assertEquals(port, call(consumer));
        ServiceInstance seen =
                consumer.getBean(DiscoveryClient.class).getInstances("provider").get(0);
        String host = ip.equals("localhost") ? ip : "[::1]";
        assertEquals(host, seen.getHost());
        assertEquals(host, seen.getUri().getHost());
    }

    private static boolean hasIpv6() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }
}
