package io.nacre;

/**
 * Is told which services fit a pattern: first all of them, even if there are none, then changes.
 *
 * <p>It runs on the executor that it was added with, never beside itself, and may block and call the client.
 */
@FunctionalInterface
public interface ServicePatternListener {
    /**
     * Takes the news.
     *
     * @param change what came and went since it returned the last time
     * @throws Exception when it cannot be used; it is offered again after 1 s, later with each failure up to 5 s, or
     *     with the next change
     */
    void onChange(ServicePatternChange change) throws Exception;
}
