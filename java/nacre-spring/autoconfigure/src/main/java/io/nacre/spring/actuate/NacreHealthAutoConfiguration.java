package io.nacre.spring.actuate;

import io.nacre.spring.config.NacreConfigAutoConfiguration;
import io.nacre.spring.config.NacreConfigManager;
import io.nacre.spring.discovery.ApplicationHealth;
import io.nacre.spring.discovery.NacreServiceDiscovery;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.actuate.health.HealthContributorRegistry;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.actuate.health.StatusAggregator;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/**
 * The health components {@code nacosConfig} and {@code nacosDiscovery}, and the health that the registration may follow,
 * for Spring Boot 3.
 */
@AutoConfiguration(
        after = NacreConfigAutoConfiguration.class,
        afterName = {
            "io.nacre.spring.discovery.NacreDiscoveryAutoConfiguration",
            "org.springframework.boot.actuate.autoconfigure.health.HealthEndpointAutoConfiguration"
        })
@ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
public class NacreHealthAutoConfiguration {
    private static final String DOWN = "nacre.health.down-without-connection";

    /** Made by Spring. */
    public NacreHealthAutoConfiguration() {}

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
                HealthContributorRegistry registry, ObjectProvider<StatusAggregator> aggregator) {
            return new ContributorsHealth(registry, aggregator.getIfAvailable(StatusAggregator::getDefault));
        }
    }
}
