package io.nacre.spring.config;

/**
 * Encrypts configs whose data id begins with {@code cipher-ALGORITHM-}. Implementations are listed in
 * {@code META-INF/services}, since configs are read before there are beans. Encryption plug-ins of Nacos
 * ({@code EncryptionPluginService}) serve too.
 */
public interface ConfigCipher {
    /**
     * The name in data ids.
     *
     * @return e.g. {@code aes}
     */
    String algorithm();

    /**
     * A new key for a config that is published.
     *
     * @return the key
     */
    String newKey();

    /**
     * Protects a key.
     *
     * @param key the key
     * @return the text that the server keeps beside the content
     */
    String wrapKey(String key);

    /**
     * Takes the protection off a key.
     *
     * @param wrapped the text that the server keeps beside the content
     * @return the key
     */
    String unwrapKey(String wrapped);

    /**
     * Encrypts a content.
     *
     * @param key the key
     * @param content the plain text
     * @return the text that the server keeps
     */
    String encrypt(String key, String content);

    /**
     * Decrypts a content.
     *
     * @param key the key
     * @param content the text that the server keeps
     * @return the plain text
     */
    String decrypt(String key, String content);
}
