package io.nacre;

import io.nacre.internal.Op;
import io.nacre.internal.Writer;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listener of a service. It runs one call at a time; what came meanwhile is one further call, for the difference
 * between the newest list and the one that it was shown last.
 */
final class ServiceWatch implements ServiceSubscription {
    private static final Logger LOG = LoggerFactory.getLogger(NacreClient.class);

    private enum State {
        IDLE,
        WAITING,
        RUNNING,
        /** Something came while it ran. */
        AGAIN
    }

    private final Core.Owner owner;
    private final Selector selector;
    private final Executor executor;
    private final ServiceListener listener;
    private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);
    private final Object gate = new Object();
    private Followed followed;
    private boolean closed;
    /** Below: touched by one run at a time. */
    private ServiceSnapshot seen;

    private List<Instance> shown;
    private int failures;

    private ServiceWatch(Core.Owner owner, Selector selector, Executor executor, ServiceListener listener) {
        this.owner = owner;
        this.selector = selector;
        this.executor = executor;
        this.listener = listener;
    }

    static ServiceWatch open(
            Core.Owner owner, ServiceKey service, Selector selector, Executor executor, ServiceListener listener)
            throws NacreException {
        ServiceWatch watch = new ServiceWatch(owner, selector, executor, listener);
        watch.followed = owner.core.services.add(service, watch);
        watch.ring();
        return watch;
    }

    /** There may be something new. Called by the pump. */
    void ring() {
        State before = state.getAndUpdate(
                now -> now == State.IDLE ? State.WAITING : now == State.RUNNING ? State.AGAIN : now);
        if (before == State.IDLE) {
            submit();
        }
    }

    private void submit() {
        try {
            executor.execute(this::run);
        } catch (RejectedExecutionException e) {
            state.set(State.IDLE);
            retry(e);
        }
    }

    private void run() {
        state.set(State.RUNNING);
        ServiceSnapshot newest = followed == null ? null : followed.newest();
        if (newest != null && newest != seen) {
            show(newest);
        }
        if (!state.compareAndSet(State.RUNNING, State.IDLE)) {
            state.set(State.WAITING);
            submit();
        }
    }

    private void show(ServiceSnapshot newest) {
        try {
            List<Instance> instances = selector.apply(newest.instances());
            Difference difference = new Difference(shown == null ? Collections.emptyList() : shown, instances);
            if (shown == null || !difference.isEmpty()) {
                if (!begin()) {
                    return;
                }
                listener.onChange(difference.toChange(newest, instances));
            }
            seen = newest;
            shown = instances;
            failures = 0;
        } catch (Throwable e) {
            retry(e);
        }
    }

    /** Once close has returned no call begins. */
    private boolean begin() {
        synchronized (gate) {
            return !closed && !owner.core.isClosed();
        }
    }

    private void retry(Throwable failure) {
        if (begin()) {
            failures++;
            LOG.warn("a listener of service {} failed, it is called again later", service(), failure);
            Retries.after(failures, this::ring);
        }
    }

    @Override
    public ServiceKey service() {
        return followed.service;
    }

    @Override
    public Optional<ServiceSnapshot> current() {
        return Optional.ofNullable(followed.newest());
    }

    @Override
    public List<Instance> instances() {
        ServiceSnapshot newest = followed.newest();
        return newest == null ? Collections.emptyList() : selector.apply(newest.instances());
    }

    private Operation<Void> establishing() {
        return owner.operation(Op.ESTABLISHED, new Writer().i64(followed.handle()));
    }

    @Override
    public void established() throws NacreException {
        establishing().await();
    }

    @Override
    public CompletableFuture<Void> establishedAsync() {
        return establishing().async();
    }

    @Override
    public Optional<NacreException> error() {
        return Optional.ofNullable(followed.refusal());
    }

    @Override
    public void close() {
        synchronized (gate) {
            if (closed) {
                return;
            }
            closed = true;
        }
        owner.core.services.remove(followed, this);
    }

    @Override
    public boolean isClosed() {
        synchronized (gate) {
            return closed || owner.core.isClosed();
        }
    }
}
