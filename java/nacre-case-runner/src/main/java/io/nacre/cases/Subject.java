package io.nacre.cases;

import com.fasterxml.jackson.databind.JsonNode;

/** The client of some language, as cases use it. */
public interface Subject {
    /**
     * Runs an operation.
     *
     * @param operation e.g. {@code config.get}; {@code client.connect} makes a client of its {@code options}
     * @param on the name of the client
     * @param args the arguments; a missing node when there are none
     * @param recorder where a watch tells its events
     * @return its value
     * @throws Failure when the client fails
     * @throws Exception when something else is wrong
     */
    JsonNode perform(String operation, String on, JsonNode args, Recorder recorder) throws Exception;

    /** Closes all clients. */
    void close();
}
