package io.nacre.spring.config;

import io.micrometer.observation.ObservationRegistry;
import io.nacre.spring.client.Clients;
import io.nacre.spring.client.ConnectionSettings;
import io.nacre.spring.client.NacreClientAutoConfiguration;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.cloud.context.refresh.ContextRefresher;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.ConfigurableEnvironment;

/** Follows imported configs, refreshes the application, and serves the annotations. */
@AutoConfiguration(
        after = NacreClientAutoConfiguration.class,
        afterName = "org.springframework.cloud.autoconfigure.RefreshAutoConfiguration")
@ConditionalOnProperty(name = "spring.cloud.nacos.config.enabled", matchIfMissing = true)
public class NacreConfigAutoConfiguration {
    /** Made by Spring. */
    public NacreConfigAutoConfiguration() {}

    /**
     * The settings.
     *
     * @param environment where they are read
     * @return the settings
     */
    @Bean
    @ConditionalOnMissingBean
    public NacreConfigProperties nacreConfigProperties(ConfigurableEnvironment environment) {
        return NacreConfigProperties.bind(Binder.get(environment));
    }

    /**
     * Access to configs.
     *
     * @param environment what was imported
     * @param clients the clients
     * @return the manager
     */
    @Bean
    @ConditionalOnMissingBean
    public NacreConfigManager nacreConfigManager(ConfigurableEnvironment environment, Clients clients) {
        return new NacreConfigManager(environment, clients, ConnectionSettings.config(Binder.get(environment)));
    }

    /**
     * The changes that reached the application.
     *
     * @return the history
     */
    @Bean
    @ConditionalOnMissingBean
    public RefreshHistory nacreRefreshHistory() {
        return new RefreshHistory();
    }

    @Bean
    AnnotatedConfigs nacreAnnotatedConfigs(NacreConfigManager manager) {
        return new AnnotatedConfigs(manager);
    }

    @Bean
    static NacosConfigAnnotationProcessor nacreConfigAnnotationProcessor(
            ConfigurableListableBeanFactory factory,
            ObjectProvider<AnnotatedConfigs> configs,
            ObjectProvider<NacreConfigProperties> properties) {
        return new NacosConfigAnnotationProcessor(factory, configs, properties);
    }

    /** With Spring Cloud. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(ContextRefresher.class)
    static class WithCloud {
        @Bean
        @ConditionalOnMissingBean
        EnvironmentUpdate nacreEnvironmentUpdate(ObjectProvider<ContextRefresher> refresher) {
            return new CloudUpdate(refresher);
        }
    }

    /** With Spring Boot alone. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnMissingClass("org.springframework.cloud.context.refresh.ContextRefresher")
    static class WithoutCloud {
        @Bean
        @ConditionalOnMissingBean
        EnvironmentUpdate nacreEnvironmentUpdate(ConfigurableApplicationContext context, Clients clients) {
            return new PlainUpdate(context, clients);
        }
    }

    /** Unless nothing is refreshed. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnProperty(
            name = {"spring.cloud.nacos.config.refresh-enabled", "spring.cloud.refresh.enabled"},
            matchIfMissing = true)
    static class Refresh {
        @Bean
        ConfigRefresher nacreConfigRefresher(
                ConfigurableApplicationContext context,
                Clients clients,
                EnvironmentUpdate update,
                RefreshHistory history,
                ObjectProvider<ObservationRegistry> observations) {
            ObservationRegistry registry = observations.getIfAvailable(() -> ObservationRegistry.NOOP);
            return new ConfigRefresher(context, clients, update, history, registry);
        }

        @Bean
        ConfigFollower nacreConfigFollower(
                ConfigurableApplicationContext context, Clients clients, ConfigRefresher refresher) {
            return new ConfigFollower(context, clients, refresher);
        }
    }
}
