package io.nacre;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a service is created or updated with. */
public final class ServiceSettings {
    float protectThreshold;
    Map<String, String> metadata = Collections.emptyMap();
    String labelSelector;

    private ServiceSettings() {}

    /**
     * No protection, no metadata, no selector.
     *
     * @return the settings
     */
    public static ServiceSettings create() {
        return new ServiceSettings();
    }

    /**
     * Share of healthy instances below which all are shown as healthy.
     *
     * @param protectThreshold 0 to 1, default 0
     * @return this
     */
    public ServiceSettings protectThreshold(float protectThreshold) {
        this.protectThreshold = protectThreshold;
        return this;
    }

    /**
     * Sets the metadata.
     *
     * @param metadata default none
     * @return this
     */
    public ServiceSettings metadata(Map<String, String> metadata) {
        this.metadata = Collections.unmodifiableMap(new LinkedHashMap<>(Names.present(metadata, "metadata")));
        return this;
    }

    /**
     * Expression of a label selector.
     *
     * @param labelSelector e.g. {@code CONSUMER.label.zone = PROVIDER.label.zone}, default none
     * @return this
     */
    public ServiceSettings labelSelector(String labelSelector) {
        this.labelSelector = labelSelector;
        return this;
    }
}
