package io.nacre.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.config.ConfigService;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.client.loadbalancer.LoadBalanced;
import org.springframework.cloud.context.config.annotation.RefreshScope;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestTemplate;

/** Spring Cloud Alibaba: discovery, load balancing between two providers, config import and refresh. */
class SpringCloudTest {
    private static final String DATA_ID = "consumer.properties";
    private static final String GROUP = "DEFAULT_GROUP";

    private static Scope scope;
    private static TestServer server;
    private static ConfigService config;

    /** Answers with its port. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @RestController
    static class Provider {
        private final Environment environment;

        Provider(Environment environment) {
            this.environment = environment;
        }

        @GetMapping("/port")
        String port() {
            return environment.getProperty("local.server.port");
        }
    }

    /** Calls the providers and shows a value of the config. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Consumer {
        @Bean
        @LoadBalanced
        RestTemplate restTemplate() {
            return new RestTemplate();
        }

        @Bean
        @RefreshScope
        Greeting greeting(@Value("${greeting}") String text) {
            return new Greeting(text);
        }
    }

    /** A bean that is made again when the config changes. */
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

    @BeforeAll
    static void start() throws Exception {
        String original = "com/alibaba/nacos/common/remote/client/RpcClient.class";
        boolean isThere = NacosFactory.class.getClassLoader().getResource(original) != null;
        assertEquals(Boolean.getBoolean("acceptance.original"), isThere);
        scope = Harness.shared().scope();
        System.setProperty("JM.SNAPSHOT.PATH", scope.directory().toString());
        server = scope.server();
        config = NacosFactory.createConfigService(server.address());
    }

    @AfterAll
    static void stop() throws Exception {
        config.shutDown();
        scope.close();
    }

    private static ConfigurableApplicationContext run(Class<?> application, String name, String... more) {
        List<String> args = new ArrayList<>(List.of(
                "--spring.application.name=" + name,
                "--spring.main.banner-mode=off",
                "--server.port=0",
                "--spring.cloud.nacos.server-addr=" + server.address(),
                "--spring.cloud.nacos.discovery.ip=127.0.0.1",
                "--spring.cloud.nacos.discovery.graceful-shutdown-wait-time=0",
                "--spring.cloud.loadbalancer.nacos.enabled=true"));
        args.addAll(List.of(more));
        return new SpringApplicationBuilder(application)
                .web(WebApplicationType.SERVLET)
                .run(args.toArray(new String[0]));
    }

    @Test
    void discoveryConfigAndRefresh() throws Exception {
        assertTrue(config.publishConfig(DATA_ID, GROUP, "greeting=hello", "properties"));
        ConfigurableApplicationContext first =
                run(Provider.class, "provider", "--spring.cloud.nacos.config.enabled=false");
        ConfigurableApplicationContext second =
                run(Provider.class, "provider", "--spring.cloud.nacos.config.enabled=false");
        try (ConfigurableApplicationContext consumer =
                run(Consumer.class, "consumer", "--spring.config.import=nacos:" + DATA_ID)) {
            Greeting greeting = consumer.getBean(Greeting.class);
            assertEquals("hello", greeting.text());

            DiscoveryClient discovery = consumer.getBean(DiscoveryClient.class);
            Eventually.is(
                    "two providers", () -> discovery.getInstances("provider").size() == 2);
            assertTrue(discovery.getServices().containsAll(List.of("provider", "consumer")));
            RestTemplate rest = consumer.getBean(RestTemplate.class);
            Set<String> ports = new HashSet<>();
            Eventually.is("both answer", () -> {
                ports.add(rest.getForObject("http://provider/port", String.class));
                return ports.size() == 2;
            });

            assertTrue(config.publishConfig(DATA_ID, GROUP, "greeting=bye", "properties"));
            Eventually.holds(() -> assertEquals("bye", greeting.text()));

            String left = second.getEnvironment().getProperty("local.server.port");
            first.close();
            Eventually.is(
                    "one provider", () -> discovery.getInstances("provider").size() == 1);
            for (int i = 0; i < 10; i++) {
                assertEquals(left, rest.getForObject("http://provider/port", String.class));
            }
        } finally {
            first.close();
            second.close();
        }
    }
}
