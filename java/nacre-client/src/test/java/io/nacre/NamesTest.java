package io.nacre;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Collections;
import org.junit.jupiter.api.Test;

class NamesTest {
    private static String repeat(String text, int times) {
        return String.join("", Collections.nCopies(times, text));
    }

    private static int refused(Runnable call) {
        return assertThrows(InvalidParameterException.class, call::run).code();
    }

    @Test
    void blankNamesHaveDefaults() {
        assertEquals("public", Names.namespace(" "));
        assertEquals("DEFAULT_GROUP", ServiceKey.of("orders").group());
        assertEquals("DEFAULT_GROUP", ConfigKey.of(" ", "app.yaml").group());
        assertEquals("app.yaml", ConfigKey.of(" app.yaml ").dataId());
    }

    @Test
    void whatAServerRefusesCannotBeMade() {
        for (String id : Arrays.asList("a b", "a.b", "\u00e9", repeat("n", 65))) {
            assertEquals(400, refused(() -> NacreClient.builder().namespace(id)), id);
        }
        for (String name : Arrays.asList("", " ", "@a", "a b", "a\u4e00", "a@@b@@c", repeat("s", 513))) {
            assertEquals(400, refused(() -> ServiceKey.of("", name)), name);
        }
        assertEquals(400, refused(() -> ServiceKey.of("g h", "a")));
        assertDoesNotThrow(() -> ServiceKey.of("\u4e00a"), "only what follows the first character counts");
        for (String dataId : Arrays.asList("", "a/b", "a b", repeat("d", 257))) {
            assertEquals(400, refused(() -> ConfigKey.of(dataId)), dataId);
        }
        assertEquals(400, refused(() -> ServiceKey.of(null)));
        assertEquals(400, refused(() -> ConfigKey.of("g", null)));
        assertEquals(400, refused(() -> LockRequest.of(" ")));
    }

    @Test
    void lengthsCountUtf16Units() {
        String name = repeat("\ud83e\udd80", 256);
        assertDoesNotThrow(() -> ServiceKey.of(name));
        assertEquals(400, refused(() -> ServiceKey.of(name + "x")));
    }

    @Test
    void aGroupedNameBringsItsGroup() {
        ServiceKey key = ServiceKey.of("orders@@api");
        assertEquals("orders", key.group());
        assertEquals("api", key.name());
        assertEquals("orders@@api", key.grouped());
        assertEquals(key, ServiceKey.of("orders", "orders@@api"));
        assertNotEquals(key, ServiceKey.of("api"));
        assertEquals(400, refused(() -> ServiceKey.of("other", "orders@@api")));
    }

    @Test
    void settingsAreChecked() {
        NacreClient.Builder builder = NacreClient.builder();
        refused(() -> builder.requestTimeout(java.time.Duration.ZERO));
        refused(() -> builder.retries(-1));
        refused(() -> builder.defaultPort(65536));
        refused(() -> builder.naming(naming -> naming.failoverRefresh(java.time.Duration.ofMillis(-1))));
        refused(() -> builder.config(config -> config.maxContent(0)));
        refused(() -> builder.server(null));
        refused(() -> builder.pool(null));
    }
}
