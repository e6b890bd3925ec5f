package io.nacre.spring.config;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.cloud.context.properties.ConfigurationPropertiesBeans;
import org.springframework.cloud.context.properties.ConfigurationPropertiesRebinder;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;

/** Puts {@code refresh-behavior=specific_bean} in the place of Spring Cloud's rebinder, which binds all beans. */
@AutoConfiguration(
        beforeName = "org.springframework.cloud.autoconfigure.ConfigurationPropertiesRebinderAutoConfiguration")
@ConditionalOnClass(ConfigurationPropertiesRebinder.class)
@ConditionalOnProperty(name = "spring.cloud.nacos.config.refresh-behavior", havingValue = "specific_bean")
public class NacreRebinderAutoConfiguration {
    /** Made by Spring. */
    public NacreRebinderAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
    ConfigurationPropertiesRebinder nacreConfigurationPropertiesRebinder(
            ConfigurationPropertiesBeans beans, ApplicationContext context) {
        return new SpecificBeanRebinder(beans, context);
    }
}
