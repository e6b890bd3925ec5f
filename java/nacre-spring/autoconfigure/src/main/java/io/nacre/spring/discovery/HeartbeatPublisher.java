package io.nacre.spring.discovery;

import io.nacre.NacreException;
import io.nacre.ServiceNames;
import io.nacre.Subscription;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.cloud.client.discovery.event.HeartbeatEvent;
import org.springframework.context.ApplicationContext;
import org.springframework.context.SmartLifecycle;

/**
 * Tells gateways and admin servers when a service came, went or changed. There is an event per change, several within a
 * moment are one, and none when nothing happens.
 */
class HeartbeatPublisher implements SmartLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(HeartbeatPublisher.class);
    private static final long MOMENT_MILLIS = 50;

    private final ApplicationContext context;
    private final NacreServiceDiscovery discovery;
    private final AtomicLong revision = new AtomicLong();
    private final AtomicBoolean isPending = new AtomicBoolean();
    private final Executor later = CompletableFuture.delayedExecutor(MOMENT_MILLIS, TimeUnit.MILLISECONDS);
    private final Map<String, Subscription> services = new HashMap<>();
    private Subscription names;

    HeartbeatPublisher(ApplicationContext context, NacreServiceDiscovery discovery) {
        this.context = context;
        this.discovery = discovery;
    }

    @Override
    public synchronized void start() {
        if (names != null) {
            return;
        }
        try {
            String group = discovery.properties().getGroup();
            names = discovery.client().naming().watchServices(group, null, this::onNames);
        } catch (NacreException e) {
            LOG.warn("cannot follow the services: {}", e.getMessage());
        }
    }

    private void onNames(ServiceNames changed) throws NacreException {
        follow(changed);
        beat();
    }

    private synchronized void follow(ServiceNames changed) throws NacreException {
        // Stopped meanwhile: nobody would end what is begun now.
        if (names == null) {
            return;
        }
        Set<String> gone = new HashSet<>(services.keySet());
        changed.names().forEach(gone::remove);
        gone.forEach(name -> services.remove(name).close());
        for (String name : changed.names()) {
            if (!services.containsKey(name)) {
                services.put(name, discovery.client().naming().watch(discovery.key(name), change -> beat()));
            }
        }
    }

    private void beat() {
        if (isPending.compareAndSet(false, true)) {
            later.execute(this::publish);
        }
    }

    private void publish() {
        isPending.set(false);
        if (!isRunning()) {
            return;
        }
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(context.getClassLoader());
        try {
            context.publishEvent(new HeartbeatEvent(this, revision.incrementAndGet()));
        } catch (RuntimeException e) {
            LOG.warn("a listener of heartbeat events failed", e);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @Override
    public synchronized void stop() {
        if (names != null) {
            names.close();
            names = null;
        }
        services.values().forEach(Subscription::close);
        services.clear();
    }

    @Override
    public synchronized boolean isRunning() {
        return names != null;
    }
}
