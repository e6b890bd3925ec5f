package io.nacre.spring.tests.config;

import io.nacre.ConfigKey;
import io.nacre.NacreClient;
import io.nacre.NacreException;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** A server for all tests of the JVM, a namespace for each, and applications that read configs there. */
abstract class ConfigLive {
    private static final AtomicLong NAMESPACES = new AtomicLong(System.nanoTime());
    private static Scope shared;
    private static TestServer sharedServer;

    String namespace;
    NacreClient admin;
    private final List<ConfigurableApplicationContext> running = new ArrayList<>();

    static synchronized TestServer server() {
        if (shared == null) {
            shared = Harness.shared().scope();
            sharedServer = shared.server();
        }
        return sharedServer;
    }

    @BeforeEach
    void open() throws NacreException {
        namespace = "c" + NAMESPACES.incrementAndGet();
        admin = admin(server(), namespace);
    }

    @AfterEach
    void end() {
        running.forEach(ConfigurableApplicationContext::close);
        admin.close();
    }

    static NacreClient admin(TestServer server, String namespace) throws NacreException {
        return NacreClient.builder()
                .server(server.address())
                .namespace(namespace)
                .requestTimeout(Duration.ofSeconds(20))
                .connect();
    }

    void publish(String dataId, String content) throws NacreException {
        admin.config().publish(ConfigKey.of(dataId), content);
    }

    void publish(String group, String dataId, String content) throws NacreException {
        admin.config().publish(ConfigKey.of(group, dataId), content);
    }

    /** Starts an application on the shared server, in the test's namespace. Later arguments replace earlier ones. */
    ConfigurableApplicationContext run(Class<?> application, String... more) {
        return run(server(), application, more);
    }

    ConfigurableApplicationContext run(TestServer server, Class<?> application, String... more) {
        Map<String, String> args = new LinkedHashMap<>();
        Stream.concat(
                        Stream.of(
                                "--spring.application.name=shop",
                                "--spring.main.banner-mode=off",
                                "--logging.level.root=warn",
                                // The gateway is on the class path of these tests and wants a web server.
                                "--spring.cloud.gateway.enabled=false",
                                "--spring.cloud.gateway.server.webflux.enabled=false",
                                "--spring.cloud.nacos.discovery.enabled=false",
                                "--spring.cloud.nacos.server-addr=" + server.address(),
                                "--spring.cloud.nacos.config.namespace=" + namespace,
                                "--spring.cloud.nacos.config.timeout=20000",
                                "--nacre.client.files=false"),
                        Stream.of(more))
                .forEach(arg -> args.put(arg.substring(0, arg.indexOf('=')), arg));
        ConfigurableApplicationContext context = new SpringApplicationBuilder(application)
                .web(WebApplicationType.NONE)
                .run(args.values().toArray(new String[0]));
        running.add(context);
        return context;
    }
}
