package io.nacre.spring.loadbalancer;

import io.nacre.spring.discovery.NacreServiceDiscovery;
import java.util.List;
import java.util.Optional;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.loadbalancer.core.ServiceInstanceListSupplier;
import reactor.core.publisher.Flux;

/**
 * The instances of a service as the server has pushed them last, straight from memory: no cache stands between, so an
 * instance that has gone is not called. A service that the registry does not have is asked of the other discovery
 * clients.
 */
final class NacreServiceInstanceListSupplier implements ServiceInstanceListSupplier {
    private final String serviceId;
    private final NacreServiceDiscovery discovery;
    private final ServiceInstanceListSupplier others;

    NacreServiceInstanceListSupplier(
            String serviceId, NacreServiceDiscovery discovery, ServiceInstanceListSupplier others) {
        this.serviceId = serviceId;
        this.discovery = discovery;
        this.others = others;
    }

    @Override
    public String getServiceId() {
        return serviceId;
    }

    @Override
    public Flux<List<ServiceInstance>> get() {
        return Flux.defer(() -> {
            Optional<List<ServiceInstance>> known = discovery.known(serviceId);
            // The others include this registry, and the first question makes it follow the service.
            return known.isPresent() && !known.get().isEmpty() ? Flux.just(known.get()) : others.get();
        });
    }
}
