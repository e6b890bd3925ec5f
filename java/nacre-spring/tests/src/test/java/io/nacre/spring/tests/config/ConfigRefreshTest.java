package io.nacre.spring.tests.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nacre.ConfigKey;
import io.nacre.spring.config.ConfigUnavailableException;
import io.nacre.spring.config.RefreshHistory;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.cloud.context.config.annotation.RefreshScope;
import org.springframework.cloud.context.environment.EnvironmentChangeEvent;
import org.springframework.cloud.endpoint.event.RefreshEvent;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;

/** What a change on the server does to a running application. */
class ConfigRefreshTest extends ConfigLive {
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @EnableConfigurationProperties({Shop.class, Other.class})
    static class App {
        final AtomicInteger changes = new AtomicInteger();

        @Bean
        @RefreshScope
        Greeting greeting(@Value("${greeting:none}") String text) {
            return new Greeting(text);
        }

        @EventListener
        void changed(EnvironmentChangeEvent event) {
            changes.incrementAndGet();
        }
    }

    static class Greeting {
        private final String text;

        Greeting() {
            this(null);
        }

        Greeting(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    @ConfigurationProperties("shop")
    static class Shop {
        private String name = "unnamed";
        private int bound;

        public String getName() {
            return name;
        }

        public void setName(String name) {
            this.name = name;
            bound++;
        }

        int bound() {
            return bound;
        }
    }

    @ConfigurationProperties("other")
    static class Other {
        private String name;
        private final AtomicInteger bound = new AtomicInteger();

        public String getName() {
            return name;
        }

        public void setName(String name) {
            this.name = name;
            bound.incrementAndGet();
        }

        int bound() {
            return bound.get();
        }
    }

    @Test
    void beansSeeTheChangeWithinASecond() throws Exception {
        publish("app.yaml", "greeting: hello\nshop.name: one");
        ConfigurableApplicationContext app = run(App.class, "--spring.config.import=nacos:app.yaml");
        Greeting greeting = app.getBean(Greeting.class);
        Shop shop = app.getBean(Shop.class);
        assertEquals("hello", greeting.text());
        assertEquals("one", shop.getName());
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            String text = "v" + i;
            long begin = System.nanoTime();
            publish("app.yaml", "greeting: " + text + "\nshop.name: " + text);
            Eventually.holds(() -> assertEquals(text, greeting.text()));
            best = Math.min(best, System.nanoTime() - begin);
            assertSame(shop, app.getBean(Shop.class));
            Eventually.holds(() -> assertEquals(text, shop.getName()));
        }
        System.out.println("publish to refreshed bean: " + best / 1_000_000 + " ms at best");
        assertTrue(best < 10_000_000_000L);
        RefreshHistory history = app.getBean(RefreshHistory.class);
        Eventually.is("the history", () -> !history.entries().isEmpty());
        RefreshHistory.Entry last = history.entries().get(0);
        assertEquals(List.of(ConfigKey.of("app.yaml")), last.configs());
        assertTrue(last.keys().contains("greeting"), last.toString());
        assertNull(last.error());
    }

    @Test
    void aConfigThatComesLaterOrGoesIsSeen() throws Exception {
        ConfigurableApplicationContext app = run(App.class, "--spring.config.import=optional:nacos:late.yaml");
        Greeting greeting = app.getBean(Greeting.class);
        assertEquals("none", greeting.text());
        publish("late.yaml", "greeting: late");
        Eventually.holds(() -> assertEquals("late", greeting.text()));
        admin.config().remove(ConfigKey.of("late.yaml"));
        Eventually.holds(() -> assertEquals("none", greeting.text()));
    }

    @Test
    void aBrokenContentLeavesTheApplicationAsItIs() throws Exception {
        publish("app.yaml", "greeting: good");
        ConfigurableApplicationContext app = run(App.class, "--spring.config.import=nacos:app.yaml");
        Greeting greeting = app.getBean(Greeting.class);
        RefreshHistory history = app.getBean(RefreshHistory.class);
        publish("app.yaml", "greeting: [");
        Eventually.is("it failed", () -> history.failures() > 0);
        assertNotNull(history.entries().get(0).error());
        assertEquals("good", greeting.text());
        publish("app.yaml", "greeting: better");
        Eventually.holds(() -> assertEquals("better", greeting.text()));
    }

    @Test
    void whatIsNotToBeRefreshedStays() throws Exception {
        publish("fixed.yaml", "fixed: 1");
        publish("app.yaml", "greeting: one");
        ConfigurableApplicationContext app =
                run(App.class, "--spring.config.import=nacos:fixed.yaml?refreshEnabled=false,nacos:app.yaml");
        Greeting greeting = app.getBean(Greeting.class);
        int before = app.getBean(App.class).changes.get();
        publish("fixed.yaml", "fixed: 2");
        publish("app.yaml", "greeting: two");
        Eventually.holds(() -> assertEquals("two", greeting.text()));
        RefreshHistory history = app.getBean(RefreshHistory.class);
        Eventually.is("the history", () -> !history.entries().isEmpty());
        assertTrue(history.entries().stream()
                .allMatch(entry -> entry.configs().equals(List.of(ConfigKey.of("app.yaml")))));
        assertTrue(app.getBean(App.class).changes.get() > before);
    }

    @Test
    void nothingIsFollowedWithoutRefresh() throws Exception {
        publish("app.yaml", "greeting: one");
        ConfigurableApplicationContext app = run(
                App.class,
                "--spring.config.import=nacos:app.yaml",
                "--spring.cloud.nacos.config.refresh-enabled=false");
        assertFalse(app.containsBean("nacreConfigFollower"));
        assertEquals("one", app.getBean(Greeting.class).text());
        // A refresh by hand reads the server again.
        publish("app.yaml", "greeting: two");
        app.publishEvent(new RefreshEvent(this, null, "by hand"));
        Eventually.holds(() -> assertEquals("two", app.getBean(Greeting.class).text()));
        // One that fails leaves the connection open for the next.
        admin.config().remove(ConfigKey.of("app.yaml"));
        assertThrows(
                ConfigUnavailableException.class, () -> app.publishEvent(new RefreshEvent(this, null, "by hand")));
        assertEquals("two", app.getBean(Greeting.class).text());
        publish("app.yaml", "greeting: three");
        app.publishEvent(new RefreshEvent(this, null, "by hand"));
        assertEquals("three", app.getBean(Greeting.class).text());
    }

    @Test
    void onlyBeansWithAChangedPrefixAreBoundOnRequest() throws Exception {
        publish("app.yaml", "shop.name: one\nother.name: x");
        ConfigurableApplicationContext app = run(
                App.class,
                "--spring.config.import=nacos:app.yaml",
                "--spring.cloud.nacos.config.refresh-behavior=specific_bean");
        Shop shop = app.getBean(Shop.class);
        Other other = app.getBean(Other.class);
        int bound = other.bound();
        publish("app.yaml", "shop.name: two\nother.name: x");
        Eventually.holds(() -> assertEquals("two", shop.getName()));
        Eventually.is("refreshed", () -> app.getBean(RefreshHistory.class).refreshes() > 0);
        assertEquals(bound, other.bound());
    }

    @Test
    void levelsOfLoggersFollow() throws Exception {
        publish("app.yaml", "logging.level.shop.orders: warn");
        ConfigurableApplicationContext app = run(App.class, "--spring.config.import=nacos:app.yaml");
        publish("app.yaml", "logging.level.shop.orders: trace");
        LoggingSystem logging = app.getBean(LoggingSystem.class);
        Eventually.holds(() -> assertEquals(
                "TRACE",
                logging.getLoggerConfiguration("shop.orders").getEffectiveLevel().name()));
    }

    @Test
    void refreshGoesOnAfterTheServerWasAway() throws Exception {
        try (Scope own = Harness.shared().scope()) {
            TestServer server = own.server();
            try (var client = admin(server, namespace)) {
                client.config().publish(ConfigKey.of("app.yaml"), "greeting: before");
                ConfigurableApplicationContext app = run(server, App.class, "--spring.config.import=nacos:app.yaml");
                Greeting greeting = app.getBean(Greeting.class);
                server.kill();
                // A refresh for another reason finds what was there.
                app.publishEvent(new RefreshEvent(this, null, "by hand"));
                assertEquals("before", greeting.text());
                server.up();
                Eventually.holds(() -> client.config().publish(ConfigKey.of("app.yaml"), "greeting: after"));
                Eventually.holds(() -> assertEquals("after", greeting.text()));
                assertNotSame(app.getBeanFactory().getBean("scopedTarget.greeting"), greeting);
                app.close();
            }
        }
    }
}
