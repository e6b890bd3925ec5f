package io.nacre.cases;

import io.nacre.InvalidParameterException;
import io.nacre.NacreException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** One of the two faces of the API. */
enum Face {
    BLOCKING,
    ASYNC;

    /** Calls through this face. */
    <T> T call(Callable<T> blocking, Callable<CompletableFuture<T>> async) throws Exception {
        try {
            return this == BLOCKING ? blocking.call() : async.call().get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof NacreException) {
                throw failure((NacreException) e.getCause());
            }
            throw e;
        } catch (NacreException e) {
            throw failure(e);
        } catch (InvalidParameterException e) {
            throw new Failure("invalid_parameter", e.code(), false, e);
        }
    }

    private static Failure failure(NacreException error) {
        return new Failure(error.kind().id(), error.code(), error.isRetryable(), error);
    }

    /** What has one face only. */
    static <T> T only(Callable<T> call) throws Exception {
        return BLOCKING.call(call, null);
    }
}
