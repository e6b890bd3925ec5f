package io.nacre.spring.discovery;

import io.nacre.spring.client.ConnectionSettings;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.cloud.client.serviceregistry.AutoServiceRegistrationProperties;
import org.springframework.cloud.client.serviceregistry.Registration;
import org.springframework.cloud.client.serviceregistry.RegistrationLifecycle;
import org.springframework.cloud.client.serviceregistry.ServiceRegistry;
import org.springframework.cloud.commons.util.InetUtils;
import org.springframework.cloud.commons.util.InetUtilsProperties;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/** Registers this application. */
@AutoConfiguration(
        after = NacreDiscoveryAutoConfiguration.class,
        afterName = {
            "org.springframework.cloud.client.serviceregistry.AutoServiceRegistrationConfiguration",
            "org.springframework.cloud.client.serviceregistry.AutoServiceRegistrationAutoConfiguration",
            "org.springframework.cloud.commons.util.UtilAutoConfiguration"
        },
        beforeName = "org.springframework.cloud.client.serviceregistry.ServiceRegistryAutoConfiguration")
@ConditionalOnNacreDiscovery
@ConditionalOnProperty(value = "spring.cloud.service-registry.auto-registration.enabled", matchIfMissing = true)
public class NacreRegistrationAutoConfiguration {
    /** Made by Spring. */
    public NacreRegistrationAutoConfiguration() {}

    /**
     * Registers at the server.
     *
     * @param discovery has the client
     * @param properties how long it waits
     * @param environment names the servers
     * @return the registry
     */
    @Bean
    @ConditionalOnMissingBean(ServiceRegistry.class)
    public NacreServiceRegistry nacreServiceRegistry(
            NacreServiceDiscovery discovery, NacreRegistrationProperties properties, Environment environment) {
        return new NacreServiceRegistry(
                discovery, ConnectionSettings.discovery(environment), properties.getStartTimeout());
    }

    @Bean
    @ConditionalOnMissingBean
    AddressChooser nacreAddressChooser(InetUtils inetUtils, ObjectProvider<InetUtilsProperties> inetProperties) {
        return new AddressChooser(inetUtils, inetProperties.getIfAvailable(InetUtilsProperties::new));
    }

    @Bean
    @ConditionalOnMissingBean
    RegistrationFactory nacreRegistrationFactory(
            Environment environment,
            AddressChooser addresses,
            NacreRegistrationProperties properties,
            ObjectProvider<NacreRegistrationCustomizer> customizers) {
        return new RegistrationFactory(
                environment, addresses, properties, customizers.orderedStream().toList());
    }

    /**
     * The registration, for those who inject it.
     *
     * @param factory knows the name before there is one
     * @param properties the settings
     * @return the registration
     */
    @Bean
    @ConditionalOnMissingBean(Registration.class)
    @ConditionalOnBean(AutoServiceRegistrationProperties.class)
    public CurrentRegistration nacreRegistration(RegistrationFactory factory, NacreDiscoveryProperties properties) {
        return new CurrentRegistration(factory, properties);
    }

    /**
     * Registers when the web server has started.
     *
     * @param context of the application
     * @param registry registers
     * @param discovery has the client
     * @param factory makes the registration
     * @param properties when
     * @param lifecycles are called before and after
     * @param current is kept up to date
     * @return the life cycle
     */
    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnBean({AutoServiceRegistrationProperties.class, NacreServiceRegistry.class, CurrentRegistration.class})
    public NacreAutoServiceRegistration nacreAutoServiceRegistration(
            ApplicationContext context,
            NacreServiceRegistry registry,
            NacreServiceDiscovery discovery,
            RegistrationFactory factory,
            NacreRegistrationProperties properties,
            ObjectProvider<RegistrationLifecycle<Registration>> lifecycles,
            CurrentRegistration current) {
        return new NacreAutoServiceRegistration(
                context,
                registry,
                discovery,
                factory,
                properties,
                lifecycles.orderedStream().toList(),
                current);
    }

    @Bean
    @ConditionalOnBean(NacreAutoServiceRegistration.class)
    @ConditionalOnProperty("spring.cloud.nacos.discovery.watch.enabled")
    OwnInstanceWatch nacreOwnInstanceWatch(NacreServiceDiscovery discovery, CurrentRegistration registration) {
        return new OwnInstanceWatch(discovery, registration);
    }

    @Bean
    @ConditionalOnBean(NacreAutoServiceRegistration.class)
    @ConditionalOnProperty("nacre.discovery.follow-health")
    HealthFollower nacreHealthFollower(
            NacreAutoServiceRegistration registration,
            ObjectProvider<ApplicationHealth> health,
            NacreRegistrationProperties properties) {
        ApplicationHealth source = health.getIfAvailable(() -> {
            throw new IllegalStateException("nacre.discovery.follow-health needs spring-boot-starter-actuator");
        });
        return new HealthFollower(registration, source, properties.getHealthPeriod());
    }
}
