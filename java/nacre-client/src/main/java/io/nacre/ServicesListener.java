package io.nacre;

/**
 * Is told the names of the services of a group, first the present ones.
 *
 * <p>It runs on the executor that it was added with, never beside itself, and may block and call the client.
 */
@FunctionalInterface
public interface ServicesListener {
    /**
     * Takes the news.
     *
     * @param names the newest names
     * @throws Exception when it cannot be used; it is offered again after 1 s, later with each failure up to 5 s, or
     *     with the next change
     */
    void onChange(ServiceNames names) throws Exception;
}
