package io.nacre.spring.config;

import io.nacre.ConfigReadResult;
import io.nacre.ConfigReadResult.Reason;
import io.nacre.ConfigValue;
import io.nacre.NacreException;
import io.nacre.spring.client.Clients;
import io.nacre.spring.client.ConnectionSettings;
import io.nacre.spring.config.NacosConfigDataResource.Limits;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.cloud.bootstrap.config.PropertySourceLocator;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.CompositePropertySource;
import org.springframework.core.env.Environment;
import org.springframework.core.env.Profiles;
import org.springframework.core.env.PropertySource;

/**
 * Reads the configs that {@code bootstrap.yml} lists, for applications that still have a bootstrap context. What cannot
 * be read is logged and left out.
 */
@Order(0)
public final class NacosPropertySourceLocator implements PropertySourceLocator {
    private static final Logger LOG = LoggerFactory.getLogger(NacosPropertySourceLocator.class);
    private static final int NEXT_LIMIT = 300;

    /** Made by Spring Cloud. */
    public NacosPropertySourceLocator() {}

    @Override
    public PropertySource<?> locate(Environment environment) {
        Binder binder = Binder.get(environment);
        NacreConfigProperties properties = NacreConfigProperties.bind(binder);
        CompositePropertySource all = new CompositePropertySource("NACOS");
        List<ConfigSpec> specs = new ArrayList<>(ListedConfigs.of(
                properties,
                ConnectionSettings.config(binder),
                environment.getProperty("spring.application.name"),
                List.of(environment.getActiveProfiles())));
        Collections.reverse(specs);
        Limits limits = new Limits(Math.max(1, properties.getTimeout()), NEXT_LIMIT);
        // The application makes its own: this context is not closed with it.
        try (Clients clients = new Clients()) {
            for (ConfigSpec spec : specs) {
                all.addPropertySource(source(environment, clients, spec, limits));
            }
        }
        return all;
    }

    private static NacosPropertySource source(
            Environment environment, Clients clients, ConfigSpec spec, Limits limits) {
        ConfigValue value = null;
        try {
            ConfigReadResult result = new ConfigReader(clients, spec.settings()).read(spec.key(), limits);
            Reason reason = result.reason().orElse(null);
            if (reason != null && reason != Reason.ABSENT) {
                LOG.warn("{}: {}", spec.name(), result);
            }
            value = result.value().orElse(null);
            Map<String, Object> properties = value == null
                    ? Map.of()
                    : ConfigContent.parse(
                            spec.name(), spec, value, names -> environment.acceptsProfiles(Profiles.of(names)));
            return new NacosPropertySource(spec.name(), properties, ConfigSource.of(spec, value));
        } catch (NacreException | ConfigContentException e) {
            LOG.error("{} is left out: {}", spec.name(), e.getMessage());
            return new NacosPropertySource(spec.name(), Map.of(), ConfigSource.of(spec, value));
        }
    }
}
