package io.nacre;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The services that a client follows. */
final class Services {
    private final Core core;
    private final Map<ServiceKey, Followed> followed = new ConcurrentHashMap<>();

    Services(Core core) {
        this.core = core;
    }

    /** The newest list of a service that is followed, or null. */
    ServiceSnapshot newest(ServiceKey service) {
        Followed found = followed.get(service);
        return found == null ? null : found.newest();
    }

    /** Follows a service for queries from now on; the engine does so already. */
    void pin(ServiceKey service, ServiceSnapshot snapshot) throws NacreException {
        Followed found;
        synchronized (this) {
            found = enter(service);
            found.pin();
        }
        found.offer(snapshot);
    }

    synchronized void unpin(ServiceKey service) {
        Followed found = followed.get(service);
        if (found != null) {
            found.unpin();
            leave(found);
        }
    }

    synchronized Followed add(ServiceKey service, ServiceWatch watch) throws NacreException {
        Followed found = enter(service);
        found.add(watch);
        return found;
    }

    synchronized void remove(Followed service, ServiceWatch watch) {
        service.remove(watch);
        leave(service);
    }

    synchronized void ended(Followed service) {
        followed.remove(service.service, service);
    }

    private Followed enter(ServiceKey service) throws NacreException {
        core.checkOpen();
        Followed found = followed.get(service);
        if (found == null) {
            found = new Followed(core, service);
            found.open();
            followed.put(service, found);
        }
        return found;
    }

    private void leave(Followed service) {
        if (!service.isUsed() && followed.remove(service.service, service)) {
            service.close();
        }
    }

    void close() {
        List<Followed> all;
        synchronized (this) {
            all = new ArrayList<>(followed.values());
            followed.clear();
        }
        all.forEach(Followed::close);
    }
}
