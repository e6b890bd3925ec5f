package io.nacre.spring.tests.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.nacos.plugin.encryption.spi.EncryptionPluginService;
import io.nacre.ConfigKey;
import io.nacre.ConfigValue;
import io.nacre.Publish;
import io.nacre.spring.client.NacreClientAutoConfiguration;
import io.nacre.spring.config.ConfigCipher;
import io.nacre.spring.config.ConfigContentException;
import io.nacre.spring.config.NacreConfigAutoConfiguration;
import io.nacre.spring.config.NacreConfigManager;
import io.nacre.testkit.Eventually;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.cloud.autoconfigure.RefreshAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/** Configs that only the application can read. */
class ConfigCipherTest extends ConfigLive {
    private static final String DATA_ID = "cipher-reverse-app.yaml";

    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration({
        NacreClientAutoConfiguration.class,
        NacreConfigAutoConfiguration.class,
        RefreshAutoConfiguration.class
    })
    static class App {}

    /** Turns texts round, and marks them with the key. */
    public static final class Reverse implements ConfigCipher {
        @Override
        public String algorithm() {
            return "reverse";
        }

        @Override
        public String newKey() {
            return "key";
        }

        @Override
        public String wrapKey(String key) {
            return reversed(key);
        }

        @Override
        public String unwrapKey(String wrapped) {
            return reversed(wrapped);
        }

        @Override
        public String encrypt(String key, String content) {
            return key + reversed(content);
        }

        @Override
        public String decrypt(String key, String content) {
            if (!content.startsWith(key)) {
                throw new IllegalArgumentException("another key");
            }
            return reversed(content.substring(key.length()));
        }

        private static String reversed(String text) {
            return new StringBuilder(text).reverse().toString();
        }
    }

    @Test
    void theApplicationReadsWhatTheServerCannot() throws Exception {
        Reverse cipher = new Reverse();
        Publish first = Publish.of(cipher.encrypt("key", "secret: one")).encryptedDataKey(cipher.wrapKey("key"));
        admin.config().publish(ConfigKey.of(DATA_ID), first);
        ConfigurableApplicationContext app = run(App.class, "--spring.config.import=nacos:" + DATA_ID);
        assertEquals("one", app.getEnvironment().getProperty("secret"));
        app.getBean(NacreConfigManager.class).config().publish(ConfigKey.of(DATA_ID), "secret: two");
        ConfigValue kept = admin.config().get(ConfigKey.of(DATA_ID)).orElseThrow();
        assertFalse(kept.content().contains("secret"), kept.content());
        Eventually.holds(() -> assertEquals("two", app.getEnvironment().getProperty("secret")));
    }

    /** A plug-in as it is written for Nacos: shifts every character by one. */
    public static final class Shift implements EncryptionPluginService {
        @Override
        public String algorithmName() {
            return "shift";
        }

        @Override
        public String generateSecretKey() {
            return "1";
        }

        @Override
        public String encryptSecretKey(String key) {
            return "wrapped" + key;
        }

        @Override
        public String decryptSecretKey(String wrapped) {
            return wrapped.substring("wrapped".length());
        }

        @Override
        public String encrypt(String key, String content) {
            return shifted(content, Integer.parseInt(key));
        }

        @Override
        public String decrypt(String key, String content) {
            return shifted(content, -Integer.parseInt(key));
        }

        private static String shifted(String text, int by) {
            StringBuilder shifted = new StringBuilder();
            text.chars().forEach(each -> shifted.append((char) (each + by)));
            return shifted.toString();
        }
    }

    @Test
    void plugInsOfNacosAreUsedAsTheyAre() throws Exception {
        ConfigKey key = ConfigKey.of("cipher-shift-app.yaml");
        admin.config().publish(key, Publish.of(new Shift().encrypt("1", "secret: one")).encryptedDataKey("wrapped1"));
        ConfigurableApplicationContext app = run(App.class, "--spring.config.import=nacos:" + key.dataId());
        assertEquals("one", app.getEnvironment().getProperty("secret"));
        app.getBean(NacreConfigManager.class).config().publish(key, "secret: two");
        ConfigValue kept = admin.config().get(key).orElseThrow();
        assertEquals("tfdsfu;!uxp", kept.content());
        assertEquals("wrapped1", kept.encryptedDataKey());
        Eventually.holds(() -> assertEquals("two", app.getEnvironment().getProperty("secret")));
    }

    @Test
    void anUnknownAlgorithmIsNotTakenForPlainText() throws Exception {
        String dataId = "cipher-unknown-app.yaml";
        admin.config().publish(ConfigKey.of(dataId), Publish.of("xyz").encryptedDataKey("wrapped"));
        ConfigContentException failure = assertThrows(
                ConfigContentException.class, () -> run(App.class, "--spring.config.import=nacos:" + dataId));
        assertTrue(failure.getMessage().contains("unknown"), failure.getMessage());
        run(App.class, "--spring.config.import=optional:nacos:" + dataId);
    }
}
