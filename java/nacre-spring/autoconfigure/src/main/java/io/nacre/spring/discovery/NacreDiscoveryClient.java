package io.nacre.spring.discovery;

import io.nacre.NacreException;
import java.util.List;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.DiscoveryClient;

/** The blocking face of discovery. */
public class NacreDiscoveryClient implements DiscoveryClient {
    private final NacreServiceDiscovery discovery;
    private final int order;

    /**
     * Shows a discovery.
     *
     * @param discovery finds services
     * @param order rank among other clients
     */
    public NacreDiscoveryClient(NacreServiceDiscovery discovery, int order) {
        this.discovery = discovery;
        this.order = order;
    }

    @Override
    public String description() {
        return "Nacre discovery client";
    }

    @Override
    public List<ServiceInstance> getInstances(String serviceId) {
        try {
            return discovery.instances(serviceId);
        } catch (NacreException e) {
            throw new IllegalStateException("cannot get the instances of " + serviceId + ": " + e.getMessage(), e);
        }
    }

    @Override
    public List<String> getServices() {
        return discovery.services();
    }

    /** Looks at the connection; nothing is sent. */
    @Override
    public void probe() {
        discovery.probe();
    }

    @Override
    public int getOrder() {
        return order;
    }
}
