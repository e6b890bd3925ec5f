package io.nacre.spring.config;

import io.nacre.spring.client.ConnectionSettings;
import io.nacre.spring.config.NacosConfigDataResource.Demand;
import io.nacre.spring.config.NacosConfigDataResource.Limits;
import io.nacre.spring.config.NacreConfigProperties.Preference;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.context.config.ConfigDataLocation;
import org.springframework.boot.context.config.ConfigDataLocationResolver;
import org.springframework.boot.context.config.ConfigDataLocationResolverContext;
import org.springframework.boot.context.config.Profiles;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.Ordered;

/**
 * Finds the configs of {@code nacos:} imports. All of it happens once the active profiles are known.
 *
 * <p>{@code nacos:} alone stands for the configs that {@code spring.cloud.nacos.config} lists: shared ones, extensions,
 * and those named after the application.
 */
public final class NacosConfigDataLocationResolver
        implements ConfigDataLocationResolver<NacosConfigDataResource>, Ordered {
    static final String PREFIX = "nacos:";
    private static final String FAIL_FAST = "nacre.config.fail-fast";
    /** Of a read once the server did not answer: the connection had its time. */
    private static final int NEXT_LIMIT = 300;

    /** Made by Spring Boot. */
    public NacosConfigDataLocationResolver() {}

    @Override
    public int getOrder() {
        return -1;
    }

    @Override
    public boolean isResolvable(ConfigDataLocationResolverContext context, ConfigDataLocation location) {
        return location.hasPrefix(PREFIX);
    }

    @Override
    public List<NacosConfigDataResource> resolve(
            ConfigDataLocationResolverContext context, ConfigDataLocation location) {
        return List.of();
    }

    @Override
    public List<NacosConfigDataResource> resolveProfileSpecific(
            ConfigDataLocationResolverContext context, ConfigDataLocation location, Profiles profiles) {
        Binder binder = context.getBinder();
        NacreConfigProperties properties = NacreConfigProperties.bind(binder);
        if (!properties.isEnabled()) {
            return List.of(NacosConfigDataResource.nothing());
        }
        Request request = new Request(binder, properties, location, profiles);
        String text = location.getNonPrefixedValue(PREFIX);
        if (text.isEmpty()) {
            List<NacosConfigDataResource> listed = request.listed();
            return listed.isEmpty() ? List.of(NacosConfigDataResource.nothing()) : listed;
        }
        return request.named(ConfigImport.parse(text, properties));
    }

    /** One import. */
    private static final class Request {
        private final NacreConfigProperties properties;
        private final ConnectionSettings settings;
        private final Demand demand;
        private final Limits limits;
        private final List<String> active;
        private final List<String> accepted;
        private final String application;

        Request(Binder binder, NacreConfigProperties properties, ConfigDataLocation location, Profiles profiles) {
            this.properties = properties;
            this.settings = ConnectionSettings.config(binder);
            boolean failFast = binder.bind(FAIL_FAST, Boolean.class).orElse(true);
            this.demand = location.isOptional() || !failFast ? Demand.OPTIONAL : Demand.REQUIRED;
            this.limits = new Limits(Math.max(1, properties.getTimeout()), NEXT_LIMIT);
            this.active = profiles.getActive();
            this.accepted = profiles.getAccepted();
            this.application = binder.bind("spring.application.name", String.class).orElse(null);
        }

        List<NacosConfigDataResource> named(ConfigImport wanted) {
            ConnectionSettings own =
                    wanted.namespace() == null ? settings : settings.withNamespace(wanted.namespace());
            boolean refresh = wanted.refresh() && properties.isRefreshEnabled();
            List<NacosConfigDataResource> all = new ArrayList<>();
            ConfigSpec spec = new ConfigSpec(own, wanted.key(), wanted.extension(), refresh);
            all.add(resource(spec, demand, wanted.preference()));
            if (wanted.profiles()) {
                for (String profile : active) {
                    ConfigSpec variant = new ConfigSpec(
                            own, wanted.ofProfile(profile).key(), wanted.extension(), refresh);
                    all.add(resource(variant, Demand.KNOWN, wanted.preference()));
                }
            }
            return all;
        }

        List<NacosConfigDataResource> listed() {
            return ListedConfigs.of(properties, settings, application, active).stream()
                    .map(spec -> resource(spec, Demand.KNOWN, properties.getPreference()))
                    .toList();
        }

        private NacosConfigDataResource resource(ConfigSpec spec, Demand wanted, Preference preference) {
            Demand least = demand == Demand.OPTIONAL ? Demand.OPTIONAL : wanted;
            return new NacosConfigDataResource(spec, least, limits, preference, accepted);
        }
    }
}
