package io.nacre.spring.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.springframework.boot.env.OriginTrackedMapPropertySource;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.OriginLookup;
import org.springframework.core.env.CompositePropertySource;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;

/** The properties of a config. One without properties stands for a config that is not there yet. */
public final class NacosPropertySource extends MapPropertySource implements OriginLookup<String> {
    private final ConfigSource config;
    private final OriginTrackedMapPropertySource origins;

    NacosPropertySource(String name, Map<String, Object> properties, ConfigSource config) {
        super(name, properties);
        this.config = config;
        this.origins = new OriginTrackedMapPropertySource(name, properties);
    }

    /**
     * What this was made of.
     *
     * @return the config as it was read
     */
    public ConfigSource config() {
        return config;
    }

    @Override
    public Object getProperty(String name) {
        return origins.getProperty(name);
    }

    @Override
    public Origin getOrigin(String key) {
        return origins.getOrigin(key);
    }

    /** All of an environment, those that win first. */
    static List<NacosPropertySource> of(ConfigurableEnvironment environment) {
        List<NacosPropertySource> found = new ArrayList<>();
        environment.getPropertySources().forEach(source -> collect(source, found));
        return found;
    }

    private static void collect(PropertySource<?> source, List<NacosPropertySource> found) {
        if (source instanceof NacosPropertySource ours) {
            found.add(ours);
        } else if (source instanceof CompositePropertySource composite) {
            composite.getPropertySources().forEach(each -> collect(each, found));
        } else if (source.getSource() instanceof PropertySource<?> wrapped) {
            collect(wrapped, found);
        }
    }
}
