package io.nacre.spring.config;

import io.nacre.ConfigFilter;
import io.nacre.ConfigKey;
import io.nacre.ConfigValue;
import io.nacre.Publish;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.springframework.util.ClassUtils;
import org.springframework.util.StringUtils;

/**
 * Encrypts and decrypts {@code cipher-} configs. Without the algorithm that the data id names, texts stay as they are on
 * the way to the server and are refused on the way from it when they carry a key: an application must not start with
 * encrypted texts for values.
 */
final class CipherFilter implements ConfigFilter {
    static final CipherFilter INSTANCE = new CipherFilter();

    private static final String PREFIX = "cipher-";
    private static final String NACOS = "com.alibaba.nacos.plugin.encryption.spi.EncryptionPluginService";

    /** By algorithm. */
    private Map<String, ConfigCipher> ciphers;

    private CipherFilter() {}

    @Override
    public String name() {
        return "spring-cipher";
    }

    @Override
    public boolean applies(ConfigKey key) {
        return key.dataId().startsWith(PREFIX);
    }

    @Override
    public Publish publish(ConfigKey key, Publish outgoing) {
        ConfigCipher cipher = cipher(key);
        if (cipher == null) {
            return outgoing;
        }
        String secret = cipher.newKey();
        return outgoing.withContent(cipher.encrypt(secret, outgoing.content()))
                .encryptedDataKey(cipher.wrapKey(secret));
    }

    @Override
    public String receive(ConfigKey key, String content, ConfigValue raw) {
        ConfigCipher cipher = cipher(key);
        if (cipher != null) {
            String wrapped = raw.encryptedDataKey();
            return cipher.decrypt(cipher.unwrapKey(wrapped == null ? "" : wrapped), content);
        }
        if (StringUtils.hasText(raw.encryptedDataKey())) {
            throw new IllegalStateException("no ConfigCipher or EncryptionPluginService for \"" + algorithm(key)
                    + "\" is on the class path, known are " + ciphers().keySet());
        }
        return content;
    }

    private ConfigCipher cipher(ConfigKey key) {
        return ciphers().get(algorithm(key));
    }

    private static String algorithm(ConfigKey key) {
        String rest = key.dataId().substring(PREFIX.length());
        int end = rest.indexOf('-');
        return (end < 0 ? rest : rest.substring(0, end)).toLowerCase(Locale.ROOT);
    }

    private synchronized Map<String, ConfigCipher> ciphers() {
        if (ciphers == null) {
            ClassLoader loader = CipherFilter.class.getClassLoader();
            Map<String, ConfigCipher> found = new TreeMap<>();
            if (ClassUtils.isPresent(NACOS, loader)) {
                NacosPluginCipher.addTo(found, loader);
            }
            ServiceLoader.load(ConfigCipher.class, loader)
                    .forEach(cipher -> found.put(cipher.algorithm().toLowerCase(Locale.ROOT), cipher));
            ciphers = found;
        }
        return ciphers;
    }
}
