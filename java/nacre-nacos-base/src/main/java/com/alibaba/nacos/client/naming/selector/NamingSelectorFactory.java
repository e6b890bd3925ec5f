package com.alibaba.nacos.client.naming.selector;

import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.naming.selector.NamingResult;
import com.alibaba.nacos.api.naming.selector.NamingSelector;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Makes the usual selectors. */
public final class NamingSelectorFactory {
    /** Selects all instances. */
    public static final NamingSelector EMPTY_SELECTOR = context -> {
        NamingResult all = context::getInstances;
        return all;
    };

    /** Selects the healthy instances. */
    public static final NamingSelector HEALTHY_SELECTOR = new DefaultNamingSelector(Instance::isHealthy);

    private NamingSelectorFactory() {}

    /**
     * Selects the instances of some clusters. Two such selectors with the same clusters are equal.
     *
     * @param clusters the clusters; null or none means all
     * @return the selector
     */
    public static NamingSelector newClusterSelector(Collection<String> clusters) {
        if (clusters == null || clusters.isEmpty()) {
            return EMPTY_SELECTOR;
        }
        Set<String> names = new HashSet<>(clusters);
        return new ClusterSelector(
                instance -> names.contains(instance.getClusterName()), getUniqueClusterString(clusters));
    }

    /**
     * Selects the instances whose whole IP matches a regular expression.
     *
     * @param regex the expression
     * @return the selector
     * @throws IllegalArgumentException when it is null
     */
    public static NamingSelector newIpSelector(String regex) {
        if (regex == null) {
            throw new IllegalArgumentException("The parameter 'regex' cannot be null.");
        }
        Pattern pattern = Pattern.compile(regex);
        return new DefaultNamingSelector(instance ->
                instance.getIp() != null && pattern.matcher(instance.getIp()).matches());
    }

    /**
     * Selects the instances that have all of some metadata.
     *
     * @param metadata the metadata
     * @return the selector
     * @throws IllegalArgumentException when it is null
     */
    public static NamingSelector newMetadataSelector(Map<String, String> metadata) {
        return newMetadataSelector(metadata, false);
    }

    /**
     * Selects the instances that have all or any of some metadata.
     *
     * @param metadata the metadata
     * @param isAny whether one entry is enough
     * @return the selector
     * @throws IllegalArgumentException when the metadata is null
     */
    public static NamingSelector newMetadataSelector(Map<String, String> metadata, boolean isAny) {
        if (metadata == null) {
            throw new IllegalArgumentException("The parameter 'metadata' cannot be null.");
        }
        return new DefaultNamingSelector(instance -> {
            Predicate<Map.Entry<String, String>> has = entry ->
                    Objects.equals(entry.getValue(), instance.getMetadata().get(entry.getKey()));
            return isAny
                    ? metadata.entrySet().stream().anyMatch(has)
                    : metadata.entrySet().stream().allMatch(has);
        });
    }

    /**
     * The names of clusters in one text, each once, sorted.
     *
     * @param cluster the names, may be null
     * @return the text, comma separated
     */
    public static String getUniqueClusterString(Collection<String> cluster) {
        return cluster == null ? "" : String.join(",", new TreeSet<>(cluster));
    }

    private static class ClusterSelector extends DefaultNamingSelector {
        private final String clusters;

        ClusterSelector(Predicate<Instance> filter, String clusters) {
            super(filter);
            this.clusters = clusters;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof ClusterSelector && ((ClusterSelector) other).clusters.equals(clusters);
        }

        @Override
        public int hashCode() {
            return clusters.hashCode();
        }
    }
}
