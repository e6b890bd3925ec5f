package io.nacre;

import io.nacre.internal.NativeClient;
import io.nacre.internal.Reader;
import io.nacre.internal.Writer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Something to be done by the engine, or done already, with what is made of its answer. The blocking face waits for it
 * on the caller's thread, the other one has it completed by the client's executor.
 */
final class Operation<T> {
    /** A step that may fail. */
    interface Step<A, B> {
        B apply(A value) throws NacreException;
    }

    /** Makes something of an answer or of a failure; one of them is null, both for what needed no engine. */
    private interface Finish<T> {
        T apply(Reader answer, NacreException failure) throws NacreException;
    }

    /** Held so that the client is not taken for one that nobody uses. Null, as the engine, for what needs none. */
    private final Core.Owner owner;

    private final NativeClient engine;

    private final int code;
    private final byte[] request;
    private final long timeoutMillis;
    private final Finish<T> finish;
    private final Consumer<T> unwanted;

    private Operation(
            Core.Owner owner,
            NativeClient engine,
            int code,
            byte[] request,
            long timeoutMillis,
            Finish<T> finish,
            Consumer<T> unwanted) {
        this.owner = owner;
        this.engine = engine;
        this.code = code;
        this.request = request;
        this.timeoutMillis = timeoutMillis;
        this.finish = finish;
        this.unwanted = unwanted;
    }

    static <T> Operation<T> of(
            Core.Owner owner, NativeClient engine, int code, Writer request, Step<Reader, T> decode) {
        Finish<T> finish = (answer, failure) -> {
            if (failure != null) {
                throw failure;
            }
            return decode.apply(answer);
        };
        return new Operation<>(owner, engine, code, request.toBytes(), 0, finish, null);
    }

    /** What is known without the engine. */
    static <T> Operation<T> known(Step<Void, T> value) {
        return new Operation<>(null, null, 0, null, 0, (answer, failure) -> value.apply(null), null);
    }

    static <T> Operation<T> failed(NacreException failure) {
        return known(nothing -> {
            throw failure;
        });
    }

    Operation<T> within(long millis) {
        return new Operation<>(owner, engine, code, request, millis, finish, unwanted);
    }

    <R> Operation<R> map(Step<T, R> step) {
        Finish<R> mapped = (answer, failure) -> step.apply(finish.apply(answer, failure));
        return new Operation<>(owner, engine, code, request, timeoutMillis, mapped, null);
    }

    /** Makes a result of a failure too, or fails with it or another. */
    Operation<T> recover(Step<NacreException, T> step) {
        Finish<T> recovered = (answer, failure) -> {
            try {
                return finish.apply(answer, failure);
            } catch (NacreException e) {
                return step.apply(e);
            }
        };
        return new Operation<>(owner, engine, code, request, timeoutMillis, recovered, unwanted);
    }

    /** Says what to do with a result that nobody waits for any more. Cancelling does not reach the engine then. */
    Operation<T> disposing(Consumer<T> dispose) {
        return new Operation<>(owner, engine, code, request, timeoutMillis, finish, dispose);
    }

    T await() throws NacreException {
        if (engine == null) {
            return finish.apply(null, null);
        }
        Reader answer;
        try {
            answer = engine.await(code, request, timeoutMillis, reader -> reader);
            owner.inUse();
        } catch (NacreException e) {
            return finish.apply(null, explained(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Futures.interrupted(e);
        }
        return finished(answer);
    }

    CompletableFuture<T> async() {
        CompletableFuture<T> result = new CompletableFuture<>();
        if (engine == null) {
            complete(result, null, null);
            return result;
        }
        CompletableFuture<Reader> pending = engine.submit(code, request, timeoutMillis, reader -> reader);
        pending.whenComplete((answer, failure) -> {
            owner.inUse();
            Throwable cause = Futures.unwrap(failure);
            if (cause == null || cause instanceof NacreException) {
                complete(result, answer, explained((NacreException) cause));
            } else {
                result.completeExceptionally(cause);
            }
        });
        if (unwanted == null) {
            // Whoever completes it, by cancelling or with a time limit of his own, does not want the answer.
            result.whenComplete((value, failure) -> pending.cancel(true));
        }
        return result;
    }

    /** What was under way when the client was closed ends as closed, whatever it fell over. */
    private NacreException explained(NacreException failure) {
        if (failure != null && failure.kind() != ErrorKind.CLOSED && owner.core.isClosed()) {
            NacreException closed = Futures.closed();
            closed.initCause(failure);
            return closed;
        }
        return failure;
    }

    private void complete(CompletableFuture<T> result, Reader answer, NacreException failure) {
        try {
            T value = failure == null && answer != null ? finished(answer) : finish.apply(answer, failure);
            if (!result.complete(value) && unwanted != null) {
                unwanted.accept(value);
            }
        } catch (NacreException | RuntimeException e) {
            result.completeExceptionally(e);
        }
    }

    /** An answer that cannot be read is a defect. */
    private T finished(Reader answer) throws NacreException {
        try {
            return finish.apply(answer, null);
        } catch (IllegalStateException e) {
            throw Futures.internal(e);
        }
    }
}
