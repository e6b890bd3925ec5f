package io.nacre.spring.discovery;

import io.nacre.Instance;
import io.nacre.NacreException;
import io.nacre.ServiceChange;
import io.nacre.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.cloud.client.discovery.event.InstanceRegisteredEvent;
import org.springframework.context.event.EventListener;

/** Copies metadata that an operator gives to the instance of this application into its registration. */
class OwnInstanceWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OwnInstanceWatch.class);

    private final NacreServiceDiscovery discovery;
    private final CurrentRegistration registration;
    private Subscription subscription;

    OwnInstanceWatch(NacreServiceDiscovery discovery, CurrentRegistration registration) {
        this.discovery = discovery;
        this.registration = registration;
    }

    /**
     * Begins when this application is registered.
     *
     * @param event it is registered
     */
    @EventListener
    public synchronized void onRegistered(InstanceRegisteredEvent<?> event) {
        NacreRegistration own = registration.current().orElse(null);
        if (own == null || subscription != null) {
            return;
        }
        try {
            subscription = discovery.client().naming().watch(own.service(), this::onChange);
        } catch (NacreException e) {
            LOG.warn("cannot follow {}: {}", own.service(), e.getMessage());
        }
    }

    private void onChange(ServiceChange change) {
        registration.current().ifPresent(own -> change.instances().stream()
                .filter(instance -> instance.address().equals(own.getInstanceId()))
                .map(Instance::metadata)
                .forEach(own.getMetadata()::putAll));
    }

    @Override
    public synchronized void close() {
        if (subscription != null) {
            subscription.close();
            subscription = null;
        }
    }
}
