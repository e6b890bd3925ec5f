package io.nacre.spring.client;

import io.nacre.NacreClient;
import io.nacre.NacreException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The clients of one application: discovery and config share one when their settings are equal, and one connection even
 * when they differ in the namespace only. They are made on first use and closed with the application.
 */
public final class Clients implements AutoCloseable {
    private static final AtomicLong LAST = new AtomicLong();

    private final String pool = "spring-" + LAST.incrementAndGet();
    private final Map<ConnectionSettings, NacreClient> clients = new LinkedHashMap<>();
    private boolean isClosed;

    /**
     * The client of these settings.
     *
     * @param settings how it is connected
     * @return the same one each time
     * @throws NacreException when a setting is not legal, or the application has ended
     */
    public synchronized NacreClient client(ConnectionSettings settings) throws NacreException {
        if (isClosed) {
            throw NacreException.of(io.nacre.ErrorKind.CLOSED, 0, false, "the application has ended");
        }
        NacreClient client = clients.get(settings);
        if (client == null) {
            client = settings.open(pool);
            clients.put(settings, client);
        }
        return client;
    }

    /**
     * All clients that were made.
     *
     * @return a copy
     */
    public synchronized Map<ConnectionSettings, NacreClient> all() {
        return new LinkedHashMap<>(clients);
    }

    /** Closes all of them. */
    @Override
    public void close() {
        Map<ConnectionSettings, NacreClient> open;
        synchronized (this) {
            isClosed = true;
            open = all();
            clients.clear();
        }
        open.values().forEach(NacreClient::close);
    }
}
