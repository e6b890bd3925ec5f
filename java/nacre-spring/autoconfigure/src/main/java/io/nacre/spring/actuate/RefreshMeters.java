package io.nacre.spring.actuate;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.nacre.spring.config.NacreConfigManager;
import io.nacre.spring.config.RefreshHistory;

/** How often configs were refreshed, and how many there are. */
record RefreshMeters(NacreConfigManager manager, RefreshHistory history) implements MeterBinder {
    @Override
    public void bindTo(MeterRegistry registry) {
        FunctionCounter.builder(
                        "nacre.config.refreshes", history, shown -> shown.refreshes() - shown.failures())
                .description("Refreshes of the application after changes of configs")
                .tag("result", "success")
                .register(registry);
        FunctionCounter.builder("nacre.config.refreshes", history, RefreshHistory::failures)
                .description("Refreshes of the application after changes of configs")
                .tag("result", "failure")
                .register(registry);
        Gauge.builder("nacre.config.sources", manager, shown -> shown.sources().size())
                .description("Configs that the application has imported")
                .register(registry);
    }
}
