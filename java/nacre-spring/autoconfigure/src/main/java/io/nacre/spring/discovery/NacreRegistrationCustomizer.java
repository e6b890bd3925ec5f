package io.nacre.spring.discovery;

/** Changes the registration of this application before it is registered. Beans of this type are asked in their order. */
@FunctionalInterface
public interface NacreRegistrationCustomizer {
    /**
     * Changes the metadata.
     *
     * @param registration what will be registered
     */
    void customize(NacreRegistration registration);
}
