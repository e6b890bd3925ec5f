package io.nacre;

import io.nacre.internal.EventHandler;
import io.nacre.internal.NativeClient;
import io.nacre.internal.NativeSubscription;
import io.nacre.internal.Op;
import io.nacre.internal.Reader;
import io.nacre.internal.Writer;
import java.time.Instant;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/**
 * An opened client: what is new after each reopening. It does not lead to an {@link Owner}, so that the engine can tell
 * when nobody holds the client any more.
 */
final class Core {
    /** Clients that have registered something: it is to stay although nobody holds the client. */
    private static final Set<Owner> KEPT = Collections.newSetFromMap(new ConcurrentHashMap<>());

    /** Held by all that users hold of a client, and by its listeners; when it is gone, the client is closed. */
    static final class Owner {
        final Core core;
        private final Set<ServiceKey> registered = new HashSet<>();
        volatile boolean used;

        private Owner(Core core) {
            this.core = core;
        }

        /** Said after a call, so that this is reachable until then. */
        void inUse() {
            used = true;
        }

        synchronized void registered(ServiceKey service) {
            if (!core.closed) {
                registered.add(service);
                KEPT.add(this);
            }
        }

        synchronized void deregistered(ServiceKey service) {
            registered.remove(service);
            if (registered.isEmpty()) {
                KEPT.remove(this);
            }
        }

        /** The client stays open until it is done. */
        <T> Operation<T> operation(int code, Writer request, Operation.Step<Reader, T> decode) {
            return Operation.of(this, core.engine, code, request, decode);
        }

        Operation<Void> operation(int code, Writer request) {
            return operation(code, request, answer -> null);
        }

        CompletableFuture<Void> close() {
            CompletableFuture<Void> closing = core.close();
            synchronized (this) {
                KEPT.remove(this);
            }
            return closing;
        }
    }

    final Options options;
    final Executor executor;
    final Services services = new Services(this);
    private final NativeClient engine;
    private volatile boolean closed;

    Core(Options options, byte[] encoded) throws NacreException {
        this.options = options;
        this.engine = NativeClient.open(encoded);
        if (options.executor != null) {
            engine.setExecutor(options.executor);
        }
        this.executor = options.executor != null ? options.executor : NativeClient.workers();
    }

    Owner own() {
        Owner owner = new Owner(this);
        engine.guard(owner);
        return owner;
    }

    /** Asks what the engine knows without a server. */
    Reader ask(int code, Writer request) throws NacreException {
        return engine.call(code, request.toBytes());
    }

    NativeSubscription subscribe(int code, Writer request, EventHandler handler)
            throws NacreException {
        return engine.subscribe(code, request.toBytes(), handler);
    }

    NativeSubscription attach(long handle, EventHandler handler) {
        return engine.attach(handle, handler);
    }

    boolean isClosed() {
        return closed;
    }

    void checkOpen() throws NacreException {
        if (closed) {
            throw Futures.closed();
        }
    }

    Status status() {
        try {
            return Wire.readStatus(ask(Op.STATUS, new Writer()));
        } catch (NacreException e) {
            return new Status(
                    Status.State.CLOSED,
                    Instant.now(),
                    null,
                    e,
                    null,
                    Status.ServerGeneration.UNKNOWN,
                    0);
        }
    }

    Metrics metrics() {
        try {
            return Wire.readMetrics(ask(Op.METRICS, new Writer()));
        } catch (NacreException e) {
            return new Metrics(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        }
    }

    private CompletableFuture<Void> close() {
        closed = true;
        services.close();
        return engine.close();
    }
}
