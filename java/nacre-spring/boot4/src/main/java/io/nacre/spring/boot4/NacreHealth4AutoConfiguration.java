package io.nacre.spring.boot4;

import io.nacre.spring.config.NacreConfigManager;
import io.nacre.spring.discovery.ApplicationHealth;
import io.nacre.spring.discovery.NacreServiceDiscovery;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.health.actuate.endpoint.StatusAggregator;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthContributors;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.registry.HealthContributorRegistry;
import org.springframework.boot.health.registry.ReactiveHealthContributorRegistry;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/**
 * The health components {@code nacosConfig} and {@code nacosDiscovery}, and the health that the registration may follow,
 * for Spring Boot 4.
 */
@AutoConfiguration(
        afterName = {
            "org.springframework.boot.health.autoconfigure.registry.HealthContributorRegistryAutoConfiguration",
            "io.nacre.spring.config.NacreConfigAutoConfiguration",
            "io.nacre.spring.discovery.NacreDiscoveryAutoConfiguration"
        })
@ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
public class NacreHealth4AutoConfiguration {
    private static final String DOWN = "nacre.health.down-without-connection";

    /** Made by Spring. */
    public NacreHealth4AutoConfiguration() {}

    private static boolean isDownWithout(Environment environment) {
        return environment.getProperty(DOWN, Boolean.class, false);
    }

    @Bean
    @ConditionalOnMissingBean(name = "nacosConfigHealthIndicator")
    @ConditionalOnBean(NacreConfigManager.class)
    @ConditionalOnEnabledHealthIndicator("nacos-config")
    @ConditionalOnProperty(name = "spring.nacos.config.health-indicator.enabled", matchIfMissing = true)
    HealthIndicator nacosConfigHealthIndicator(NacreConfigManager manager, Environment environment) {
        return new ConnectionHealthIndicator(manager::client, isDownWithout(environment));
    }

    /** Apart, since Spring Cloud may not be there. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(ServiceInstance.class)
    static class Discovery {
        @Bean
        @ConditionalOnMissingBean(name = "nacosDiscoveryHealthIndicator")
        @ConditionalOnBean(NacreServiceDiscovery.class)
        @ConditionalOnEnabledHealthIndicator("nacos-discovery")
        @ConditionalOnProperty(
                name = "spring.cloud.nacos.discovery.health-indicator.enabled",
                matchIfMissing = true)
        HealthIndicator nacosDiscoveryHealthIndicator(NacreServiceDiscovery discovery, Environment environment) {
            return new ConnectionHealthIndicator(discovery::client, isDownWithout(environment));
        }

        @Bean
        @ConditionalOnMissingBean
        @ConditionalOnBean(HealthContributorRegistry.class)
        @ConditionalOnProperty("nacre.discovery.follow-health")
        ApplicationHealth nacreApplicationHealth(
                HealthContributorRegistry registry,
                ObjectProvider<ReactiveHealthContributorRegistry> reactive,
                ObjectProvider<StatusAggregator> aggregator) {
            ReactiveHealthContributorRegistry others = reactive.getIfAvailable();
            HealthContributors all =
                    others == null ? registry : HealthContributors.of(registry, others.asHealthContributors());
            return new ContributorsHealth(all, aggregator.getIfAvailable(StatusAggregator::getDefault));
        }
    }
}
