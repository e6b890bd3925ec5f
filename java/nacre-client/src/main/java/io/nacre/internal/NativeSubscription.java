package io.nacre.internal;

import io.nacre.NacreException;
import java.util.concurrent.atomic.AtomicBoolean;

/** Something that is followed. Ends with {@link #close} or with its client. */
public final class NativeSubscription {
    private final NativeClient client;
    private final long handle;
    private final EventHandler handler;
    private final AtomicBoolean closed = new AtomicBoolean();

    NativeSubscription(NativeClient client, long handle, EventHandler handler) {
        this.client = client;
        this.handle = handle;
        this.handler = handler;
    }

    /**
     * The handle, for {@link Op#ESTABLISHED}.
     *
     * @return the handle
     */
    public long handle() {
        return handle;
    }

    boolean isOf(NativeClient other) {
        return client == other;
    }

    EventHandler handler() {
        return handler;
    }

    /**
     * Takes the newest value.
     *
     * @return null when there is nothing new or the subscription is closed; otherwise a reader behind the first byte of
     *     the value
     * @throws NacreException what ended the subscription for good
     */
    public Reader take() throws NacreException {
        if (closed.get()) {
            return null;
        }
        byte[] taken = client.engine().take(handle);
        if (taken == null) {
            return null;
        }
        Reader reader = new Reader(taken);
        if (reader.u8() == 0) {
            return reader;
        }
        throw reader.error();
    }

    /**
     * Says that the event was dealt with, so that the next one may come.
     *
     * @param ok false to have the value offered again after 1 s, growing to 5 s, or with the next change
     */
    public void done(boolean ok) {
        if (!closed.get()) {
            client.engine().done(handle, ok);
        }
    }

    /** Ends it. No event begins afterwards. */
    public void close() {
        if (closed.compareAndSet(false, true)) {
            client.forget(this);
        }
    }

    /**
     * Whether it was closed.
     *
     * @return true after {@link #close}
     */
    public boolean isClosed() {
        return closed.get();
    }
}
