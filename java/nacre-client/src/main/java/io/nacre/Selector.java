package io.nacre;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Which instances a listener is shown. All conditions must hold. Immutable: each method gives a copy.
 *
 * <pre>{@code
 * Selector selector = Selector.all().healthy(true).clusters(Arrays.asList("a")).metadata("version", "2");
 * }</pre>
 */
public final class Selector {
    private static final Selector ALL = new Selector(Collections.emptyList());

    private final List<Predicate<Instance>> conditions;

    private Selector(List<Predicate<Instance>> conditions) {
        this.conditions = conditions;
    }

    /**
     * Accepts everything.
     *
     * @return the selector
     */
    public static Selector all() {
        return ALL;
    }

    /**
     * Accepts instances of these clusters only.
     *
     * @param names names, or comma lists of names; none at all means every cluster
     * @return a copy
     */
    public Selector clusters(Collection<String> names) {
        List<String> clusters = Query.clusterNames(names);
        return clusters.isEmpty() ? this : matching(instance -> clusters.contains(instance.cluster));
    }

    /**
     * Accepts instances of this health only.
     *
     * @param healthy the health
     * @return a copy
     */
    public Selector healthy(boolean healthy) {
        return matching(instance -> instance.healthy == healthy);
    }

    /**
     * Accepts only what is enabled and has a weight above 0.
     *
     * @return a copy
     */
    public Selector takesTraffic() {
        return matching(Instance::takesTraffic);
    }

    /**
     * Accepts only instances with this entry of metadata.
     *
     * @param key the key
     * @param value the value
     * @return a copy
     */
    public Selector metadata(String key, String value) {
        Names.present(key, "metadata key");
        Names.present(value, "metadata value");
        return matching(instance -> value.equals(instance.metadata.get(key)));
    }

    /**
     * Accepts only instances with at least one of these entries of metadata.
     *
     * @param entries the entries; none at all accepts everything
     * @return a copy
     */
    public Selector anyMetadata(Map<String, String> entries) {
        Map<String, String> copy = new LinkedHashMap<>(Names.present(entries, "entries"));
        if (copy.isEmpty()) {
            return this;
        }
        return matching(instance -> copy.entrySet().stream()
                .anyMatch(entry -> entry.getValue().equals(instance.metadata.get(entry.getKey()))));
    }

    /**
     * Accepts only what this function accepts.
     *
     * @param predicate runs whenever a changed list is looked at; keep it short
     * @return a copy
     */
    public Selector matching(Predicate<Instance> predicate) {
        List<Predicate<Instance>> more = new ArrayList<>(conditions);
        more.add(Names.present(predicate, "predicate"));
        return new Selector(more);
    }

    /**
     * Whether an instance fits.
     *
     * @param instance the instance
     * @return true if all conditions hold
     */
    public boolean accepts(Instance instance) {
        for (Predicate<Instance> condition : conditions) {
            if (!condition.test(instance)) {
                return false;
            }
        }
        return true;
    }

    /** Those of a list that fit; the list itself if all do. */
    List<Instance> apply(List<Instance> instances) {
        if (conditions.isEmpty()) {
            return instances;
        }
        List<Instance> chosen = new ArrayList<>(instances);
        chosen.removeIf(instance -> !accepts(instance));
        return chosen.size() == instances.size() ? instances : Collections.unmodifiableList(chosen);
    }
}
