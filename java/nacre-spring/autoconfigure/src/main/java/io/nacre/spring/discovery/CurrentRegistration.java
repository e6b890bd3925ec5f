package io.nacre.spring.discovery;

import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.springframework.cloud.client.serviceregistry.Registration;

/**
 * The registration of this application at every moment: before the web server has started only its name is known. This
 * is the bean that other components inject.
 */
public class CurrentRegistration implements Registration {
    private final RegistrationFactory factory;
    private final NacreDiscoveryProperties properties;
    private volatile NacreRegistration current;

    CurrentRegistration(RegistrationFactory factory, NacreDiscoveryProperties properties) {
        this.factory = factory;
        this.properties = properties;
    }

    /**
     * What is registered, or was before it was taken away.
     *
     * @return empty before the first registration
     */
    public Optional<NacreRegistration> current() {
        return Optional.ofNullable(current);
    }

    void become(NacreRegistration registration) {
        current = registration;
    }

    @Override
    public String getInstanceId() {
        return current().map(NacreRegistration::getInstanceId).orElse(null);
    }

    @Override
    public String getServiceId() {
        return current()
                .map(NacreRegistration::getServiceId)
                .or(() -> factory.serviceName(properties))
                .orElse("");
    }

    @Override
    public String getHost() {
        String known = properties.getIp() == null ? null : NacreServiceInstance.hostOf(properties.getIp().trim());
        return current().map(NacreRegistration::getHost).orElse(known);
    }

    @Override
    public int getPort() {
        return current()
                .map(NacreRegistration::getPort)
                .or(() -> factory.port(properties))
                .orElse(properties.getPort());
    }

    @Override
    public boolean isSecure() {
        return current().map(NacreRegistration::isSecure).orElse(properties.isSecure());
    }

    @Override
    public String getScheme() {
        return isSecure() ? "https" : "http";
    }

    @Override
    public URI getUri() {
        String host = getHost() == null ? "localhost" : getHost();
        return URI.create(getScheme() + "://" + host + ":" + Math.max(0, getPort()));
    }

    @Override
    public Map<String, String> getMetadata() {
        return current()
                .map(NacreRegistration::getMetadata)
                .orElseGet(() -> new LinkedHashMap<>(properties.getMetadata()));
    }

    @Override
    public String toString() {
        return current().map(NacreRegistration::toString).orElse(getServiceId() + " (not registered)");
    }
}
