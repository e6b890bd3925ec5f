package io.nacre.spring.config;

import io.nacre.ConfigValue;
import io.nacre.NacreException;
import io.nacre.spring.client.Clients;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.ConfigurationPropertiesBean;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindingPostProcessor;
import org.springframework.boot.context.properties.bind.BindMethod;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * Refreshes without Spring Cloud: puts new property sources in the place of the old ones, binds beans of
 * {@code @ConfigurationProperties} whose prefix fits a changed key, and sets levels of loggers.
 */
final class PlainUpdate implements EnvironmentUpdate {
    private static final Logger LOG = LoggerFactory.getLogger(PlainUpdate.class);
    private static final String LEVEL = "logging.level.";

    private final ConfigurableApplicationContext context;
    private final Clients clients;

    PlainUpdate(ConfigurableApplicationContext context, Clients clients) {
        this.context = context;
        this.clients = clients;
    }

    @Override
    public Set<String> apply(List<NacosPropertySource> changed) {
        ConfigurableEnvironment environment = context.getEnvironment();
        Set<String> keys = new HashSet<>();
        for (NacosPropertySource old : changed) {
            NacosPropertySource replaced = again(old, environment);
            if (environment.getPropertySources().contains(old.getName())) {
                environment.getPropertySources().replace(old.getName(), replaced);
                keys.addAll(difference(old, replaced));
            }
        }
        rebind(keys);
        levels(keys, environment);
        return keys;
    }

    private NacosPropertySource again(NacosPropertySource old, ConfigurableEnvironment environment) {
        ConfigSpec spec = old.config().spec();
        try {
            Optional<ConfigValue> told =
                    ConfigMemory.of(clients.client(spec.settings())).get(spec.key());
            ConfigValue value = told == null ? null : told.orElse(null);
            Map<String, Object> properties = value == null
                    ? Map.of()
                    : ConfigContent.parse(spec.name(), spec, value, profiles -> environment.acceptsProfiles(
                            org.springframework.core.env.Profiles.of(profiles)));
            return new NacosPropertySource(old.getName(), properties, ConfigSource.of(spec, value));
        } catch (NacreException e) {
            throw new IllegalStateException(e);
        }
    }

    static Set<String> difference(NacosPropertySource one, NacosPropertySource other) {
        Set<String> keys = new HashSet<>(List.of(one.getPropertyNames()));
        keys.addAll(List.of(other.getPropertyNames()));
        keys.removeIf(key -> Objects.equals(text(one, key), text(other, key)));
        return keys;
    }

    private static String text(NacosPropertySource source, String key) {
        Object value = source.getProperty(key);
        return value == null ? null : value.toString();
    }

    private void rebind(Set<String> keys) {
        ConfigurationPropertiesBindingPostProcessor binder = context.getBeanProvider(
                        ConfigurationPropertiesBindingPostProcessor.class)
                .getIfAvailable();
        if (binder == null) {
            return;
        }
        ConfigurationPropertiesBean.getAll(context).forEach((name, bean) -> {
            if (isConcerned(bean.getAnnotation().prefix(), keys)) {
                if (bean.asBindTarget().getBindMethod() == BindMethod.VALUE_OBJECT) {
                    LOG.info("bean {} takes its properties in its constructor and keeps the old ones", name);
                } else {
                    binder.postProcessBeforeInitialization(bean.getInstance(), name);
                    LOG.info("bean {} has the changed properties", name);
                }
            }
        });
    }

    static boolean isConcerned(String prefix, Set<String> keys) {
        ConfigurationPropertyName wanted = ConfigurationPropertyName.adapt(prefix, '.');
        for (String key : keys) {
            ConfigurationPropertyName changed = ConfigurationPropertyName.adapt(key, '.');
            if (wanted.equals(changed) || wanted.isAncestorOf(changed)) {
                return true;
            }
        }
        return false;
    }

    private void levels(Set<String> keys, ConfigurableEnvironment environment) {
        LoggingSystem logging = context.getBeanProvider(LoggingSystem.class).getIfAvailable();
        for (String key : keys) {
            if (logging != null && key.startsWith(LEVEL)) {
                String logger = key.substring(LEVEL.length());
                LogLevel level = environment.getProperty(key, LogLevel.class);
                logging.setLogLevel("root".equalsIgnoreCase(logger) ? null : logger, level);
            }
        }
    }
}
