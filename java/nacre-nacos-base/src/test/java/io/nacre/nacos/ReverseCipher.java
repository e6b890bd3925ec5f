package io.nacre.nacos;

import com.alibaba.nacos.plugin.encryption.spi.EncryptionPluginService;

/** An encryption plug-in for {@code cipher-reverse-} data ids: turns texts round and marks them with the key. */
public class ReverseCipher implements EncryptionPluginService {
    private static final String KEY = "key-of-the-test";

    @Override
    public String encrypt(String secretKey, String content) {
        return secretKey + ":" + new StringBuilder(content).reverse();
    }

    @Override
    public String decrypt(String secretKey, String content) {
        String prefix = secretKey + ":";
        return content.startsWith(prefix)
                ? new StringBuilder(content.substring(prefix.length()))
                        .reverse()
                        .toString()
                : content;
    }

    @Override
    public String generateSecretKey() {
        return KEY;
    }

    @Override
    public String algorithmName() {
        return "reverse";
    }

    @Override
    public String encryptSecretKey(String secretKey) {
        return new StringBuilder(secretKey).reverse().toString();
    }

    @Override
    public String decryptSecretKey(String secretKey) {
        return new StringBuilder(secretKey).reverse().toString();
    }
}
