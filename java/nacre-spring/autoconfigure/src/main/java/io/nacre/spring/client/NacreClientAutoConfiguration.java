package io.nacre.spring.client;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** Keeps the clients of the application, and closes them when it ends. */
@AutoConfiguration
public class NacreClientAutoConfiguration {
    /** Made by Spring. */
    public NacreClientAutoConfiguration() {}

    /**
     * The clients, those of the config import among them.
     *
     * @param bootstrap what was made before the context
     * @return the clients
     */
    @Bean
    @ConditionalOnMissingBean
    public Clients nacreClients(ObjectProvider<BootstrapClients> bootstrap) {
        BootstrapClients before = bootstrap.getIfAvailable();
        return before == null ? new Clients() : before.clients();
    }
}
