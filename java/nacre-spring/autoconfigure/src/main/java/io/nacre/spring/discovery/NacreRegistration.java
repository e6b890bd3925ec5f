package io.nacre.spring.discovery;

import io.nacre.Instance;
import io.nacre.ServiceKey;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.cloud.client.serviceregistry.Registration;

/** What this application registers. A {@link NacreRegistrationCustomizer} may change its metadata before. */
public final class NacreRegistration implements Registration {
    private final ServiceKey service;
    private final Instance instance;
    private final Map<String, String> metadata;

    /**
     * A registration.
     *
     * @param service the service
     * @param instance what is registered
     */
    public NacreRegistration(ServiceKey service, Instance instance) {
        this.service = service;
        this.instance = instance;
        this.metadata = new LinkedHashMap<>(instance.metadata());
    }

    /**
     * The service.
     *
     * @return name and group
     */
    public ServiceKey service() {
        return service;
    }

    /**
     * What is registered.
     *
     * @return the instance with the present metadata
     */
    public Instance instance() {
        return instance.withMetadata(metadata);
    }

    @Override
    public String getInstanceId() {
        return instance.address();
    }

    @Override
    public String getServiceId() {
        return service.name();
    }

    @Override
    public String getHost() {
        return NacreServiceInstance.hostOf(instance.ip());
    }

    @Override
    public int getPort() {
        return instance.port();
    }

    @Override
    public boolean isSecure() {
        return Boolean.parseBoolean(metadata.get("secure"));
    }

    @Override
    public String getScheme() {
        return isSecure() ? "https" : "http";
    }

    @Override
    public URI getUri() {
        return URI.create(getScheme() + "://" + getHost() + ":" + getPort());
    }

    @Override
    public Map<String, String> getMetadata() {
        return metadata;
    }

    @Override
    public String toString() {
        return service.grouped() + " " + instance.address();
    }
}
