package io.nacre.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.config.ConfigService;
import example.Application;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.web.client.RestTemplate;

/** The program {@code examples/spring-boot-drop-in}. */
class ExampleTest {
    @Test
    void theExampleRuns() throws Exception {
        try (Scope scope = Harness.shared().scope()) {
            TestServer server = scope.server();
            try (ConfigurableApplicationContext example = SpringApplication.run(
                    Application.class,
                    "--server.port=0",
                    "--spring.application.name=greeter",
                    "--spring.config.import=optional:nacos:greeter.properties",
                    "--spring.cloud.nacos.server-addr=" + server.address(),
                    "--spring.cloud.nacos.discovery.ip=127.0.0.1",
                    "--spring.cloud.nacos.discovery.graceful-shutdown-wait-time=0",
                    "--spring.cloud.loadbalancer.nacos.enabled=true")) {
                String address = "http://127.0.0.1:" + example.getEnvironment().getProperty("local.server.port");
                RestTemplate rest = new RestTemplate();
                assertEquals("hello", rest.getForObject(address + "/greeting", String.class));
                Eventually.holds(() -> assertEquals("hello", rest.getForObject(address + "/relay", String.class)));
                ConfigService config = NacosFactory.createConfigService(server.address());
                config.publishConfig("greeter.properties", "DEFAULT_GROUP", "greeting=bye", "properties");
                Eventually.holds(() -> assertEquals("bye", rest.getForObject(address + "/greeting", String.class)));
                config.shutDown();
            }
        }
    }
}
