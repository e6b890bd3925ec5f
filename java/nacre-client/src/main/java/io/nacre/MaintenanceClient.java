package io.nacre;

import java.util.concurrent.CompletableFuture;

/**
 * Service and instance maintenance, over HTTP v1. Servers from 3.0 on have given up these paths; they answer
 * {@link ErrorKind#UNSUPPORTED} or {@link ErrorKind#NOT_FOUND}.
 */
public final class MaintenanceClient {
    /**
     * Creates an empty service. It is persistent, and stays without instances.
     *
     * @param service the service
     * @param settings its settings
     * @throws NacreException code 400 when it exists
     */
    public void createService(ServiceKey service, ServiceSettings settings) throws NacreException {
        Futures.await(createServiceAsync(service, settings));
    }

    /**
     * As {@link #createService(ServiceKey, ServiceSettings)}.
     *
     * @param service the service
     * @param settings its settings
     * @return ends when it is done
     */
    public CompletableFuture<Void> createServiceAsync(ServiceKey service, ServiceSettings settings) {
        throw new UnsupportedOperationException();
    }

    /**
     * Replaces the settings of a service.
     *
     * @param service the service
     * @param settings its settings
     * @throws NacreException code 400 when it does not exist
     */
    public void updateService(ServiceKey service, ServiceSettings settings) throws NacreException {
        Futures.await(updateServiceAsync(service, settings));
    }

    /**
     * As {@link #updateService(ServiceKey, ServiceSettings)}.
     *
     * @param service the service
     * @param settings its settings
     * @return ends when it is done
     */
    public CompletableFuture<Void> updateServiceAsync(ServiceKey service, ServiceSettings settings) {
        throw new UnsupportedOperationException();
    }

    /**
     * Deletes a service without instances.
     *
     * @param service the service
     * @throws NacreException code 400 when it does not exist or has instances
     */
    public void deleteService(ServiceKey service) throws NacreException {
        Futures.await(deleteServiceAsync(service));
    }

    /**
     * As {@link #deleteService(ServiceKey)}.
     *
     * @param service the service
     * @return ends when it is done
     */
    public CompletableFuture<Void> deleteServiceAsync(ServiceKey service) {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads the settings of a service.
     *
     * @param service the service
     * @return the settings
     * @throws NacreException code 400 when it does not exist
     */
    public ServiceDetail service(ServiceKey service) throws NacreException {
        return Futures.await(serviceAsync(service));
    }

    /**
     * As {@link #service(ServiceKey)}.
     *
     * @param service the service
     * @return the future of the settings
     */
    public CompletableFuture<ServiceDetail> serviceAsync(ServiceKey service) {
        throw new UnsupportedOperationException();
    }

    /**
     * Sets weight, metadata and whether an instance is enabled, over what the provider said. All three are set, also
     * after the provider registers again.
     *
     * @param service the service
     * @param instance as it is to be; weight 0 to 10,000
     * @throws NacreException code 400 when the service does not exist
     */
    public void updateInstance(ServiceKey service, Instance instance) throws NacreException {
        Futures.await(updateInstanceAsync(service, instance));
    }

    /**
     * As {@link #updateInstance(ServiceKey, Instance)}.
     *
     * @param service the service
     * @param instance as it is to be; weight 0 to 10,000
     * @return ends when it is done
     */
    public CompletableFuture<Void> updateInstanceAsync(ServiceKey service, Instance instance) {
        throw new UnsupportedOperationException();
    }
}
