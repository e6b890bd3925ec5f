package io.nacre.internal;

import io.nacre.NacreException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The native library's threads and tables, and the pump that empties its queue. There is one as long as there is an
 * open client.
 */
final class Engine {
    /** How long the library's threads may take to end. */
    private static final long STOP_LIMIT_MILLIS = 1_000;

    private static final Workers WORKERS = new Workers("nacre-listener", 8, 5_000);
    private static final AtomicLong IDS = new AtomicLong();
    private static Engine current;

    private final long handle;
    private final ConcurrentHashMap<Long, Call<?>> calls = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Long, NativeSubscription> subscriptions = new ConcurrentHashMap<>();
    private final Pump pump;
    private int users;

    private Engine(long handle) {
        this.handle = handle;
        this.pump = new Pump(this);
    }

    /** The engine, started if there is none. Each one needs its {@link #release}. */
    static synchronized Engine acquire() {
        NativeLoader.load();
        if (current == null) {
            Engine engine = new Engine(Native.start());
            Logs.started(engine);
            engine.pump.start();
            current = engine;
        }
        current.users++;
        return current;
    }

    /** The engine that runs, or null. */
    static synchronized Engine current() {
        return current;
    }

    static Executor workers() {
        return WORKERS;
    }

    /** The last one ends the engine. */
    void release() {
        synchronized (Engine.class) {
            if (--users > 0) {
                return;
            }
            current = null;
        }
        pump.end();
    }

    long nextId() {
        return IDS.incrementAndGet();
    }

    boolean isPump() {
        return pump.isCurrent();
    }

    byte[] open(byte[] options) {
        return Native.open(handle, options);
    }

    boolean submit(long client, int op, byte[] request, long timeoutMillis, Call<?> call) {
        calls.put(call.id(), call);
        boolean sent = false;
        try {
            sent = Native.submit(handle, client, call.id(), op, request, timeoutMillis);
        } finally {
            if (!sent) {
                calls.remove(call.id());
            }
        }
        return sent;
    }

    void cancel(Call<?> call) {
        calls.remove(call.id());
        Native.cancel(handle, call.id());
    }

    byte[] call(long client, int op, byte[] request) {
        return Native.call(handle, client, op, request);
    }

    byte[] subscribe(long client, int op, byte[] request) {
        return Native.subscribe(handle, client, op, request);
    }

    void attach(NativeSubscription subscription) {
        subscriptions.put(subscription.handle(), subscription);
        Native.arm(handle, subscription.handle());
    }

    byte[] take(long subscription) {
        return Native.take(handle, subscription);
    }

    void done(long subscription, boolean ok) {
        Native.done(handle, subscription, ok);
    }

    void detach(NativeSubscription subscription) {
        subscriptions.remove(subscription.handle());
        Native.unsubscribe(handle, subscription.handle());
    }

    void detachAll(NativeClient client) {
        for (NativeSubscription subscription : subscriptions.values()) {
            if (subscription.isOf(client)) {
                subscription.close();
            }
        }
    }

    void guard(Object owner, NativeClient client) {
        pump.guard(owner, client);
    }

    void logLevel(int level) {
        Native.logLevel(handle, level);
    }

    /** How many clients, subscriptions and running calls there are. */
    long[] counts() {
        return Native.counts(handle);
    }

    int poll(long[] ids, int[] kinds, byte[][] payloads, long timeoutMillis) {
        return Native.poll(handle, ids, kinds, payloads, timeoutMillis);
    }

    void wake() {
        Native.wake(handle);
    }

    /** Called by the pump, as its last deed. */
    void stop() {
        Native.stop(handle, STOP_LIMIT_MILLIS);
        for (Call<?> call : calls.values()) {
            NacreException closed = NativeClient.closed();
            WORKERS.execute(() -> call.completeExceptionally(closed));
        }
        calls.clear();
        subscriptions.clear();
    }

    Call<?> takeCall(long id) {
        return calls.remove(id);
    }

    NativeSubscription subscription(long subscription) {
        return subscriptions.get(subscription);
    }

    static void tick() {
        WORKERS.tick();
    }

    static boolean isBusy() {
        return WORKERS.isBusy();
    }
}
