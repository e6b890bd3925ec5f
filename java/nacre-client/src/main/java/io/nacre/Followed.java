package io.nacre;

import io.nacre.internal.EventHandler;
import io.nacre.internal.NativeSubscription;
import io.nacre.internal.Op;
import io.nacre.internal.Reader;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;

/**
 * A service that is followed, with its newest list. One subscription of the engine serves all queries and listeners: the
 * pump decodes each new list once and publishes it before any listener runs.
 */
final class Followed implements EventHandler {
    final ServiceKey service;
    private final Core core;
    private final Set<ServiceWatch> watches = new CopyOnWriteArraySet<>();
    private volatile ServiceSnapshot newest;
    private volatile NacreException refusal;
    /** Below: guarded by the table of services. */
    private boolean pinned;

    private NativeSubscription subscription;

    Followed(Core core, ServiceKey service) {
        this.core = core;
        this.service = service;
    }

    ServiceSnapshot newest() {
        return newest;
    }

    NacreException refusal() {
        return refusal;
    }

    long handle() {
        return subscription.handle();
    }

    void open() throws NacreException {
        subscription = core.subscribe(Op.WATCH, Wire.service(service), this);
    }

    void pin() {
        pinned = true;
    }

    void unpin() {
        pinned = false;
    }

    boolean isUsed() {
        return pinned || !watches.isEmpty();
    }

    void add(ServiceWatch watch) {
        watches.add(watch);
    }

    void remove(ServiceWatch watch) {
        watches.remove(watch);
    }

    void close() {
        subscription.close();
    }

    /** A list that a query found; those of the subscription are newer. */
    synchronized void offer(ServiceSnapshot snapshot) {
        if (newest == null) {
            publish(snapshot);
        }
    }

    private synchronized void publish(ServiceSnapshot snapshot) {
        newest = snapshot;
        watches.forEach(ServiceWatch::ring);
    }

    @Override
    public void onEvent(NativeSubscription events) {
        try {
            Reader value = events.take();
            if (value != null) {
                publish(Wire.readSnapshot(value));
            }
        } catch (NacreException e) {
            // It is over for good; who queries or watches later begins anew.
            refusal = e;
            core.services.ended(this);
            events.close();
        } finally {
            events.done(true);
        }
    }
}
