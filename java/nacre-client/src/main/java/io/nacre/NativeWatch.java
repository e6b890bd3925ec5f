package io.nacre;

import io.nacre.internal.EventHandler;
import io.nacre.internal.NativeSubscription;
import io.nacre.internal.Reader;
import io.nacre.internal.Writer;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listener of a subscription of the engine, which offers one value at a time. A value that the listener could not use
 * is offered again.
 */
final class NativeWatch implements EventHandler, ConfigSubscription {
    private static final Logger LOG = LoggerFactory.getLogger(NacreClient.class);

    /** Decodes a value and runs the listener. */
    interface Delivery {
        void deliver(Reader value) throws Exception;
    }

    private final Core.Owner owner;
    private final String what;
    private final ConfigKey key;
    private final Executor executor;
    private final Delivery delivery;
    private final Object gate = new Object();
    private boolean closed;
    private NativeSubscription subscription;
    private volatile NacreException error;

    /** {@code key} is null for all but configs. */
    NativeWatch(Core.Owner owner, String what, ConfigKey key, Executor executor, Delivery delivery) {
        this.owner = owner;
        this.what = what;
        this.key = key;
        this.executor = executor == null ? owner.core.executor : executor;
        this.delivery = delivery;
    }

    NativeWatch subscribe(int code, Writer request) throws NacreException {
        owner.core.checkOpen();
        opened(owner.core.subscribe(code, request, this));
        return this;
    }

    NativeWatch attach(long handle) {
        opened(owner.core.attach(handle, this));
        return this;
    }

    /** The first event may have come before. */
    private void opened(NativeSubscription opened) {
        synchronized (gate) {
            subscription = opened;
        }
    }

    @Override
    public void onEvent(NativeSubscription events) {
        try {
            executor.execute(() -> run(events));
        } catch (RejectedExecutionException e) {
            LOG.warn("the executor of a listener of {} takes nothing", what, e);
            events.done(false);
        }
    }

    private void run(NativeSubscription events) {
        boolean ok = false;
        try {
            Reader value = take(events);
            while (value != null && begin()) {
                delivery.deliver(value);
                value = take(events);
            }
            ok = true;
        } catch (Throwable e) {
            LOG.warn("a listener of {} failed, it is called again later", what, e);
        } finally {
            events.done(ok);
        }
    }

    /** Null when there is nothing new, or never will be. */
    private Reader take(NativeSubscription events) {
        try {
            return events.take();
        } catch (NacreException e) {
            error = e;
            LOG.warn("a listener of {} has ended: {}", what, e.getMessage());
            close();
            return null;
        }
    }

    private boolean begin() {
        synchronized (gate) {
            return !closed && !owner.core.isClosed();
        }
    }

    @Override
    public ConfigKey key() {
        return key;
    }

    @Override
    public Optional<NacreException> error() {
        return Optional.ofNullable(error);
    }

    @Override
    public void close() {
        NativeSubscription open;
        synchronized (gate) {
            if (closed) {
                return;
            }
            closed = true;
            open = subscription;
        }
        if (open != null) {
            open.close();
        }
    }

    @Override
    public boolean isClosed() {
        synchronized (gate) {
            return closed || owner.core.isClosed();
        }
    }
}
