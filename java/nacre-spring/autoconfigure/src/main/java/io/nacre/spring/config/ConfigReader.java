package io.nacre.spring.config;

import io.nacre.ConfigKey;
import io.nacre.ConfigReadResult;
import io.nacre.ConfigReadResult.Reason;
import io.nacre.NacreClient;
import io.nacre.NacreException;
import io.nacre.Status;
import io.nacre.spring.client.Clients;
import io.nacre.spring.client.ConnectionSettings;
import io.nacre.spring.config.NacosConfigDataResource.Limits;
import java.time.Duration;
import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;

/** Reads configs of one namespace. */
final class ConfigReader {
    /** Clients whose server did not answer a read in full time; later reads of a start wait a moment only. */
    private static final Set<NacreClient> SILENT = Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));
    /** Those of applications that have a context. */
    private static final Set<Clients> STARTED = Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    private final NacreClient client;

    ConfigReader(Clients clients, ConnectionSettings settings) throws NacreException {
        this.client = clients.client(settings);
        client.config().addFilter(CipherFilter.INSTANCE);
    }

    NacreClient client() {
        return client;
    }

    ConfigReadResult read(ConfigKey key, Limits limits) throws NacreException {
        boolean silent = SILENT.contains(client) && client.status().state() != Status.State.CONNECTED;
        int limit = silent ? Math.min(limits.next(), limits.first()) : limits.first();
        ConfigReadResult result = client.config().withTimeout(Duration.ofMillis(limit)).read(key);
        Reason reason = result.reason().orElse(null);
        if (reason == Reason.UNREACHABLE || reason == Reason.SNAPSHOT) {
            SILENT.add(client);
        } else {
            SILENT.remove(client);
        }
        return result;
    }

    /** An application has a context now; its clients are closed with that. */
    static void started(Clients clients) {
        STARTED.add(clients);
    }

    static boolean isStarted(Clients clients) {
        return STARTED.contains(clients);
    }
}
