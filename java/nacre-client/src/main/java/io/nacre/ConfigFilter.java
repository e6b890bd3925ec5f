package io.nacre;

/**
 * Changes contents on their way to and from the server, on the thread of the caller or of the listener's executor.
 *
 * <p>Filters stand above the cache and the files: md5, compare-and-set, snapshots and failover files hold the text as
 * the server has it. A publish passes them in ascending order, a read in descending order, so what was done last is
 * undone first.
 */
public interface ConfigFilter {
    /**
     * The name. A filter replaces an earlier one of the same name.
     *
     * @return the name
     */
    String name();

    /**
     * The place among the filters; equal ones keep the order in which they were added.
     *
     * @return 0 by default
     */
    default int order() {
        return 0;
    }

    /**
     * Whether the values of a config pass this filter at all.
     *
     * @param key the config
     * @return true by default
     */
    default boolean applies(ConfigKey key) {
        return true;
    }

    /**
     * Changes what is published.
     *
     * @param key the config
     * @param outgoing the content with what the server keeps beside it
     * @return what to publish instead
     * @throws Exception fails the publish
     */
    Publish publish(ConfigKey key, Publish outgoing) throws Exception;

    /**
     * Changes what was read.
     *
     * @param key the config
     * @param content the text, as the filters before left it
     * @param raw the value as the server has it
     * @return the text to use instead
     * @throws Exception fails a read; a listener gets the value when it passes at a later attempt
     */
    String receive(ConfigKey key, String content, ConfigValue raw) throws Exception;
}
