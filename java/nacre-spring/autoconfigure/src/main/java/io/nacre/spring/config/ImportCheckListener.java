package io.nacre.spring.config;

import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.PropertySource;
import org.springframework.util.ClassUtils;

/** Complains when a starter of configs is there and nothing is imported. */
public final class ImportCheckListener implements ApplicationListener<ApplicationEnvironmentPreparedEvent>, Ordered {
    private static final String STARTER = "META-INF/nacre/config-starter";
    private static final String MARKER = "org.springframework.cloud.bootstrap.marker.Marker";

    /** Made by Spring Boot. */
    public ImportCheckListener() {}

    /** After the config data. */
    @Override
    public int getOrder() {
        return Ordered.LOWEST_PRECEDENCE;
    }

    @Override
    public void onApplicationEvent(ApplicationEnvironmentPreparedEvent event) {
        ConfigurableEnvironment environment = event.getEnvironment();
        ClassLoader loader = event.getSpringApplication().getClassLoader();
        if (loader.getResource(STARTER) == null) {
            return;
        }
        if (environment.getPropertySources().contains("bootstrap") || isBootstrapped(environment)) {
            return;
        }
        NacreConfigProperties properties = NacreConfigProperties.bind(Binder.get(environment));
        if (!properties.isEnabled() || !properties.getImportCheck().isEnabled()) {
            return;
        }
        if (NacosPropertySource.of(environment).isEmpty() && !isNamed(environment)) {
            throw new ConfigImportException(
                    "Nothing is imported from the server: spring.config.import has no \"nacos:\" entry",
                    "Set spring.config.import=nacos:application.yaml or another data id, or "
                            + "spring.cloud.nacos.config.enabled=false if the application has no configs there, or "
                            + "spring.cloud.nacos.config.import-check.enabled=false");
        }
    }

    private static boolean isBootstrapped(ConfigurableEnvironment environment) {
        return environment.getProperty("spring.cloud.bootstrap.enabled", Boolean.class, false)
                || environment.getProperty("spring.config.use-legacy-processing", Boolean.class, false)
                || ClassUtils.isPresent(MARKER, ImportCheckListener.class.getClassLoader());
    }

    /** An import that gave nothing is one all the same. */
    private static boolean isNamed(ConfigurableEnvironment environment) {
        for (PropertySource<?> source : environment.getPropertySources()) {
            for (String name : new String[] {"spring.config.import", "spring.config.import[0]"}) {
                Object value = source.getProperty(name);
                if (value != null && value.toString().contains(NacosConfigDataLocationResolver.PREFIX)) {
                    return true;
                }
            }
        }
        try {
            return Binder.get(environment)
                    .bind("spring.config.import", String[].class)
                    .map(all -> String.join(",", all).contains(NacosConfigDataLocationResolver.PREFIX))
                    .orElse(false);
        } catch (BindException e) {
            return false;
        }
    }
}
