package io.nacre.internal;

import io.nacre.ErrorKind;
import io.nacre.NacreException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.function.Function;

/**
 * A client of the native library. After {@link #close} its calls fail as closed; to open again, make another one of the
 * same options.
 */
public final class NativeClient {
    private final Engine engine;
    private final long handle;
    private final Object lock = new Object();
    private volatile Executor executor;
    private CompletableFuture<Void> closing;

    private NativeClient(Engine engine, long handle, Executor executor) {
        this.engine = engine;
        this.handle = handle;
        this.executor = executor;
    }

    /**
     * Makes a client, which connects in the background. The first one of a process loads the library and starts its
     * threads; they end with the last one.
     *
     * @param options as {@link Op} describes
     * @return the client
     * @throws NacreException when a setting is not legal
     * @throws UnsatisfiedLinkError when there is no library for this machine; the text names every place tried
     */
    public static NativeClient open(byte[] options) throws NacreException {
        Engine engine = Engine.acquire();
        boolean opened = false;
        try {
            long handle = answer(engine.open(options)).i64();
            opened = true;
            return new NativeClient(engine, handle, Engine.workers());
        } catch (IllegalStateException defect) {
            throw internal(defect);
        } finally {
            if (!opened) {
                engine.release();
            }
        }
    }

    /**
     * Where futures complete from now on.
     *
     * @param executor null for the pool of this library
     */
    public void setExecutor(Executor executor) {
        this.executor = executor == null ? Engine.workers() : executor;
    }

    /**
     * Where futures complete.
     *
     * @return the executor
     */
    public Executor executor() {
        return executor;
    }

    /**
     * The pool of this library: one daemon thread, which grows to eight while its tasks block and ends when idle.
     *
     * @return the pool
     */
    public static Executor workers() {
        return Engine.workers();
    }

    /**
     * Starts an operation. Cancelling the future reaches the engine. It fails with a {@link NacreException}.
     *
     * @param <T> what comes of it
     * @param op a number of {@link Op}
     * @param request as {@link Op} describes
     * @param timeoutMillis deadline, 0 for that of the options
     * @param decode reads the answer; runs where the future completes
     * @return the answer, completed by the executor
     */
    public <T> CompletableFuture<T> submit(
            int op, byte[] request, long timeoutMillis, Function<Reader, ? extends T> decode) {
        Call<T> call = new Call<>(engine, decode, executor);
        submit(op, request, timeoutMillis, call);
        return call;
    }

    /**
     * Runs an operation and waits for it. Never on a thread on which {@link EventHandler}s run.
     *
     * @param <T> what comes of it
     * @param op a number of {@link Op}
     * @param request as {@link Op} describes
     * @param timeoutMillis deadline, 0 for that of the options
     * @param decode reads the answer, on the calling thread
     * @return the answer
     * @throws NacreException when it fails
     * @throws InterruptedException when the waiting was interrupted; the operation is cancelled
     */
    public <T> T await(int op, byte[] request, long timeoutMillis, Function<Reader, ? extends T> decode)
            throws NacreException, InterruptedException {
        if (engine.isPump()) {
            throw new IllegalStateException("a blocking call on the thread that brings its answer");
        }
        Call<Reader> call = new Call<>(engine, reader -> reader, null);
        submit(op, request, timeoutMillis, call);
        try {
            return decode.apply(call.get());
        } catch (InterruptedException interrupted) {
            call.cancel(false);
            throw interrupted;
        } catch (ExecutionException failure) {
            Throwable cause = failure.getCause();
            if (cause instanceof NacreException) {
                NacreException error = (NacreException) cause;
                // The stack of the caller, not of the pump.
                error.fillInStackTrace();
                throw error;
            }
            throw internal(cause);
        } catch (IllegalStateException defect) {
            throw internal(defect);
        }
    }

    /**
     * Runs an operation that needs no server.
     *
     * @param op a number of {@link Op} that says so
     * @param request as {@link Op} describes
     * @return the answer; null when it would have to wait
     * @throws NacreException when it fails
     */
    public Reader call(int op, byte[] request) throws NacreException {
        try {
            byte[] answer = engine.call(handle, op, request);
            return answer == null ? null : answer(answer);
        } catch (IllegalStateException defect) {
            throw internal(defect);
        }
    }

    /**
     * Follows something; the first event may come before this returns.
     *
     * @param op a number of {@link Op}
     * @param request as {@link Op} describes
     * @param handler called on the pump's thread
     * @return the subscription
     * @throws NacreException when it fails
     */
    public NativeSubscription subscribe(int op, byte[] request, EventHandler handler) throws NacreException {
        try {
            return attach(answer(engine.subscribe(handle, op, request)).i64(), handler);
        } catch (IllegalStateException defect) {
            throw internal(defect);
        }
    }

    /**
     * Takes over a subscription that an answer gave, and lets its events come.
     *
     * @param subscription the handle
     * @param handler called on the pump's thread
     * @return the subscription
     */
    public NativeSubscription attach(long subscription, EventHandler handler) {
        NativeSubscription attached = new NativeSubscription(this, subscription, handler);
        engine.attach(attached);
        return attached;
    }

    /**
     * Has this client closed, with a warning, when nobody holds its owner any more.
     *
     * @param owner an object that this client and its event handlers do not lead to
     */
    public void guard(Object owner) {
        engine.guard(owner, this);
    }

    /**
     * Takes back what this client registered and subscribed and ends its connection, within 1 s. Calls that wait fail
     * as closed. No event begins once this has returned.
     *
     * @return done when all that has happened, on a thread of {@link #workers()}; the same one each time
     */
    public CompletableFuture<Void> close() {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        synchronized (lock) {
            if (closing != null) {
                return closing;
            }
            closing = closed;
        }
        engine.detachAll(this);
        Call<Void> call = new Call<>(engine, reader -> null, null);
        call.whenComplete((nothing, failure) -> {
            engine.release();
            // On a thread that nobody can block for good: who waits may be on the only one of the user's executor.
            Engine.workers().execute(() -> closed.complete(null));
        });
        submit(Op.CLOSE, new byte[0], 0, call);
        return closed;
    }

    /**
     * Whether it was closed.
     *
     * @return true after {@link #close}
     */
    public boolean isClosed() {
        synchronized (lock) {
            return closing != null;
        }
    }

    Engine engine() {
        return engine;
    }

    void forget(NativeSubscription subscription) {
        engine.detach(subscription);
    }

    private <T> void submit(int op, byte[] request, long timeoutMillis, Call<T> call) {
        try {
            if (!engine.submit(handle, op, request, timeoutMillis, call)) {
                call.completeExceptionally(closed());
            }
        } catch (IllegalStateException defect) {
            call.completeExceptionally(internal(defect));
        }
    }

    static NacreException closed() {
        return NacreException.of(ErrorKind.CLOSED, -401, false, "the client is closed");
    }

    static NacreException internal(Throwable defect) {
        NacreException error =
                NacreException.of(ErrorKind.INTERNAL, -500, false, String.valueOf(defect.getMessage()));
        error.initCause(defect);
        return error;
    }

    private static Reader answer(byte[] answer) throws NacreException {
        Reader reader = new Reader(answer);
        if (reader.u8() == 0) {
            return reader;
        }
        throw reader.error();
    }
}
