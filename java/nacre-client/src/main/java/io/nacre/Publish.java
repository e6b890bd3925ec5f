package io.nacre;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A content to publish, with what the server keeps beside it. */
public final class Publish {
    byte[] content;
    String type;
    String appName;
    List<String> tags = Collections.emptyList();
    String description;
    String usage;
    String effect;
    String schema;
    String operator;
    String encryptedDataKey;

    private Publish(byte[] content) {
        this.content = content;
    }

    /**
     * A content without anything beside it.
     *
     * @param content the text
     * @return what to publish
     */
    public static Publish of(String content) {
        return new Publish(Names.present(content, "content").getBytes(StandardCharsets.UTF_8));
    }

    /**
     * A content without anything beside it.
     *
     * @param content UTF-8
     * @return what to publish
     */
    public static Publish of(byte[] content) {
        return new Publish(Names.present(content, "content").clone());
    }

    /**
     * Sets the type.
     *
     * @param type {@code properties}, {@code xml}, {@code json}, {@code text}, {@code html}, {@code yaml} or
     *     {@code toml}; default none, which the server reads as {@code text}
     * @return this
     */
    public Publish type(String type) {
        this.type = type;
        return this;
    }

    /**
     * Sets the name of the application it belongs to.
     *
     * @param appName default: the server keeps the one it has
     * @return this
     */
    public Publish appName(String appName) {
        this.appName = appName;
        return this;
    }

    /**
     * Sets labels for searches.
     *
     * @param tags at most five, 64 characters each
     * @return this
     */
    public Publish tags(List<String> tags) {
        this.tags = Collections.unmodifiableList(new ArrayList<>(Names.present(tags, "tags")));
        return this;
    }

    /**
     * Sets the description.
     *
     * @param description at most 128 characters
     * @return this
     */
    public Publish description(String description) {
        this.description = description;
        return this;
    }

    /**
     * Sets what it is used for.
     *
     * @param usage at most 32 characters
     * @return this
     */
    public Publish usage(String usage) {
        this.usage = usage;
        return this;
    }

    /**
     * Sets when it takes effect.
     *
     * @param effect at most 32 characters
     * @return this
     */
    public Publish effect(String effect) {
        this.effect = effect;
        return this;
    }

    /**
     * Sets a schema of the content.
     *
     * @param schema at most 32,768 characters
     * @return this
     */
    public Publish schema(String schema) {
        this.schema = schema;
        return this;
    }

    /**
     * Sets who publishes, for the history.
     *
     * @param operator default: the user who logged in
     * @return this
     */
    public Publish operator(String operator) {
        this.operator = operator;
        return this;
    }

    /**
     * Sets the key of a content that the caller encrypted.
     *
     * @param encryptedDataKey default none
     * @return this
     */
    public Publish encryptedDataKey(String encryptedDataKey) {
        this.encryptedDataKey = encryptedDataKey;
        return this;
    }

    /** Refuses what the server would refuse, with its code. */
    void check(int maxContent) {
        if (isBlank(content)) {
            throw new InvalidParameterException("content is blank");
        }
        if (content.length > maxContent) {
            throw new InvalidParameterException("content is too long, over " + maxContent + " bytes");
        }
        if (tags.size() > 5) {
            throw new InvalidParameterException(500, "too many config_tags, over 5");
        }
        for (String tag : tags) {
            limit("config_tags", Names.present(tag, "tag"), 64);
            if (tag.indexOf(',') >= 0) {
                throw new InvalidParameterException(500, "a tag must not have a comma");
            }
        }
        limit("desc", description, 128);
        limit("use", usage, 32);
        limit("effect", effect, 32);
        limit("schema", schema, 32_768);
    }

    private static void limit(String name, String text, int length) {
        if (text != null && text.length() > length) {
            throw new InvalidParameterException(500, "too long " + name + ", over " + length);
        }
    }

    /**
     * The text.
     *
     * @return the content
     */
    public String content() {
        return new String(content, StandardCharsets.UTF_8);
    }

    /**
     * The type, for filters.
     *
     * @return the type, or null
     */
    public String type() {
        return type;
    }

    /**
     * Key of a content that the caller encrypted, for filters.
     *
     * @return the key, or null
     */
    public String encryptedDataKey() {
        return encryptedDataKey;
    }

    /**
     * The same with another content, for filters.
     *
     * @param text the content
     * @return a copy
     */
    public Publish withContent(String text) {
        Publish copy = copy();
        copy.content = Names.present(text, "content").getBytes(StandardCharsets.UTF_8);
        return copy;
    }

    private static boolean isBlank(byte[] content) {
        // Most contents begin with something else than white space.
        return content.length == 0
                || content[0] <= ' ' && new String(content, StandardCharsets.UTF_8).trim().isEmpty();
    }

    Publish copy() {
        Publish copy = new Publish(content);
        copy.type = type;
        copy.appName = appName;
        copy.tags = tags;
        copy.description = description;
        copy.usage = usage;
        copy.effect = effect;
        copy.schema = schema;
        copy.operator = operator;
        copy.encryptedDataKey = encryptedDataKey;
        return copy;
    }
}
