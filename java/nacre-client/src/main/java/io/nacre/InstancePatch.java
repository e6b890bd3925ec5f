package io.nacre;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** What is changed of an instance; what is not said stays. */
public final class InstancePatch {
    Double weight;
    Boolean enabled;
    Map<String, String> metadata;

    private InstancePatch() {}

    /**
     * Changes nothing yet.
     *
     * @return the patch
     */
    public static InstancePatch create() {
        return new InstancePatch();
    }

    /**
     * Changes the weight.
     *
     * @param weight 0 to 10,000
     * @return this
     */
    public InstancePatch weight(double weight) {
        this.weight = MaintenanceClient.checkedWeight(weight);
        return this;
    }

    /**
     * Changes whether the instance takes traffic.
     *
     * @param enabled true if so
     * @return this
     */
    public InstancePatch enabled(boolean enabled) {
        this.enabled = enabled;
        return this;
    }

    /**
     * Replaces all metadata.
     *
     * @param metadata the new entries
     * @return this
     */
    public InstancePatch metadata(Map<String, String> metadata) {
        this.metadata = Collections.unmodifiableMap(new LinkedHashMap<>(Names.present(metadata, "metadata")));
        return this;
    }
}
