package io.nacre.internal;

import io.nacre.NacreException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;

/** An operation on its way. */
final class Call<T> extends CompletableFuture<T> {
    private final Engine engine;
    private final Function<Reader, ? extends T> decode;
    /** Null completes on the pump, for those that run no user code then. */
    private final Executor executor;

    private final long id;

    Call(Engine engine, Function<Reader, ? extends T> decode, Executor executor) {
        this.engine = engine;
        this.decode = decode;
        this.executor = executor;
        this.id = engine.nextId();
    }

    long id() {
        return id;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        boolean cancelled = super.cancel(mayInterruptIfRunning);
        if (cancelled) {
            engine.cancel(this);
        }
        return cancelled;
    }

    /** Called by the pump. */
    void arrive(boolean ok, byte[] payload) {
        if (executor == null) {
            finish(ok, payload);
            return;
        }
        try {
            executor.execute(() -> finish(ok, payload));
        } catch (RejectedExecutionException full) {
            // An executor that was shut down must not make futures wait for ever.
            Engine.workers().execute(() -> finish(ok, payload));
        }
    }

    private void finish(boolean ok, byte[] payload) {
        try {
            Reader reader = new Reader(payload);
            if (ok) {
                complete(decode.apply(reader));
            } else {
                completeExceptionally(reader.error());
            }
        } catch (RuntimeException defect) {
            NacreException error = NativeClient.internal(defect);
            completeExceptionally(error);
        }
    }
}
