package io.nacre.spring.discovery;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.AnyNestedCondition;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;

/** Publishes heartbeat events where somebody waits for them. */
@AutoConfiguration(
        after = NacreDiscoveryAutoConfiguration.class,
        afterName = "de.codecentric.boot.admin.server.cloud.config.AdminServerDiscoveryAutoConfiguration")
@ConditionalOnNacreDiscovery
@Conditional(NacreHeartbeatAutoConfiguration.SomebodyWaits.class)
public class NacreHeartbeatAutoConfiguration {
    /** Made by Spring. */
    public NacreHeartbeatAutoConfiguration() {}

    @Bean
    HeartbeatPublisher nacreHeartbeatPublisher(ApplicationContext context, NacreServiceDiscovery discovery) {
        return new HeartbeatPublisher(context, discovery);
    }

    /** A gateway that finds its routes, an admin server, or the setting. */
    static class SomebodyWaits extends AnyNestedCondition {
        SomebodyWaits() {
            super(ConfigurationPhase.REGISTER_BEAN);
        }

        @ConditionalOnProperty("spring.cloud.gateway.discovery.locator.enabled")
        static class Gateway {}

        @ConditionalOnProperty("spring.cloud.gateway.server.webflux.discovery.locator.enabled")
        static class ReactiveGateway {}

        @ConditionalOnBean(type = "de.codecentric.boot.admin.server.cloud.discovery.InstanceDiscoveryListener")
        static class AdminServer {}

        @ConditionalOnProperty("spring.cloud.nacos.discovery.heart-beat.enabled")
        static class Setting {}
    }
}
