package io.nacre;

/**
 * Is told how the instances of a service change, one call after the other. The first call has the present list, even if it is empty. A slow listener gets several changes as one, and always the newest state.
 *
 * <p>It runs on the executor that it was added with, never beside itself, and may block and call the client.
 */
@FunctionalInterface
public interface ServiceListener {
    /**
     * Takes the news.
     *
     * @param change what changed since it returned the last time
     * @throws Exception when it cannot be used; it is offered again after 1 s, later with each failure up to 5 s, or
     *     with the next change
     */
    void onChange(ServiceChange change) throws Exception;
}
