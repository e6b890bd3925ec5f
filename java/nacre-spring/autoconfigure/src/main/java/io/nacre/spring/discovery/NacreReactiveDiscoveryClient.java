package io.nacre.spring.discovery;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.ReactiveDiscoveryClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The reactive face of discovery. It never blocks and never fails: what cannot be had is an empty list. */
public class NacreReactiveDiscoveryClient implements ReactiveDiscoveryClient {
    private static final Logger LOG = LoggerFactory.getLogger(NacreReactiveDiscoveryClient.class);

    private final NacreServiceDiscovery discovery;
    private final int order;

    /**
     * Shows a discovery.
     *
     * @param discovery finds services
     * @param order rank among other clients
     */
    public NacreReactiveDiscoveryClient(NacreServiceDiscovery discovery, int order) {
        this.discovery = discovery;
        this.order = order;
    }

    @Override
    public String description() {
        return "Nacre reactive discovery client";
    }

    @Override
    public Flux<ServiceInstance> getInstances(String serviceId) {
        return Mono.fromFuture(() -> discovery.instancesAsync(serviceId))
                .doOnError(e -> LOG.warn("cannot ask for the instances of {}: {}", serviceId, e.getMessage()))
                .onErrorComplete()
                .flatMapIterable(instances -> instances);
    }

    @Override
    public Flux<String> getServices() {
        return Mono.fromFuture(discovery::servicesAsync).flatMapIterable(names -> names);
    }

    /** Looks at the connection; nothing is sent. */
    @Override
    public Mono<Void> reactiveProbe() {
        return Mono.fromRunnable(discovery::probe);
    }

    @Override
    public int getOrder() {
        return order;
    }
}
