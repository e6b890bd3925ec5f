package io.nacre.spring.tests.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nacre.spring.tests.app.Consumer;
import io.nacre.spring.tests.app.Gateway;
import io.nacre.spring.tests.app.Provider;
import io.nacre.spring.tests.app.Run;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.client.discovery.ReactiveDiscoveryClient;
import org.springframework.cloud.client.serviceregistry.Registration;
import org.springframework.cloud.client.serviceregistry.ServiceRegistry;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.web.client.RestClient;
import org.springframework.web.reactive.function.client.WebClient;

/** Two providers, a consumer and a gateway find each other. */
class ApplicationsTest {
    private static Scope scope;
    private static ConfigurableApplicationContext first;
    private static ConfigurableApplicationContext second;
    private static ConfigurableApplicationContext consumer;
    private static ConfigurableApplicationContext gateway;

    @BeforeAll
    static void start() {
        scope = Harness.shared().scope();
        TestServer server = scope.server();
        String metadata = "--spring.cloud.nacos.discovery.metadata.";
        first = Run.servlet(Provider.class, "provider", server.address(), metadata + "team=one");
        second = Run.servlet(
                Provider.class,
                "provider",
                server.address(),
                metadata + "team=two",
                "--nacre.discovery.version=2",
                "--spring.cloud.nacos.discovery.weight=3");
        consumer = Run.servlet(
                Consumer.class,
                "consumer",
                server.address(),
                "--nacre.loadbalancer.gray.headers.x-version=version",
                "--nacre.loadbalancer.gray.stable.version=none");
        gateway = Run.start(
                Gateway.class,
                WebApplicationType.REACTIVE,
                "gateway",
                server.address(),
                "--spring.cloud.gateway.discovery.locator.enabled=true",
                "--spring.cloud.gateway.server.webflux.discovery.locator.enabled=true");
    }

    @AfterAll
    static void stop() {
        for (ConfigurableApplicationContext context : new ConfigurableApplicationContext[] {gateway, consumer, second, first}) {
            if (context != null) {
                context.close();
            }
        }
        scope.close();
    }

    private static void bothAnswer(Callable<String> call) {
        Set<String> ports = new HashSet<>();
        Eventually.is("both answer", () -> {
            ports.add(call.call());
            return ports.size() == 2;
        });
        assertEquals(Set.of(Run.port(first), Run.port(second)), ports);
    }

    @Test
    void discoveryClientsShowBothAndTheirMetadata() {
        DiscoveryClient discovery = consumer.getBean(DiscoveryClient.class);
        Eventually.holds(() -> assertEquals(2, discovery.getInstances("provider").size()));
        ServiceInstance two = discovery.getInstances("provider").stream()
                .filter(one -> "two".equals(one.getMetadata().get("team")))
                .findFirst()
                .orElseThrow();
        assertEquals(Run.port(second), String.valueOf(two.getPort()));
        assertEquals("127.0.0.1", two.getHost());
        assertEquals("http://127.0.0.1:" + two.getPort(), two.getUri().toString());
        Map<String, String> metadata = two.getMetadata();
        assertEquals("SPRING_CLOUD", metadata.get("preserved.register.source"));
        assertEquals("3.0", metadata.get("nacos.weight"));
        assertEquals("2", metadata.get("version"));
        assertEquals("true", metadata.get("nacos.ephemeral"));
        assertTrue(discovery.getServices().containsAll(List.of("provider", "consumer", "gateway")));

        ReactiveDiscoveryClient reactive = gateway.getBean(ReactiveDiscoveryClient.class);
        Eventually.holds(() -> assertEquals(
                2, reactive.getInstances("provider").collectList().block().size()));
        assertTrue(reactive.getServices().collectList().block().contains("consumer"));
    }

    @Test
    void everyClientReachesBoth() {
        RestClient rest = consumer.getBean(RestClient.Builder.class).build();
        bothAnswer(() -> rest.get().uri("http://provider/port").retrieve().body(String.class));
        WebClient web = consumer.getBean(WebClient.Builder.class).build();
        bothAnswer(() -> web.get()
                .uri("http://provider/port")
                .retrieve()
                .bodyToMono(String.class)
                .block());
        Consumer.Ports feign = consumer.getBean(Consumer.Ports.class);
        bothAnswer(() -> feign.port(null));
    }

    @Test
    void gatewayFindsItsRoutes() {
        RestClient plain = RestClient.create("http://127.0.0.1:" + Run.port(gateway));
        bothAnswer(() -> plain.get().uri("/provider/port").retrieve().body(String.class));
    }

    @Test
    void requestsWithALabelGoToItsInstances() {
        RestClient rest = consumer.getBean(RestClient.Builder.class).build();
        WebClient web = consumer.getBean(WebClient.Builder.class).build();
        Consumer.Ports feign = consumer.getBean(Consumer.Ports.class);
        Eventually.holds(() -> assertEquals(2, consumer.getBean(DiscoveryClient.class).getInstances("provider").size()));
        String wanted = Run.port(second);
        for (int i = 0; i < 20; i++) {
            assertEquals(wanted, rest.get().uri("http://provider/port").header("x-version", "2").retrieve().body(String.class));
            assertEquals(
                    wanted,
                    web.get().uri("http://provider/port").header("x-version", "2").retrieve().bodyToMono(String.class).block());
            assertEquals(wanted, feign.port("2"));
        }
    }

    @Test
    void statusTakesAnInstanceOutAndBack() {
        @SuppressWarnings("unchecked")
        ServiceRegistry<Registration> registry = consumer.getBean(ServiceRegistry.class);
        Registration own = consumer.getBean(Registration.class);
        DiscoveryClient discovery = gateway.getBean(DiscoveryClient.class);
        assertEquals("UP", registry.<String>getStatus(own));
        Eventually.is("seen", () -> !discovery.getInstances("consumer").isEmpty());
        registry.setStatus(own, "DOWN");
        registry.setStatus(own, "DOWN");
        assertEquals("DOWN", registry.<String>getStatus(own));
        Eventually.is("gone", () -> discovery.getInstances("consumer").isEmpty());
        registry.setStatus(own, "UP");
        assertEquals("UP", registry.<String>getStatus(own));
        Eventually.is("back", () -> !discovery.getInstances("consumer").isEmpty());
    }

    @Test
    void contextsOfFeignClientsDoNotDeregister() {
        // The child context of a called service is closed by nobody but its parent; its event must not count.
        assertTrue(consumer.getBean(Consumer.Ports.class).port(null).matches("[0-9]+"));
        ConfigurableApplicationContext other = new org.springframework.context.support.GenericApplicationContext(consumer);
        other.refresh();
        other.close();
        ServiceRegistry<?> registry = consumer.getBean(ServiceRegistry.class);
        assertFalse(registry == null);
        DiscoveryClient discovery = consumer.getBean(DiscoveryClient.class);
        assertEquals(1, discovery.getInstances("consumer").size());
    }
}
