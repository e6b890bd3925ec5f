package io.nacre;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * Shows what a client counts in Micrometer. It can be bound to a registry at any time, and to another one later, in
 * place of the first. Needs {@code io.micrometer:micrometer-core}.
 */
public final class NacreMeterBinder implements MeterBinder, AutoCloseable {
    private final NacreClient client;
    private final Tags tags;
    private final List<Meter> meters = new ArrayList<>();
    private MeterRegistry bound;

    /**
     * For a client.
     *
     * @param client what is shown
     * @param tags of all meters; the namespace is added
     */
    public NacreMeterBinder(NacreClient client, Iterable<Tag> tags) {
        this.client = Names.present(client, "client");
        this.tags = Tags.of(Names.present(tags, "tags")).and("namespace", client.namespace());
    }

    /**
     * Adds the meters to a registry, and takes them off the one before.
     *
     * @param registry where they are shown from now on
     */
    @Override
    public synchronized void bindTo(MeterRegistry registry) {
        close();
        bound = registry;
        counter("nacre.client.calls", "Requests that were answered with success", Metrics::calls);
        counter("nacre.client.calls.failed", "Requests that failed in the end", Metrics::failedCalls);
        counter("nacre.client.retries", "Further attempts of requests", Metrics::retries);
        counter("nacre.client.pushes", "Pushes that arrived", Metrics::pushes);
        counter("nacre.client.connections", "Connections that were made", Metrics::connections);
        counter("nacre.client.connections.failed", "Attempts to connect that failed", Metrics::failedConnections);
        counter("nacre.client.logins", "Tokens that were fetched", Metrics::logins);
        counter("nacre.client.redone", "Registrations and subscriptions that were sent again", Metrics::redone);
        gauge("nacre.client.services", "Services that are held in memory", Metrics::services);
        gauge("nacre.client.configs.listened", "Configs that are listened to", Metrics::listenedConfigs);
        meters.add(Gauge.builder(
                        "nacre.client.connected",
                        client,
                        shown -> shown.status().state() == Status.State.CONNECTED ? 1 : 0)
                .description("Whether there is a connection")
                .tags(tags)
                .register(registry));
    }

    private void counter(String name, String description, ToLongFunction<Metrics> value) {
        meters.add(FunctionCounter.builder(name, client, shown -> value.applyAsLong(shown.metrics()))
                .description(description)
                .tags(tags)
                .register(bound));
    }

    private void gauge(String name, String description, ToLongFunction<Metrics> value) {
        meters.add(Gauge.builder(name, client, shown -> value.applyAsLong(shown.metrics()))
                .description(description)
                .tags(tags)
                .register(bound));
    }

    /** Takes the meters off the registry. */
    @Override
    public synchronized void close() {
        if (bound != null) {
            meters.forEach(bound::remove);
            meters.clear();
            bound = null;
        }
    }
}
