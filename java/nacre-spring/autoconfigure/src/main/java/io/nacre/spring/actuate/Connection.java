package io.nacre.spring.actuate;

import io.nacre.NacreClient;
import io.nacre.Status;
import java.util.LinkedHashMap;
import java.util.Map;

/** What is shown of a client's connection. */
public final class Connection {
    private Connection() {}

    /**
     * State, servers and last error.
     *
     * @param client the client
     * @return names and values
     */
    public static Map<String, Object> of(NacreClient client) {
        Status status = client.status();
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("state", status.state().name());
        shown.put("since", status.since());
        shown.put("servers", client.servers());
        status.server().ifPresent(server -> shown.put("server", server));
        shown.put("namespace", client.namespace());
        shown.put("serverGeneration", status.serverGeneration().name());
        status.localAddress().ifPresent(address -> shown.put("localAddress", address));
        status.lastError().ifPresent(error -> shown.put("lastError", error.reason()));
        return shown;
    }

    /**
     * Whether there is a connection.
     *
     * @param client the client
     * @return true if so
     */
    public static boolean isUp(NacreClient client) {
        return client.status().state() == Status.State.CONNECTED;
    }
}
