package io.nacre.spring.config;

import com.alibaba.nacos.plugin.encryption.spi.EncryptionPluginService;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;

/** An encryption plug-in of Nacos as a cipher. */
record NacosPluginCipher(EncryptionPluginService plugin) implements ConfigCipher {
    static void addTo(Map<String, ConfigCipher> ciphers, ClassLoader loader) {
        for (EncryptionPluginService plugin : ServiceLoader.load(EncryptionPluginService.class, loader)) {
            ciphers.put(plugin.algorithmName().toLowerCase(Locale.ROOT), new NacosPluginCipher(plugin));
        }
    }

    @Override
    public String algorithm() {
        return plugin.algorithmName();
    }

    @Override
    public String newKey() {
        return plugin.generateSecretKey();
    }

    @Override
    public String wrapKey(String key) {
        return plugin.encryptSecretKey(key);
    }

    @Override
    public String unwrapKey(String wrapped) {
        return plugin.decryptSecretKey(wrapped);
    }

    @Override
    public String encrypt(String key, String content) {
        return plugin.encrypt(key, content);
    }

    @Override
    public String decrypt(String key, String content) {
        return plugin.decrypt(key, content);
    }
}
