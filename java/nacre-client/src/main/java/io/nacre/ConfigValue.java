package io.nacre;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** A config's value. Immutable. Its text form is made when it is first asked for. */
public final class ConfigValue {
    /** Where a value came from. Values may be added. */
    public enum Source {
        /** A file that an operator put in place of the server's value. */
        FAILOVER,
        /** The server. */
        SERVER,
        /** The copy on disk of what the server said last; it is used while no server can be reached. */
        SNAPSHOT
    }

    private final byte[] bytes;
    private final String md5;
    private final String type;
    private final String encryptedDataKey;
    private final Source source;
    private final long lastModified;
    private final ConfigValue raw;
    private volatile String content;

    ConfigValue(byte[] bytes, String md5, String type, String encryptedDataKey, Source source, long lastModified) {
        this.bytes = bytes;
        this.md5 = md5;
        this.type = type;
        this.encryptedDataKey = encryptedDataKey;
        this.source = source;
        this.lastModified = lastModified;
        this.raw = this;
    }

    private ConfigValue(ConfigValue raw, String content) {
        this.bytes = content.getBytes(StandardCharsets.UTF_8);
        this.md5 = raw.md5;
        this.type = raw.type;
        this.encryptedDataKey = raw.encryptedDataKey;
        this.source = raw.source;
        this.lastModified = raw.lastModified;
        this.raw = raw;
        this.content = content;
    }

    /** What a filter made of this value. */
    ConfigValue filtered(String text) {
        return text.equals(content()) ? this : new ConfigValue(raw, text);
    }

    /**
     * The text.
     *
     * @return the content
     */
    public String content() {
        String text = content;
        if (text == null) {
            text = new String(bytes, StandardCharsets.UTF_8);
            content = text;
        }
        return text;
    }

    /**
     * The text in UTF-8.
     *
     * @return a copy
     */
    public byte[] bytes() {
        return bytes.clone();
    }

    /**
     * Lowercase hex md5 of the text as the server has it, for
     * {@link ConfigClient#publishCas(ConfigKey, Publish, String)}.
     *
     * @return the md5
     */
    public String md5() {
        return md5;
    }

    /**
     * {@code yaml}, {@code json}, {@code text}, ...
     *
     * @return the type, null when the value did not come from the server
     */
    public String type() {
        return type;
    }

    /**
     * Key of encrypted content, itself encrypted.
     *
     * @return the key, null when the content is plain
     */
    public String encryptedDataKey() {
        return encryptedDataKey;
    }

    /**
     * Where the value came from.
     *
     * @return the source
     */
    public Source source() {
        return source;
    }

    /**
     * The server's time of the change, or the file's.
     *
     * @return milliseconds since the epoch
     */
    public long lastModified() {
        return lastModified;
    }

    /**
     * The value as the server has it, before any filter changed it.
     *
     * @return this value if no filter did
     */
    public ConfigValue raw() {
        return raw;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ConfigValue
                && ((ConfigValue) other).md5.equals(md5)
                && ((ConfigValue) other).source == source
                && Objects.equals(((ConfigValue) other).type, type)
                && Objects.equals(((ConfigValue) other).encryptedDataKey, encryptedDataKey)
                && ((ConfigValue) other).content().equals(content());
    }

    @Override
    public int hashCode() {
        return md5.hashCode();
    }

    /** Without the content, which may be long or secret. */
    @Override
    public String toString() {
        return "ConfigValue{" + bytes.length + " bytes, md5=" + md5 + ", type=" + type + ", source=" + source + "}";
    }
}
