package io.nacre.bench;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** A client that is measured: one object for the registry and one for configs. */
interface Side {
    void open(String server) throws Exception;

    void publish(String dataId, String content) throws Exception;

    String get(String dataId) throws Exception;

    /** Registers so many instances of a service. */
    void register(String service, int instances) throws Exception;

    /** Asks the server for the instances. */
    int query(String service) throws Exception;

    /** Follows a service. */
    void subscribe(String service, Consumer<Integer> listener) throws Exception;

    /** Chooses one of a service that is followed. */
    String selectOne(String service) throws Exception;

    void listen(String dataId, Consumer<String> listener) throws Exception;

    /** Null where there are only blocking calls, which then run in as many threads. */
    CompletableFuture<?> getAsync(String dataId);

    /** As {@link #getAsync}. */
    CompletableFuture<?> queryAsync(String service);

    void close() throws Exception;

    static Side of(String name) {
        return name.equals("nacre") ? new NacreSide() : new NacosSide();
    }
}
