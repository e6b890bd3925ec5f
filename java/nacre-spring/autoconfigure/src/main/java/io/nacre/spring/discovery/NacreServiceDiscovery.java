package io.nacre.spring.discovery;

import io.nacre.Instance;
import io.nacre.NacreClient;
import io.nacre.NacreException;
import io.nacre.Query;
import io.nacre.ServiceKey;
import io.nacre.ServiceSnapshot;
import io.nacre.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.cloud.client.ServiceInstance;

/**
 * Finds services. A service that was asked for once is followed, so further questions are answered from memory and show
 * what the server has pushed.
 */
public class NacreServiceDiscovery {
    private static final Logger LOG = LoggerFactory.getLogger(NacreServiceDiscovery.class);

    private final NacreClient client;
    private final NacreDiscoveryProperties properties;
    private final Map<String, Usable> usable = new ConcurrentHashMap<>();
    private volatile List<String> lastServices = List.of();

    /** The list of a snapshot as Spring Cloud sees it, so that it is converted once. */
    private record Usable(List<Instance> source, List<ServiceInstance> instances) {}

    /**
     * Finds services through a client.
     *
     * @param client follows them
     * @param properties the group, and whether failures are tolerated
     */
    public NacreServiceDiscovery(NacreClient client, NacreDiscoveryProperties properties) {
        this.client = client;
        this.properties = properties;
    }

    /**
     * Instances of a service that are healthy and take traffic.
     *
     * @param serviceId its name; {@code group@@name} asks for one of another group
     * @return new objects each time
     * @throws NacreException when the server cannot be asked, no list is known and failures are not tolerated
     */
    public List<ServiceInstance> instances(String serviceId) throws NacreException {
        try {
            return convert(serviceId, client.naming().select(query(serviceId), true));
        } catch (NacreException e) {
            if (properties.isFailureToleranceEnabled()) {
                LOG.warn("cannot ask for the instances of {}: {}", serviceId, e.getMessage());
                return List.of();
            }
            throw e;
        }
    }

    /**
     * As {@link #instances(String)}, without blocking.
     *
     * @param serviceId its name
     * @return the future of the instances
     */
    public CompletableFuture<List<ServiceInstance>> instancesAsync(String serviceId) {
        return client.naming()
                .selectAsync(query(serviceId), true)
                .thenApply(instances -> convert(serviceId, instances));
    }

    /**
     * Those of a service that is followed, from memory. The list and its objects are shared by all who ask until the
     * service changes.
     *
     * @param serviceId its name
     * @return empty when the service is not followed yet
     */
    public Optional<List<ServiceInstance>> known(String serviceId) {
        ServiceSnapshot snapshot = client.naming().cached(key(serviceId)).orElse(null);
        if (snapshot == null) {
            return Optional.empty();
        }
        Usable last = usable.get(serviceId);
        if (last == null || last.source() != snapshot.instances()) {
            List<Instance> chosen = new ArrayList<>(snapshot.instances());
            chosen.removeIf(instance -> !instance.isHealthy() || !instance.takesTraffic());
            last = new Usable(snapshot.instances(), List.copyOf(convert(serviceId, chosen)));
            usable.put(serviceId, last);
        }
        return Optional.of(last.instances());
    }

    /**
     * The names of all services of the group.
     *
     * @return the names; the last ones that are known when the server cannot be asked
     */
    public List<String> services() {
        try {
            lastServices = client.naming().allServices(properties.getGroup());
        } catch (NacreException e) {
            LOG.warn("cannot ask for the names of the services: {}", e.getMessage());
        }
        return new ArrayList<>(lastServices);
    }

    /**
     * As {@link #services()}, without blocking.
     *
     * @return the future of the names
     */
    public CompletableFuture<List<String>> servicesAsync() {
        return client.naming().allServicesAsync(properties.getGroup()).handle((names, failure) -> {
            if (failure == null) {
                lastServices = names;
            } else {
                LOG.warn("cannot ask for the names of the services: {}", failure.getMessage());
            }
            return new ArrayList<>(lastServices);
        });
    }

    /** Fails unless there is a connection. */
    void probe() {
        Status status = client.status();
        if (status.state() != Status.State.CONNECTED) {
            String reason = status.lastError().map(NacreException::getMessage).orElse("not connected yet");
            throw new IllegalStateException("no connection to " + client.servers() + ": " + reason);
        }
    }

    /**
     * The services that are followed.
     *
     * @return their names
     * @throws NacreException when the client is closed
     */
    public List<ServiceKey> subscribed() throws NacreException {
        return client.naming().subscribed();
    }

    /**
     * The client that follows them.
     *
     * @return the client
     */
    public NacreClient client() {
        return client;
    }

    /**
     * The settings.
     *
     * @return the same object each time
     */
    public NacreDiscoveryProperties properties() {
        return properties;
    }

    ServiceKey key(String serviceId) {
        return serviceId.contains("@@") ? ServiceKey.of(serviceId) : ServiceKey.of(properties.getGroup(), serviceId);
    }

    private Query query(String serviceId) {
        return Query.of(key(serviceId));
    }

    private static List<ServiceInstance> convert(String serviceId, List<Instance> instances) {
        List<ServiceInstance> converted = new ArrayList<>(instances.size());
        for (Instance instance : instances) {
            if (instance.isHealthy() && instance.isEnabled()) {
                converted.add(new NacreServiceInstance(serviceId, instance));
            }
        }
        return converted;
    }
}
