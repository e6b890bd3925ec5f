package io.nacre.spring.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nacre.spring.config.NacreConfigProperties.Preference;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class ConfigImportGrammarTest {
    private final NacreConfigProperties defaults = new NacreConfigProperties();

    @Test
    void whatIsLeftOutComesFromTheSettings() {
        defaults.setGroup("g");
        defaults.setPreference(Preference.REMOTE);
        ConfigImport plain = ConfigImport.parse("app", defaults);
        assertEquals("g/app", plain.key().toString());
        assertEquals("properties", plain.extension());
        assertTrue(plain.refresh());
        assertEquals(Preference.REMOTE, plain.preference());
        assertNull(plain.namespace());
        assertFalse(plain.profiles());
    }

    @Test
    void allOptionsTogether() {
        ConfigImport all = ConfigImport.parse(
                "/app.v2.yaml?group=a%3Ab&refreshEnabled=false&preference=Remote&namespace=n&profiles=true", defaults);
        assertEquals("a:b/app.v2.yaml", all.key().toString());
        assertEquals("yaml", all.extension());
        assertFalse(all.refresh());
        assertEquals("n", all.namespace());
        assertEquals("a:b/app.v2-dev.yaml", all.ofProfile("dev").key().toString());
        assertEquals("DEFAULT_GROUP/app-dev", ConfigImport.parse("app", defaults).ofProfile("dev").key().toString());
    }

    @ParameterizedTest
    @CsvSource({
        "a?refresh=true, refreshEnabled=true",
        "a?server-addr=x, spring.cloud.nacos.config.server-addr",
        "a?tenant=x, namespace=",
        "a?Group-Id=x, group=",
        "a?other=x, preference",
        "a?refreshEnabled=yes, true",
        "a?preference=both, local",
        "a/b, group",
        "'a b', letters",
        "?group=g, letters"
    })
    void mistakesSayWhatToWrite(String location, String advice) {
        ConfigImportException wrong =
                assertThrows(ConfigImportException.class, () -> ConfigImport.parse(location, defaults));
        assertTrue(wrong.action().contains(advice), wrong.action());
        assertTrue(wrong.getMessage().contains(location), wrong.getMessage());
    }

    private static NacreConfigProperties bind(Map<String, String> properties) {
        return NacreConfigProperties.bind(new Binder(new MapConfigurationPropertySource(properties)));
    }

    @Test
    void settingsMayStandOneLevelUpOrUnderAnotherPrefix() {
        NacreConfigProperties two = bind(Map.of(
                "spring.cloud.nacos.group", "up",
                "spring.cloud.nacos.namespace", "up",
                "spring.cloud.nacos.config.namespace", "own",
                "spring.nacos.config.timeout", "5"));
        assertEquals("up", two.getGroup());
        assertEquals("own", two.getNamespace());
        assertEquals(5, two.getTimeout());
        NacreConfigProperties other = bind(Map.of(
                "spring.nacos.properties.prefix", "my",
                "my.config.group", "mine",
                "spring.cloud.nacos.config.namespace", "not"));
        assertEquals("mine", other.getGroup());
        assertEquals("", other.getNamespace());
    }

    @Test
    void defaultsAreThoseOfSpringCloudAlibaba() {
        assertTrue(defaults.isEnabled());
        assertEquals("DEFAULT_GROUP", defaults.getGroup());
        assertEquals("properties", defaults.getFileExtension());
        assertEquals(3000, defaults.getTimeout());
        assertTrue(defaults.isRefreshEnabled());
        assertEquals(Preference.LOCAL, defaults.getPreference());
        assertEquals(NacreConfigProperties.RefreshBehavior.ALL_BEANS, defaults.getRefreshBehavior());
        assertTrue(defaults.getImportCheck().isEnabled());
        assertFalse(new NacreConfigProperties.Config().isRefresh());
    }

    @Test
    void secretsAreNotShown() {
        NacreConfigProperties all = bind(Map.of(
                "spring.cloud.nacos.password", "hidden",
                "spring.cloud.nacos.config.access-key", "hidden",
                "spring.cloud.nacos.config.secret-key", "hidden"));
        assertEquals("hidden", all.getPassword());
        assertFalse(all.toString().contains("hidden"), all.toString());
    }

    @Test
    void oldSpellingsOfListsCount() {
        NacreConfigProperties old = bind(Map.of(
                "spring.cloud.nacos.config.shared-dataids", "a.yaml, b.yaml",
                "spring.cloud.nacos.config.refreshable-dataids", "b.yaml",
                "spring.cloud.nacos.config.ext-config[0].data-id", "c.yaml"));
        assertEquals(
                List.of("a.yaml false", "b.yaml true"),
                old.shared().stream().map(each -> each.getDataId() + " " + each.isRefresh()).toList());
        assertEquals("c.yaml", old.extensions().get(0).getDataId());
        assertTrue(old.getSharedConfigs().isEmpty());
    }
}
