package io.nacre.spring.actuate;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.nacre.spring.client.Clients;
import io.nacre.spring.config.NacreConfigAutoConfiguration;
import io.nacre.spring.config.NacreConfigManager;
import io.nacre.spring.config.RefreshHistory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;

/** Meters of clients and refreshes. */
@AutoConfiguration(after = NacreConfigAutoConfiguration.class)
@ConditionalOnClass({MeterRegistry.class, MeterBinder.class})
@ConditionalOnProperty(name = "nacre.metrics.enabled", matchIfMissing = true)
public class NacreMetricsAutoConfiguration {
    /** Made by Spring. */
    public NacreMetricsAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    ClientMeters nacreClientMeters(Clients clients) {
        return new ClientMeters(clients);
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnBean(NacreConfigManager.class)
    RefreshMeters nacreRefreshMeters(NacreConfigManager manager, RefreshHistory history) {
        return new RefreshMeters(manager, history);
    }
}
