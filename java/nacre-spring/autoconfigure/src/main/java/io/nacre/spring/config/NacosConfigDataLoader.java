package io.nacre.spring.config;

import io.nacre.ConfigReadResult;
import io.nacre.ConfigReadResult.Reason;
import io.nacre.ConfigValue;
import io.nacre.ErrorKind;
import io.nacre.NacreClient;
import io.nacre.NacreException;
import io.nacre.spring.client.BootstrapClients;
import io.nacre.spring.client.Clients;
import io.nacre.spring.config.NacosConfigDataResource.Demand;
import io.nacre.spring.config.NacreConfigProperties.Preference;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.logging.Log;
import org.springframework.boot.context.config.ConfigData;
import org.springframework.boot.context.config.ConfigData.Option;
import org.springframework.boot.context.config.ConfigData.Options;
import org.springframework.boot.context.config.ConfigData.PropertySourceOptions;
import org.springframework.boot.context.config.ConfigDataLoader;
import org.springframework.boot.context.config.ConfigDataLoaderContext;
import org.springframework.boot.logging.DeferredLogFactory;
import org.springframework.core.env.PropertySource;

/**
 * Reads configs from the server. Each gives one property source, an empty one where there is nothing yet, so that a
 * config that is published later is seen.
 */
public final class NacosConfigDataLoader implements ConfigDataLoader<NacosConfigDataResource> {
    private final Log log;

    /**
     * Made by Spring Boot.
     *
     * @param logs where lines are kept until logging is ready
     */
    public NacosConfigDataLoader(DeferredLogFactory logs) {
        this.log = logs.getLog(NacosConfigDataLoader.class);
    }

    @Override
    public ConfigData load(ConfigDataLoaderContext context, NacosConfigDataResource resource) {
        if (resource.isNothing()) {
            return ConfigData.EMPTY;
        }
        Clients clients = BootstrapClients.of(context);
        boolean ok = false;
        try {
            ConfigValue value = read(clients, resource);
            List<PropertySource<?>> sources = List.of(source(resource, value));
            ok = true;
            return new ConfigData(sources, options(resource.preference()));
        } finally {
            if (!ok && !ConfigReader.isStarted(clients)) {
                // The start fails: nobody else will close them.
                clients.close();
            }
        }
    }

    private static PropertySourceOptions options(Preference preference) {
        Options options = Options.of(Option.IGNORE_IMPORTS, Option.IGNORE_PROFILES);
        Options all = preference == Preference.REMOTE ? options.with(Option.PROFILE_SPECIFIC) : options;
        return source -> all;
    }

    /** Null when there is no value and the application can do without it. */
    private ConfigValue read(Clients clients, NacosConfigDataResource resource) {
        ConfigReader reader;
        try {
            reader = new ConfigReader(clients, resource.spec().settings());
        } catch (NacreException e) {
            throw new ConfigImportException(
                    "There can be no client for " + resource.spec().settings() + ": " + e.getMessage(),
                    "Check spring.cloud.nacos.server-addr and the settings beside it");
        }
        Optional<ConfigValue> told = ConfigMemory.of(reader.client()).get(resource.spec().key());
        return told == null ? ask(reader, resource) : told.orElse(null);
    }

    private ConfigValue ask(ConfigReader reader, NacosConfigDataResource resource) {
        ConfigSpec spec = resource.spec();
        ConfigReadResult result;
        try {
            result = reader.read(spec.key(), resource.limits());
        } catch (NacreException e) {
            if (e.kind() == ErrorKind.INTERNAL && resource.demand() == Demand.OPTIONAL) {
                log.error(resource + " is left out: " + e.getMessage());
                return null;
            }
            throw new ConfigContentException(resource.toString(), spec.extension(), e);
        }
        Reason reason = result.reason().orElse(null);
        if (reason == Reason.SNAPSHOT) {
            log.warn("no server of " + spec.settings() + " answers, " + resource + " is read from its snapshot");
        } else if (reason != null) {
            refuse(reader.client(), resource, reason, result);
        }
        return result.value().orElse(null);
    }

    private void refuse(
            NacreClient client, NacosConfigDataResource resource, Reason reason, ConfigReadResult result) {
        boolean needed = resource.demand() == Demand.REQUIRED
                || resource.demand() == Demand.KNOWN && reason != Reason.ABSENT;
        ConfigUnavailableException error = new ConfigUnavailableException(
                resource, reason, client.status(), result.error().orElse(null));
        if (needed) {
            throw error;
        }
        if (reason == Reason.ABSENT) {
            log.info(error.getMessage());
        } else {
            log.warn(error.getMessage());
        }
    }

    private NacosPropertySource source(NacosConfigDataResource resource, ConfigValue value) {
        ConfigSource config = ConfigSource.of(resource.spec(), value);
        String name = resource.spec().name();
        if (value == null) {
            return new NacosPropertySource(name, Map.of(), config);
        }
        try {
            Map<String, Object> properties =
                    ConfigContent.parse(name, resource.spec(), value, resource::accepts);
            if (properties.isEmpty()) {
                log.warn(name + " has no properties; its format is taken for " + resource.spec().extension());
            }
            return new NacosPropertySource(name, properties, config);
        } catch (ConfigContentException e) {
            if (resource.demand() != Demand.OPTIONAL) {
                throw e;
            }
            log.error(e.getMessage() + "; it is left out");
            return new NacosPropertySource(name, Map.of(), config);
        }
    }
}
