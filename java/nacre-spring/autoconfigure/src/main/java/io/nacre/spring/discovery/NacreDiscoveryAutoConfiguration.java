package io.nacre.spring.discovery;

import io.nacre.NacreException;
import io.nacre.spring.client.Clients;
import io.nacre.spring.client.ConnectionSettings;
import io.nacre.spring.client.NacreClientAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.cloud.client.ConditionalOnBlockingDiscoveryEnabled;
import org.springframework.cloud.client.ConditionalOnReactiveDiscoveryEnabled;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** Finds services. */
@AutoConfiguration(
        after = NacreClientAutoConfiguration.class,
        beforeName = {
            "org.springframework.cloud.client.discovery.simple.SimpleDiscoveryClientAutoConfiguration",
            "org.springframework.cloud.client.discovery.simple.reactive.SimpleReactiveDiscoveryClientAutoConfiguration",
            "org.springframework.cloud.client.CommonsClientAutoConfiguration",
            "org.springframework.cloud.client.ReactiveCommonsClientAutoConfiguration"
        },
        afterName =
                "org.springframework.cloud.client.discovery.composite.reactive.ReactiveCompositeDiscoveryClientAutoConfiguration")
@ConditionalOnNacreDiscovery
@EnableConfigurationProperties({NacreDiscoveryProperties.class, NacreRegistrationProperties.class})
public class NacreDiscoveryAutoConfiguration {
    /** Made by Spring. */
    public NacreDiscoveryAutoConfiguration() {}

    /**
     * Finds services.
     *
     * @param clients has the client
     * @param properties the settings
     * @param environment names the servers
     * @return the discovery
     * @throws NacreException when a setting is not legal
     */
    @Bean
    @ConditionalOnMissingBean
    public NacreServiceDiscovery nacreServiceDiscovery(
            Clients clients, NacreDiscoveryProperties properties, Environment environment) throws NacreException {
        return new NacreServiceDiscovery(clients.client(ConnectionSettings.discovery(environment)), properties);
    }

    /** The blocking client. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnBlockingDiscoveryEnabled
    static class Blocking {
        @Bean
        @ConditionalOnMissingBean
        NacreDiscoveryClient nacreDiscoveryClient(
                NacreServiceDiscovery discovery, NacreRegistrationProperties properties) {
            return new NacreDiscoveryClient(discovery, properties.getOrder());
        }
    }

    /** The reactive client. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnReactiveDiscoveryEnabled
    @ConditionalOnClass(name = "reactor.core.publisher.Flux")
    static class Reactive {
        @Bean
        @ConditionalOnMissingBean
        NacreReactiveDiscoveryClient nacreReactiveDiscoveryClient(
                NacreServiceDiscovery discovery, NacreRegistrationProperties properties) {
            return new NacreReactiveDiscoveryClient(discovery, properties.getOrder());
        }
    }
}
