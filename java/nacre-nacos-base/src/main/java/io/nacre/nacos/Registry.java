package io.nacre.nacos;

import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.listener.AbstractEventListener;
import com.alibaba.nacos.api.naming.listener.EventListener;
import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.naming.pojo.ServiceInfo;
import com.alibaba.nacos.api.naming.selector.NamingSelector;
import com.alibaba.nacos.client.naming.event.InstancesChangeEvent;
import com.alibaba.nacos.client.naming.event.InstancesDiff;
import com.alibaba.nacos.client.naming.listener.NamingChangeEvent;
import com.alibaba.nacos.client.naming.selector.ServiceInfoContext;
import com.alibaba.nacos.common.notify.NotifyCenter;
import io.nacre.Balancer;
import io.nacre.NacreClient;
import io.nacre.NacreException;
import io.nacre.NamingClient;
import io.nacre.Query;
import io.nacre.Selector;
import io.nacre.ServiceChange;
import io.nacre.ServiceKey;
import io.nacre.ServiceSnapshot;
import io.nacre.ServiceSubscription;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The services that one naming service follows, and who listens to them. Every followed service is watched once for
 * the notify centre, and once for each listener, so that listeners neither wait for each other nor lose their order.
 */
final class Registry {
    private static final Logger LOGGER = LoggerFactory.getLogger(Registry.class);

    /** A listener with its selector; the pair is what is registered once and found again to be removed. */
    private static final class Listening {
        final NamingSelector selector;
        final EventListener listener;

        Listening(NamingSelector selector, EventListener listener) {
            this.selector = selector;
            this.listener = listener;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Listening
                    && Objects.equals(selector, ((Listening) other).selector)
                    && Objects.equals(listener, ((Listening) other).listener);
        }

        @Override
        public int hashCode() {
            return Objects.hash(selector, listener);
        }
    }

    /** A followed service. */
    private static final class Followed {
        final ServiceSubscription events;
        final Map<Listening, ServiceSubscription> listeners = new HashMap<>();

        Followed(ServiceSubscription events) {
            this.events = events;
        }
    }

    private final NacreClient client;
    private final NamingClient naming;
    private final String scope = UUID.randomUUID().toString();
    private final Map<ServiceKey, Followed> followed = new ConcurrentHashMap<>();

    Registry(NacreClient client) {
        this.client = client;
        this.naming = client.naming();
    }

    NamingClient naming() {
        return naming;
    }

    List<Instance> instances(ServiceKey service, List<String> clusters, boolean subscribe) throws NacosException {
        return Convert.allToNacos(found(service, clusters, subscribe, naming::instances));
    }

    List<Instance> select(ServiceKey service, List<String> clusters, boolean healthy, boolean subscribe)
            throws NacosException {
        return Convert.allToNacos(found(service, clusters, subscribe, query -> naming.select(query, healthy)));
    }

    Instance selectOne(ServiceKey service, List<String> clusters, boolean subscribe) throws NacosException {
        Optional<io.nacre.Instance> chosen =
                found(service, clusters, subscribe, query -> naming.selectOne(query, Balancer.weightedRandom(), null));
        return Convert.toNacos(chosen.orElseThrow(
                () -> new IllegalStateException("no host to srv for serviceInfo: " + service.grouped())));
    }

    private interface Reading<T> {
        T read(Query query) throws NacreException;
    }

    private <T> T found(ServiceKey service, List<String> clusters, boolean subscribe, Reading<T> reading)
            throws NacosException {
        try {
            Query query = Query.of(service);
            if (clusters != null && !clusters.isEmpty()) {
                query = query.clusters(clusters);
            }
            if (!subscribe) {
                return reading.read(query.direct());
            }
            follow(service);
            return reading.read(query);
        } catch (NacreException e) {
            throw Engine.failure(e);
        } catch (IllegalArgumentException e) {
            throw Engine.failure(e);
        }
    }

    private Followed follow(ServiceKey service) throws NacreException {
        Followed present = followed.get(service);
        if (present != null) {
            return present;
        }
        synchronized (followed) {
            present = followed.get(service);
            if (present == null) {
                present = new Followed(naming.watch(service, Selector.all(), null, this::publish));
                followed.put(service, present);
            }
            return present;
        }
    }

    void subscribe(ServiceKey service, NamingSelector selector, EventListener listener) throws NacosException {
        Listening listening = new Listening(selector, listener);
        try {
            ServiceSubscription subscription;
            synchronized (followed) {
                Followed known = follow(service);
                if (known.listeners.containsKey(listening)) {
                    return;
                }
                subscription =
                        naming.watch(service, Selector.all(), executor(listener), change -> deliver(listening, change));
                known.listeners.put(listening, subscription);
            }
            subscription.established();
        } catch (NacreException e) {
            throw Engine.failure(e);
        } catch (IllegalArgumentException e) {
            throw Engine.failure(e);
        }
    }

    private static Executor executor(EventListener listener) {
        return listener instanceof AbstractEventListener ? ((AbstractEventListener) listener).getExecutor() : null;
    }

    void unsubscribe(ServiceKey service, NamingSelector selector, EventListener listener) {
        synchronized (followed) {
            Followed known = followed.get(service);
            ServiceSubscription subscription =
                    known == null ? null : known.listeners.remove(new Listening(selector, listener));
            if (subscription == null) {
                return;
            }
            subscription.close();
            if (known.listeners.isEmpty()) {
                followed.remove(service);
                known.events.close();
                naming.unsubscribe(service);
            }
        }
    }

    /** The services that have listeners. */
    List<ServiceInfo> subscribed() {
        List<ServiceInfo> services = new ArrayList<>();
        synchronized (followed) {
            followed.forEach((service, known) -> {
                if (!known.listeners.isEmpty()) {
                    services.add(Convert.info(service, new ArrayList<>()));
                }
            });
        }
        return services;
    }

    void close() {
        client.close();
        synchronized (followed) {
            followed.clear();
        }
    }

    private void publish(ServiceChange change) {
        InstancesDiff diff = new InstancesDiff(
                Convert.allToNacos(change.added()),
                Convert.allToNacos(change.removed()),
                Convert.allToNacos(change.modified()));
        if (diff.hasDifferent()) {
            ServiceKey service = change.service();
            NotifyCenter.publishEvent(new InstancesChangeEvent(
                    scope, service.name(), service.group(), "", Convert.allToNacos(change.instances()), diff));
        }
    }

    private static void deliver(Listening listening, ServiceChange change) {
        ServiceKey service = change.service();
        try {
            InstancesDiff diff = new InstancesDiff(
                    selected(listening, service, change.added()),
                    selected(listening, service, change.removed()),
                    selected(listening, service, change.modified()));
            if (diff.hasDifferent()) {
                List<Instance> hosts = selected(listening, service, change.instances());
                listening.listener.onEvent(new NamingChangeEvent(service.name(), service.group(), "", hosts, diff));
            }
        } catch (RuntimeException | LinkageError | AssertionError e) {
            LOGGER.error("a listener of {} failed", service, e);
        }
    }

    private static List<Instance> selected(Listening listening, ServiceKey service, List<io.nacre.Instance> instances) {
        if (instances.isEmpty()) {
            return new ArrayList<>();
        }
        ServiceInfo info = Convert.info(service, Convert.allToNacos(instances));
        List<Instance> chosen =
                listening.selector.select(new ServiceInfoContext(info)).getResult();
        return chosen == null ? new ArrayList<>() : chosen;
    }

    /** The newest list from memory, for those who look and do not ask. */
    Optional<ServiceSnapshot> cached(ServiceKey service) {
        return naming.cached(service);
    }
}
