package io.nacre;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Follows the instances of a service. */
public interface ServiceSubscription extends Subscription {
    /**
     * The service.
     *
     * @return its key
     */
    ServiceKey service();

    /**
     * The newest list from memory; the selector is not applied.
     *
     * @return empty until one is known
     */
    Optional<ServiceSnapshot> current();

    /**
     * The instances of the newest list that the selector accepts.
     *
     * @return an unmodifiable list, empty until one is known
     */
    List<Instance> instances();

    /**
     * Waits until the server has answered. The subscription is made later all the same if it cannot be reached.
     *
     * @throws NacreException when the server cannot be reached in time or refuses
     */
    void established() throws NacreException;

    /**
     * As {@link #established()}.
     *
     * @return ends when the server has answered
     */
    CompletableFuture<Void> establishedAsync();
}
