package io.nacre;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** Waiting for futures, and what they fail with. */
final class Futures {
    private Futures() {}

    /** Waits in Java, so that a virtual thread is not pinned. The failure is made anew, with the caller's stack. */
    static <T> T await(CompletableFuture<T> future) throws NacreException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw atCaller(unwrap(e.getCause()));
        } catch (CancellationException e) {
            throw closed();
        } catch (InterruptedException e) {
            future.cancel(true);
            Thread.currentThread().interrupt();
            throw interrupted(e);
        }
    }

    static NacreException interrupted(InterruptedException cause) {
        NacreException error = NacreException.of(ErrorKind.INTERNAL, -500, false, "the thread was interrupted");
        error.initCause(cause);
        return error;
    }

    static NacreException internal(Throwable defect) {
        NacreException error = NacreException.of(ErrorKind.INTERNAL, -500, false, String.valueOf(defect.getMessage()));
        error.initCause(defect);
        return error;
    }

    static Throwable unwrap(Throwable failure) {
        Throwable inner = failure;
        while (inner instanceof CompletionException && inner.getCause() != null) {
            inner = inner.getCause();
        }
        return inner;
    }

    static NacreException closed() {
        return NacreException.of(ErrorKind.CLOSED, -401, false, "the client is closed");
    }

    private static NacreException atCaller(Throwable failure) {
        if (failure instanceof NacreException) {
            NacreException error = (NacreException) failure;
            NacreException copy =
                    NacreException.of(error.kind(), error.code(), error.isRetryable(), error.getMessage());
            copy.initCause(error.getCause() == null ? error : error.getCause());
            return copy;
        }
        if (failure instanceof RuntimeException) {
            throw (RuntimeException) failure;
        }
        if (failure instanceof Error) {
            throw (Error) failure;
        }
        return internal(failure);
    }

    /** Waits for something that does not fail, unless the thread is interrupted. */
    static void quietly(CompletableFuture<Void> future) {
        try {
            future.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
