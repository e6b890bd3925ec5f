package io.nacre.internal;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The daemon thread that empties the library's queue. It runs no user code. */
final class Pump implements Runnable {
    /** Most that one look at the queue brings. */
    private static final int BATCH = 256;

    /** Time between two looks at what was left unclosed, while nothing else happens. */
    private static final long IDLE_MILLIS = 2_000;

    /** The same while listeners work, so that their pool grows when they block. */
    private static final long BUSY_MILLIS = 10;

    private final Engine engine;
    private final Thread thread;
    private final ReferenceQueue<Object> lost = new ReferenceQueue<>();
    private final Set<Guard> guards = ConcurrentHashMap.newKeySet();
    private volatile boolean ending;

    Pump(Engine engine) {
        this.engine = engine;
        this.thread = new Thread(this, "nacre-pump");
        thread.setDaemon(true);
        // Whoever opened the first client must not be kept by it.
        thread.setContextClassLoader(null);
    }

    void start() {
        thread.start();
    }

    void end() {
        ending = true;
        engine.wake();
    }

    boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    void guard(Object owner, NativeClient client) {
        guards.removeIf(guard -> guard.client.isClosed());
        guards.add(new Guard(owner, lost, client));
    }

    @Override
    public void run() {
        long[] ids = new long[BATCH];
        int[] kinds = new int[BATCH];
        byte[][] payloads = new byte[BATCH][];
        boolean last;
        do {
            // What came before the end is still passed on.
            last = ending;
            int count = 0;
            try {
                count = engine.poll(ids, kinds, payloads, last ? 0 : Engine.isBusy() ? BUSY_MILLIS : IDLE_MILLIS);
            } catch (RuntimeException | OutOfMemoryError defect) {
                Logs.error("the queue of the native library cannot be read", defect);
            }
            for (int index = 0; index < count; index++) {
                try {
                    pass(ids[index], kinds[index], payloads[index]);
                } catch (RuntimeException | Error defect) {
                    Logs.error("what the native library said was lost", defect);
                }
            }
            Arrays.fill(payloads, null);
            Engine.tick();
            closeLost();
        } while (!last);
        engine.stop();
        helpListeners();
    }

    /** Nobody else looks whether tasks wait behind one that waits for them. */
    private static void helpListeners() {
        while (Engine.isBusy()) {
            Engine.tick();
            try {
                Thread.sleep(BUSY_MILLIS);
            } catch (InterruptedException ignored) {
                // Nobody interrupts this thread.
            }
        }
    }

    private void pass(long id, int kind, byte[] payload) {
        switch (kind) {
            case Native.ANSWER:
            case Native.FAILURE:
                Call<?> call = engine.takeCall(id);
                if (call != null) {
                    call.arrive(kind == Native.ANSWER, payload);
                }
                break;
            case Native.EVENT:
                NativeSubscription subscription = engine.subscription(id);
                if (subscription != null && !subscription.isClosed()) {
                    pass(subscription);
                }
                break;
            case Native.LOG:
                Logs.read(new Reader(payload));
                break;
            default:
                throw new IllegalStateException("unknown kind " + kind);
        }
    }

    private static void pass(NativeSubscription subscription) {
        try {
            subscription.handler().onEvent(subscription);
        } catch (RuntimeException | Error failure) {
            Logs.error("an event could not be passed on", failure);
            subscription.done(false);
        }
    }

    private void closeLost() {
        for (Object next = lost.poll(); next != null; next = lost.poll()) {
            Guard guard = (Guard) next;
            guards.remove(guard);
            if (!guard.client.isClosed()) {
                Logs.warn("a client that nobody holds any more was never closed");
                guard.client.close();
            }
        }
    }

    /** Tells when an owner is gone; knows its client, not the owner. */
    private static final class Guard extends PhantomReference<Object> {
        private final NativeClient client;

        Guard(Object owner, ReferenceQueue<Object> lost, NativeClient client) {
            super(owner, lost);
            this.client = client;
        }
    }
}
