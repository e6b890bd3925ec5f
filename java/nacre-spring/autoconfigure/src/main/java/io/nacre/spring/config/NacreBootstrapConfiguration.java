package io.nacre.spring.config;

import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** For applications that still have a bootstrap context. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnProperty(name = "spring.cloud.nacos.config.enabled", matchIfMissing = true)
public class NacreBootstrapConfiguration {
    /** Made by Spring Cloud. */
    public NacreBootstrapConfiguration() {}

    @Bean
    NacosPropertySourceLocator nacosPropertySourceLocator() {
        return new NacosPropertySourceLocator();
    }
}
