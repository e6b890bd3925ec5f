package io.nacre;

/**
 * Is told what happens to a client's connection.
 *
 * <p>It runs on the executor that it was added with, never beside itself, and may block and call the client.
 */
@FunctionalInterface
public interface ClientListener {
    /**
     * Takes the news.
     *
     * @param event what happened
     * @throws Exception when it cannot be used; this is logged
     */
    void onEvent(ClientEvent event) throws Exception;
}
