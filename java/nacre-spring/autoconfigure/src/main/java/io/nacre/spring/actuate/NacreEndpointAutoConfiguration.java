package io.nacre.spring.actuate;

import io.nacre.spring.client.Clients;
import io.nacre.spring.config.AnnotatedConfigs;
import io.nacre.spring.config.ConfigFollower;
import io.nacre.spring.config.NacreConfigAutoConfiguration;
import io.nacre.spring.config.NacreConfigManager;
import io.nacre.spring.config.NacreConfigProperties;
import io.nacre.spring.config.RefreshHistory;
import io.nacre.spring.discovery.CurrentRegistration;
import io.nacre.spring.discovery.NacreServiceDiscovery;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The endpoints {@code nacosconfig} and {@code nacosdiscovery}. */
@AutoConfiguration(
        after = NacreConfigAutoConfiguration.class,
        afterName = {
            "io.nacre.spring.discovery.NacreDiscoveryAutoConfiguration",
            "io.nacre.spring.discovery.NacreRegistrationAutoConfiguration"
        })
@ConditionalOnClass({Endpoint.class, ConditionalOnAvailableEndpoint.class})
public class NacreEndpointAutoConfiguration {
    /** Made by Spring. */
    public NacreEndpointAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnBean(NacreConfigManager.class)
    @ConditionalOnAvailableEndpoint(endpoint = NacosConfigEndpoint.class)
    NacosConfigEndpoint nacosConfigEndpoint(
            NacreConfigManager manager,
            NacreConfigProperties properties,
            RefreshHistory history,
            AnnotatedConfigs annotated,
            ObjectProvider<ConfigFollower> follower,
            Clients clients) {
        return new NacosConfigEndpoint(manager, properties, history, annotated, follower, clients);
    }

    /** Apart, since Spring Cloud may not be there. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(ServiceInstance.class)
    static class Discovery {
        @Bean
        @ConditionalOnMissingBean
        @ConditionalOnBean(NacreServiceDiscovery.class)
        @ConditionalOnAvailableEndpoint(endpoint = NacosDiscoveryEndpoint.class)
        NacosDiscoveryEndpoint nacosDiscoveryEndpoint(
                NacreServiceDiscovery discovery, ObjectProvider<CurrentRegistration> registration) {
            return new NacosDiscoveryEndpoint(discovery, registration);
        }
    }
}
