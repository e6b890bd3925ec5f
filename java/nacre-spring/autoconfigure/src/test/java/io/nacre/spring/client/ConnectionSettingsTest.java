package io.nacre.spring.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nacre.ClientClosedException;
import io.nacre.NacreClient;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.mock.env.MockEnvironment;

class ConnectionSettingsTest {
    private final MockEnvironment environment = new MockEnvironment().withProperty("nacre.client.files", "false");

    private ConnectionSettings discovery() {
        return ConnectionSettings.discovery(environment);
    }

    private ConnectionSettings config() {
        return ConnectionSettings.config(Binder.get(environment));
    }

    @Test
    void serversAndUserMayStandOneLevelUp() {
        assertEquals(List.of("127.0.0.1:8848"), discovery().servers());
        environment.setProperty("spring.cloud.nacos.server-addr", "a:1, b:2/");
        environment.setProperty("spring.cloud.nacos.username", "u");
        environment.setProperty("spring.cloud.nacos.password", "secret-word");
        assertEquals(List.of("a:1", "b:2"), discovery().servers());
        assertEquals("u", config().username());
        environment.setProperty("spring.cloud.nacos.discovery.server-addr", "c");
        assertEquals(List.of("c"), discovery().servers());
        assertEquals(List.of("a:1", "b:2"), config().servers());
        assertFalse(discovery().toString().contains("secret-word"));
    }

    @Test
    void onlyConfigTakesANamespaceFromOneLevelUp() {
        environment.setProperty("spring.cloud.nacos.namespace", "n");
        assertEquals("", discovery().namespace());
        assertEquals("n", config().namespace());
        environment.setProperty("spring.cloud.nacos.discovery.namespace", "public");
        assertEquals("", discovery().namespace());
    }

    @Test
    void theWatchDelayIsThePauseBetweenTwoReadsOfTheServices() {
        assertEquals(Duration.ofSeconds(10), discovery().servicesRefresh());
        environment.setProperty("spring.cloud.nacos.discovery.watch-delay", "1500");
        assertEquals(Duration.ofMillis(1500), discovery().servicesRefresh());
    }

    @Test
    void equalSettingsShareAClient() throws Exception {
        environment.setProperty("spring.cloud.nacos.server-addr", "127.0.0.1:1");
        Clients clients = new Clients();
        NacreClient client = clients.client(discovery());
        assertSame(client, clients.client(config()));
        assertNotSame(client, clients.client(config().withNamespace("other")));
        clients.close();
        assertTrue(client.isClosed());
        assertThrows(ClientClosedException.class, () -> clients.client(discovery()));
    }
}
