package io.nacre.spring.actuate;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.nacre.NacreClient;
import io.nacre.NacreMeterBinder;
import io.nacre.spring.client.Clients;
import io.nacre.spring.client.ConnectionSettings;
import java.util.HashSet;
import java.util.Set;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationListener;

/** The meters of all clients. Those that are made during the start are found when it has ended. */
final class ClientMeters implements MeterBinder, ApplicationListener<ApplicationReadyEvent> {
    private final Clients clients;
    private final Set<MeterRegistry> registries = new HashSet<>();
    private final Set<String> bound = new HashSet<>();

    ClientMeters(Clients clients) {
        this.clients = clients;
    }

    @Override
    public synchronized void bindTo(MeterRegistry registry) {
        registries.add(registry);
        bind(registry);
    }

    @Override
    public synchronized void onApplicationEvent(ApplicationReadyEvent event) {
        registries.forEach(this::bind);
    }

    private void bind(MeterRegistry registry) {
        clients.all().forEach((settings, client) -> {
            String name = System.identityHashCode(registry) + "/" + settings.hashCode();
            if (bound.add(name)) {
                bind(registry, settings, client);
            }
        });
    }

    private static void bind(MeterRegistry registry, ConnectionSettings settings, NacreClient client) {
        String servers = settings.servers().isEmpty() ? settings.endpoint() : String.join(",", settings.servers());
        new NacreMeterBinder(client, Tags.of("servers", servers)).bindTo(registry);
    }
}
