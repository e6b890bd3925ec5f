package io.nacre.spring.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.nacre.spring.client.Clients;
import io.nacre.spring.client.NacreClientAutoConfiguration;
import io.nacre.spring.loadbalancer.NacreLoadBalancerAutoConfiguration;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.client.serviceregistry.AutoServiceRegistrationConfiguration;
import org.springframework.cloud.client.serviceregistry.Registration;
import org.springframework.cloud.commons.util.UtilAutoConfiguration;
import org.springframework.cloud.loadbalancer.config.LoadBalancerAutoConfiguration;

class DiscoveryAutoConfigurationTest {
    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withPropertyValues(
                    "spring.application.name=app",
                    "spring.cloud.nacos.server-addr=127.0.0.1:1",
                    "nacre.client.files=false")
            .withConfiguration(AutoConfigurations.of(
                    UtilAutoConfiguration.class,
                    AutoServiceRegistrationConfiguration.class,
                    LoadBalancerAutoConfiguration.class,
                    NacreClientAutoConfiguration.class,
                    NacreDiscoveryAutoConfiguration.class,
                    NacreRegistrationAutoConfiguration.class,
                    NacreHeartbeatAutoConfiguration.class,
                    NacreLoadBalancerAutoConfiguration.class));

    @Test
    void isThereByDefault() {
        runner.run(context -> {
            assertThat(context).hasSingleBean(NacreDiscoveryClient.class);
            assertThat(context).hasSingleBean(NacreReactiveDiscoveryClient.class);
            assertThat(context).hasSingleBean(NacreServiceRegistry.class);
            assertThat(context).hasSingleBean(NacreAutoServiceRegistration.class);
            assertThat(context).hasSingleBean(NacreLoadBalancerAutoConfiguration.class);
            assertThat(context).doesNotHaveBean(HeartbeatPublisher.class);
            assertThat(context.getBean(Registration.class).getServiceId()).isEqualTo("app");
            assertThat(context.getBean(Clients.class).all()).hasSize(1);
        });
    }

    @Test
    void defaultsAreThoseOfTheOriginal() {
        runner.run(context -> {
            NacreDiscoveryProperties properties = context.getBean(NacreDiscoveryProperties.class);
            assertThat(properties.getGroup()).isEqualTo("DEFAULT_GROUP");
            assertThat(properties.getNamespace()).isEmpty();
            assertThat(properties.getWeight()).isEqualTo(1);
            assertThat(properties.getPort()).isEqualTo(-1);
            assertThat(properties.isFailFast()).isTrue();
            assertThat(properties.isEphemeral()).isTrue();
            assertThat(properties.isInstanceEnabled()).isTrue();
            assertThat(properties.isRegisterEnabled()).isTrue();
            assertThat(properties.isFailureToleranceEnabled()).isFalse();
            assertThat(properties.isNamingLoadCacheAtStart()).isFalse();
            assertThat(properties.getWatch().isEnabled()).isFalse();
            assertThat(properties.getHeartBeat().isEnabled()).isFalse();
            assertThat(properties.getWatchDelay()).isEqualTo(30_000);
            assertThat(properties.getGracefulShutdownWaitTime()).isEqualTo(10_000);
        });
    }

    @Test
    void switchesTakePartsAway() {
        runner.withPropertyValues("spring.cloud.nacos.discovery.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean(NacreServiceDiscovery.class));
        runner.withPropertyValues("spring.cloud.discovery.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean(NacreServiceDiscovery.class));
        runner.withPropertyValues("spring.cloud.discovery.blocking.enabled=false")
                .run(context -> assertThat(context)
                        .doesNotHaveBean(DiscoveryClient.class)
                        .hasSingleBean(NacreReactiveDiscoveryClient.class));
        runner.withPropertyValues("spring.cloud.service-registry.auto-registration.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean(NacreServiceRegistry.class));
        runner.withPropertyValues("spring.cloud.loadbalancer.nacos.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean(NacreLoadBalancerAutoConfiguration.class));
        runner.withPropertyValues("spring.cloud.nacos.discovery.heart-beat.enabled=true")
                .run(context -> assertThat(context).hasSingleBean(HeartbeatPublisher.class));
    }
}
