package io.nacre.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.naming.NamingService;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.util.List;
import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.config.ConfigCenterConfig;
import org.apache.dubbo.config.MetadataReportConfig;
import org.apache.dubbo.config.ProtocolConfig;
import org.apache.dubbo.config.ReferenceConfig;
import org.apache.dubbo.config.RegistryConfig;
import org.apache.dubbo.config.ServiceConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;
import org.apache.dubbo.rpc.model.ApplicationModel;
import org.apache.dubbo.rpc.model.FrameworkModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Dubbo with registry, config centre and metadata report: a provider, a consumer, a second provider. */
class DubboTest {
    private Scope scope;
    private TestServer server;

    @BeforeEach
    void start() {
        assertEquals(Original.isExpected(), Original.isThere());
        scope = Harness.shared().scope();
        System.setProperty("JM.SNAPSHOT.PATH", scope.directory().toString());
        server = scope.server();
    }

    @AfterEach
    void stop() {
        scope.close();
    }

    /** An application of its own, as in a process of its own. */
    private final class App implements AutoCloseable {
        private final FrameworkModel framework = new FrameworkModel();
        private final ApplicationModel model = framework.newApplication();
        final DubboBootstrap bootstrap = DubboBootstrap.getInstance(model);

        App(String name) {
            ApplicationConfig application = new ApplicationConfig(name);
            application.setQosEnable(false);
            bootstrap
                    .application(application)
                    .registry(new RegistryConfig("nacos://" + server.address()))
                    .configCenter(config())
                    .metadataReport(new MetadataReportConfig("nacos://" + server.address()));
        }

        private ConfigCenterConfig config() {
            ConfigCenterConfig config = new ConfigCenterConfig();
            config.setAddress("nacos://" + server.address());
            return config;
        }

        App provide(String answer) {
            ServiceConfig<Greeter> service = new ServiceConfig<>();
            service.setInterface(Greeter.class);
            service.setRef(name -> answer + " " + name);
            ProtocolConfig protocol = new ProtocolConfig("dubbo", freePort());
            protocol.setHost("127.0.0.1");
            bootstrap.protocol(protocol).service(service).start();
            return this;
        }

        private int freePort() {
            try (ServerSocket socket = new ServerSocket(0)) {
                return socket.getLocalPort();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        Greeter consume() {
            ReferenceConfig<Greeter> reference = new ReferenceConfig<>();
            reference.setInterface(Greeter.class);
            reference.setTimeout(5000);
            bootstrap.reference(reference).start();
            return reference.get();
        }

        @Override
        public void close() {
            bootstrap.stop();
            framework.destroy();
        }
    }

    @Test
    void consumersFollowTheirProviders() throws Exception {
        try (App first = new App("provider").provide("one");
                App consumer = new App("consumer")) {
            Greeter greeter = consumer.consume();
            assertEquals("one you", greeter.greet("you"));
            assertTrue(first.bootstrap.isStarted());

            App second = new App("provider").provide("two");
            Eventually.is("the second answers", () -> greeter.greet("you").equals("two you"));
            second.close();
            Eventually.holds(() -> {
                for (int i = 0; i < 10; i++) {
                    assertEquals("one you", greeter.greet("you"));
                }
            });

            NamingService naming = NacosFactory.createNamingService(server.address());
            ConfigService config = NacosFactory.createConfigService(server.address());
            List<String> services = naming.getServicesOfServer(1, 100).getData();
            assertTrue(services.contains("provider"), "application level: " + services);
            assertTrue(
                    services.stream().anyMatch(name -> name.startsWith("providers:" + Greeter.class.getName())),
                    "interface level: " + services);
            String mapping = config.getConfig(Greeter.class.getName(), "mapping", 3000);
            assertEquals("provider", mapping);
            assertFalse(naming.getAllInstances("provider").isEmpty());
            naming.shutDown();
            config.shutDown();
        }
    }
}
