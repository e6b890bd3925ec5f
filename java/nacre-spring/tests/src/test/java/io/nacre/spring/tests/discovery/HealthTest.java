package io.nacre.spring.tests.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.nacre.NacreClient;
import io.nacre.NacreException;
import io.nacre.Query;
import io.nacre.ServiceKey;
import io.nacre.Status;
import io.nacre.spring.discovery.ApplicationHealth;
import io.nacre.spring.discovery.NacreServiceDiscovery;
import io.nacre.spring.tests.app.Provider;
import io.nacre.spring.tests.app.Run;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.LivenessState;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.cloud.client.serviceregistry.Registration;
import org.springframework.cloud.client.serviceregistry.ServiceRegistry;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The instance follows the health of the application. */
class HealthTest {
    /** Says what the test tells it to. */
    static class Told implements ApplicationHealth {
        volatile String status = "UP";
        final AtomicInteger asked = new AtomicInteger();

        @Override
        public String status() {
            asked.incrementAndGet();
            return status;
        }

        /** Waits until a look that began after now has had its effect. */
        void isSeen(String now) {
            status = now;
            int before = asked.get();
            Eventually.is("asked", () -> asked.get() > before + 2);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class App {
        @Bean
        Told told() {
            return new Told();
        }
    }

    private Scope scope;
    private TestServer server;
    private NacreClient other;

    @BeforeEach
    void begin() throws NacreException {
        scope = Harness.shared().scope();
        server = scope.server();
        other = NacreClient.builder().server(server.address()).build();
    }

    @AfterEach
    void end() {
        other.close();
        scope.close();
    }

    private ConfigurableApplicationContext run(Class<?> application, String... more) {
        String[] follow = {"--nacre.discovery.follow-health=true", "--nacre.discovery.health-period=50ms"};
        return Run.servlet(
                application,
                "app",
                server.address(),
                Stream.concat(Arrays.stream(follow), Arrays.stream(more)).toArray(String[]::new));
    }

    private void instances(int count) {
        Query query = Query.of(ServiceKey.of("app")).direct();
        Eventually.holds(() -> assertEquals(count, other.naming().instances(query).size()));
    }

    @Test
    void theHealthOfTheActuatorTakesTheInstanceOutAndBack() {
        try (ConfigurableApplicationContext app = run(
                Provider.class,
                "--management.health.livenessstate.enabled=true",
                "--management.health.readinessstate.enabled=true")) {
            instances(1);
            AvailabilityChangeEvent.publish(app, ReadinessState.REFUSING_TRAFFIC);
            instances(0);
            AvailabilityChangeEvent.publish(app, ReadinessState.ACCEPTING_TRAFFIC);
            instances(1);
            AvailabilityChangeEvent.publish(app, LivenessState.BROKEN);
            instances(0);
            assertEquals("DOWN", app.getBean(ApplicationHealth.class).status());
            AvailabilityChangeEvent.publish(app, LivenessState.CORRECT);
            instances(1);

            server.kill();
            NacreServiceDiscovery own = app.getBean(NacreServiceDiscovery.class);
            Eventually.is("noticed", () -> own.client().status().state() != Status.State.CONNECTED);
            assertEquals("UP", app.getBean(ApplicationHealth.class).status(), "the registry is away");
            server.up();
            instances(1);
        }
    }

    @Test
    void whatOperatorsDoCountsForMore() {
        try (ConfigurableApplicationContext app = run(App.class)) {
            @SuppressWarnings("unchecked")
            ServiceRegistry<Registration> registry = app.getBean(ServiceRegistry.class);
            Registration registration = app.getBean(Registration.class);
            Told health = app.getBean(Told.class);
            instances(1);
            registry.setStatus(registration, "DOWN");
            health.isSeen("OUT_OF_SERVICE");
            health.isSeen("UP");
            instances(0);
            registry.setStatus(registration, "UP");
            instances(1);

            health.isSeen("DOWN");
            instances(0);
            registry.setStatus(registration, "UP");
            health.isSeen("DOWN");
            instances(1);
            health.isSeen("UP");
            instances(1);
            health.isSeen("UNKNOWN");
            instances(1);
        }
    }

    @Test
    void nobodyLooksUnlessToldTo() {
        try (ConfigurableApplicationContext app = Run.servlet(Provider.class, "app", server.address())) {
            assertEquals(0, app.getBeanNamesForType(ApplicationHealth.class).length);
            assertFalse(app.containsBean("nacreHealthFollower"));
        }
    }
}
