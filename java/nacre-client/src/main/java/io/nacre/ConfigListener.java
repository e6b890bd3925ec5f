package io.nacre;

/**
 * Is told the value of a config, one call after the other. A slow listener misses values in between, and never the newest one.
 *
 * <p>It runs on the executor that it was added with, never beside itself, and may block and call the client.
 */
@FunctionalInterface
public interface ConfigListener {
    /**
     * Takes the news.
     *
     * @param event the newest value
     * @throws Exception when it cannot be used; it is offered again after 1 s, later with each failure up to 5 s, or
     *     with the next change
     */
    void onChange(ConfigEvent event) throws Exception;
}
