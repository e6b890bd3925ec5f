package io.nacre.spring.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nacre.spring.client.ConnectionProperties;
import io.nacre.spring.client.ConnectionSettings;
import java.io.InputStream;
import java.net.URL;
import java.util.Enumeration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** What editors know of the properties, and what a native image knows of the classes. */
class MetadataTest {
    private static Map<String, JsonNode> metadata() throws Exception {
        Map<String, JsonNode> all = new TreeMap<>();
        // Each jar has a file of this name.
        Enumeration<URL> files =
                MetadataTest.class.getClassLoader().getResources("META-INF/spring-configuration-metadata.json");
        while (files.hasMoreElements()) {
            try (InputStream file = files.nextElement().openStream()) {
                JsonNode properties = new ObjectMapper().readTree(file).path("properties");
                properties.forEach(each -> all.put(each.path("name").asText(), each));
            }
        }
        return all;
    }

    @Test
    void allPropertiesOfConfigAreDescribed() throws Exception {
        Map<String, JsonNode> all = metadata();
        for (String name : new String[] {
            "enabled", "server-addr", "username", "password", "encode", "group", "prefix", "name", "file-extension",
            "timeout", "max-retry", "config-long-poll-timeout", "config-retry-time", "enable-remote-sync-config",
            "endpoint", "namespace", "access-key", "secret-key", "ram-role-name", "context-path", "cluster-name",
            "shared-configs", "extension-configs", "refresh-enabled", "preference", "refresh-behavior",
            "import-check.enabled"
        }) {
            JsonNode property = all.get("spring.cloud.nacos.config." + name);
            assertTrue(property != null && property.hasNonNull("description"), name);
        }
        for (String old : new String[] {"shared-dataids", "refreshable-dataids", "ext-config"}) {
            assertTrue(all.get("spring.cloud.nacos.config." + old).has("deprecation"), old);
        }
        assertEquals("127.0.0.1:8848", all.get("spring.cloud.nacos.server-addr").path("defaultValue").asText());
        assertEquals(3000, all.get("spring.cloud.nacos.config.timeout").path("defaultValue").asInt());
    }

    @Test
    void allPropertiesOfDiscoveryAreDescribed() throws Exception {
        Map<String, JsonNode> all = metadata();
        for (String name : new String[] {
            "enabled", "server-addr", "username", "password", "endpoint", "namespace", "access-key", "secret-key",
            "watch-delay", "service", "weight", "cluster-name", "group", "metadata", "register-enabled", "ip",
            "network-interface", "ip-type", "port", "secure", "instance-enabled", "ephemeral", "fail-fast",
            "graceful-shutdown-wait-time", "watch.enabled", "heart-beat.enabled"
        }) {
            JsonNode property = all.get("spring.cloud.nacos.discovery." + name);
            assertTrue(property != null && property.hasNonNull("description"), name);
        }
        for (String half : new String[] {"discovery", "config"}) {
            JsonNode namespace = all.get("spring.cloud.nacos." + half + ".namespace");
            assertEquals("", namespace.path("defaultValue").asText("none"), half);
        }
        assertEquals(1.0, all.get("spring.cloud.nacos.discovery.weight").path("defaultValue").asDouble());
    }

    @ParameterizedTest
    @ValueSource(
            classes = {ConnectionProperties.class, NacreConfigProperties.class, NacreConfigProperties.Config.class})
    void settingsCanBeBoundInANativeImage(Class<?> type) {
        RuntimeHints hints = new RuntimeHints();
        new NacreConfigRuntimeHints().registerHints(hints, getClass().getClassLoader());
        assertTrue(RuntimeHintsPredicates.reflection().onType(type).test(hints));
    }

    @Test
    void theConnectionMayStandUnderOtherPrefixes() {
        assertEquals("127.0.0.1:8848", connection(Map.of()).servers().get(0));
        assertEquals(
                "b",
                connection(Map.of("spring.nacos.server-addr", "a", "spring.cloud.nacos.server-addr", "b"))
                        .servers()
                        .get(0));
        assertEquals(
                "a", connection(Map.of("spring.nacos.config.server-addr", "a")).servers().get(0));
        ConnectionSettings other = connection(Map.of(
                "spring.nacos.properties.prefix", "my",
                "my.config.server-addr", "c",
                "my.namespace", "n",
                "spring.cloud.nacos.username", "not"));
        assertEquals("c", other.servers().get(0));
        assertEquals("n", other.namespace());
        assertEquals("", other.username());
    }

    private static ConnectionSettings connection(Map<String, String> properties) {
        return ConnectionSettings.config(new Binder(new MapConfigurationPropertySource(properties)));
    }
}
