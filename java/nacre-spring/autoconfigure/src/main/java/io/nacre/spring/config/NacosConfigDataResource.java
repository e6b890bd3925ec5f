package io.nacre.spring.config;

import io.nacre.spring.config.NacreConfigProperties.Preference;
import java.util.List;
import java.util.Objects;
import org.springframework.boot.context.config.ConfigDataResource;
import org.springframework.core.env.Profiles;

/** A config that is imported. Equal ones are loaded once. */
public final class NacosConfigDataResource extends ConfigDataResource {
    private final ConfigSpec spec;
    private final Demand demand;
    private final Limits limits;
    private final Preference preference;
    private final List<String> profiles;

    /** How much depends on a config. */
    enum Demand {
        /** The application does not start without it. */
        REQUIRED,
        /** It may be absent, but the server has to say so. */
        KNOWN,
        /** It may be absent or out of reach. */
        OPTIONAL
    }

    /**
     * How long a read may take.
     *
     * @param first milliseconds while nothing is known of the server
     * @param next milliseconds once it did not answer
     */
    record Limits(int first, int next) {}

    NacosConfigDataResource(
            ConfigSpec spec,
            Demand demand,
            Limits limits,
            Preference preference,
            List<String> profiles) {
        super(demand == Demand.OPTIONAL);
        this.spec = spec;
        this.demand = demand;
        this.limits = limits;
        this.preference = preference;
        this.profiles = profiles;
    }

    /** Of an import that stands for no config. */
    static NacosConfigDataResource nothing() {
        return new NacosConfigDataResource(null, Demand.OPTIONAL, null, null, List.of());
    }

    boolean isNothing() {
        return spec == null;
    }

    ConfigSpec spec() {
        return spec;
    }

    Demand demand() {
        return demand;
    }

    Limits limits() {
        return limits;
    }

    Preference preference() {
        return preference;
    }

    /** Whether a document for these profiles counts. */
    boolean accepts(String... expressions) {
        return Profiles.of(expressions).matches(profiles::contains);
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof NacosConfigDataResource resource)) {
            return false;
        }
        return spec == null || resource.spec == null
                ? spec == resource.spec
                : resource.spec.settings().equals(spec.settings())
                        && resource.spec.key().equals(spec.key());
    }

    @Override
    public int hashCode() {
        return spec == null ? 0 : Objects.hash(spec.settings(), spec.key());
    }

    @Override
    public String toString() {
        return spec == null ? "nacos:" : spec.name();
    }
}
