package io.nacre;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * The service registry: registering instances, finding and following them. Had from {@link NacreClient#naming()}.
 *
 * <p>Reads of a service that is followed come from memory and cost no call of the engine.
 */
public final class NamingClient {
    /**
     * Registers an instance and waits until the server has it. An ephemeral instance lives as long as this client,
     * which has one publication per service: registering again replaces it. After a lost connection it is registered
     * again by itself, and a failure that may pass leaves it in the client, which goes on trying.
     *
     * @param service the service
     * @param instance the instance
     * @throws NacreException when the server refuses (400: the service is of the other kind) or cannot be reached
     *     in time
     */
    public void register(ServiceKey service, Instance instance) throws NacreException {
        Futures.await(registerAsync(service, instance));
    }

    /**
     * As {@link #register(ServiceKey, Instance)}.
     *
     * @param service the service
     * @param instance the instance
     * @return ends when it is done
     */
    public CompletableFuture<Void> registerAsync(ServiceKey service, Instance instance) {
        throw new UnsupportedOperationException();
    }

    /**
     * Registers several ephemeral instances of a service, in place of what this client published for it before.
     *
     * @param service the service
     * @param instances ephemeral ones; none at all keeps the service published without instances
     * @throws NacreException when the server refuses or cannot be reached in time
     */
    public void registerBatch(ServiceKey service, Collection<Instance> instances) throws NacreException {
        Futures.await(registerBatchAsync(service, instances));
    }

    /**
     * As {@link #registerBatch(ServiceKey, Collection)}.
     *
     * @param service the service
     * @param instances ephemeral ones; none at all keeps the service published without instances
     * @return ends when it is done
     */
    public CompletableFuture<Void> registerBatchAsync(ServiceKey service, Collection<Instance> instances) {
        throw new UnsupportedOperationException();
    }

    /**
     * Deregisters. Ephemeral: takes away what this client published for the service with {@code register}, whatever
     * address is named, and of a batch the instances with this address; does nothing if nothing was published.
     * Persistent: takes away the instance of this address.
     *
     * @param service the service
     * @param instance the instance
     * @throws NacreException when the server refuses or cannot be reached in time
     */
    public void deregister(ServiceKey service, Instance instance) throws NacreException {
        Futures.await(deregisterAsync(service, instance));
    }

    /**
     * As {@link #deregister(ServiceKey, Instance)}.
     *
     * @param service the service
     * @param instance the instance
     * @return ends when it is done
     */
    public CompletableFuture<Void> deregisterAsync(ServiceKey service, Instance instance) {
        throw new UnsupportedOperationException();
    }

    /**
     * Takes instances out of the batch that this client published for a service.
     *
     * @param service the service
     * @param instances at least one; told by address
     * @throws NacreException code 400 if no batch is published; when the server refuses or cannot be reached in
     *     time
     */
    public void deregisterBatch(ServiceKey service, Collection<Instance> instances) throws NacreException {
        Futures.await(deregisterBatchAsync(service, instances));
    }

    /**
     * As {@link #deregisterBatch(ServiceKey, Collection)}.
     *
     * @param service the service
     * @param instances at least one; told by address
     * @return ends when it is done
     */
    public CompletableFuture<Void> deregisterBatchAsync(ServiceKey service, Collection<Instance> instances) {
        throw new UnsupportedOperationException();
    }

    /**
     * All instances of a service, whatever their state. The first query of a service follows it and waits for the
     * server; further ones read memory.
     *
     * @param service the service
     * @return an unmodifiable list, empty for a service that nobody knows
     * @throws NacreException when the server cannot be reached in time and no list is known, or when it refuses
     */
    public List<Instance> instances(ServiceKey service) throws NacreException {
        return Futures.await(instancesAsync(service));
    }

    /**
     * As {@link #instances(ServiceKey)}.
     *
     * @param service the service
     * @return the future of an unmodifiable list, empty for a service that nobody knows
     */
    public CompletableFuture<List<Instance>> instancesAsync(ServiceKey service) {
        throw new UnsupportedOperationException();
    }

    /**
     * All instances that a query asks for, whatever their state.
     *
     * @param query what is asked for
     * @return an unmodifiable list
     * @throws NacreException when the server cannot be reached in time and no list is known, or when it refuses
     */
    public List<Instance> instances(Query query) throws NacreException {
        return Futures.await(instancesAsync(query));
    }

    /**
     * As {@link #instances(Query)}.
     *
     * @param query what is asked for
     * @return the future of an unmodifiable list
     */
    public CompletableFuture<List<Instance>> instancesAsync(Query query) {
        throw new UnsupportedOperationException();
    }

    /**
     * The whole list that a query finds, with what the server says about it. Clusters are looked at when the server is
     * asked.
     *
     * @param query what is asked for
     * @return the list
     * @throws NacreException when the server cannot be reached in time and no list is known, or when it refuses
     */
    public ServiceSnapshot snapshot(Query query) throws NacreException {
        return Futures.await(snapshotAsync(query));
    }

    /**
     * As {@link #snapshot(Query)}.
     *
     * @param query what is asked for
     * @return the future of the list
     */
    public CompletableFuture<ServiceSnapshot> snapshotAsync(Query query) {
        throw new UnsupportedOperationException();
    }

    /**
     * The instances that take traffic (enabled, weight above 0) and are healthy, or are not.
     *
     * @param query what is asked for
     * @param healthy which of them
     * @return an unmodifiable list
     * @throws NacreException when the server cannot be reached in time and no list is known, or when it refuses
     */
    public List<Instance> select(Query query, boolean healthy) throws NacreException {
        return Futures.await(selectAsync(query, healthy));
    }

    /**
     * As {@link #select(Query, boolean)}.
     *
     * @param query what is asked for
     * @param healthy which of them
     * @return the future of an unmodifiable list
     */
    public CompletableFuture<List<Instance>> selectAsync(Query query, boolean healthy) {
        throw new UnsupportedOperationException();
    }

    /**
     * One healthy instance that takes traffic, by weighted random choice.
     *
     * @param service the service
     * @return empty if there is none
     * @throws NacreException when the server cannot be reached in time and no list is known, or when it refuses
     */
    public Optional<Instance> selectOne(ServiceKey service) throws NacreException {
        return Futures.await(selectOneAsync(service));
    }

    /**
     * As {@link #selectOne(ServiceKey)}.
     *
     * @param service the service
     * @return the future of empty if there is none
     */
    public CompletableFuture<Optional<Instance>> selectOneAsync(ServiceKey service) {
        throw new UnsupportedOperationException();
    }

    /**
     * One healthy instance that takes traffic, as a balancer chooses.
     *
     * @param query what is asked for
     * @param balancer chooses
     * @param key what the call is about (a user, a session), for balancers that keep calls with the same key
     *     together; or null
     * @return empty if there is none
     * @throws NacreException when the server cannot be reached in time and no list is known, or when it refuses
     */
    public Optional<Instance> selectOne(Query query, Balancer balancer, String key) throws NacreException {
        return Futures.await(selectOneAsync(query, balancer, key));
    }

    /**
     * As {@link #selectOne(Query, Balancer, String)}.
     *
     * @param query what is asked for
     * @param balancer chooses
     * @param key what the call is about (a user, a session), for balancers that keep calls with the same key
     *     together; or null
     * @return the future of empty if there is none
     */
    public CompletableFuture<Optional<Instance>> selectOneAsync(Query query, Balancer balancer, String key) {
        throw new UnsupportedOperationException();
    }

    /**
     * The newest list of a service that is followed, from memory.
     *
     * @param service the service
     * @return empty when the service is not followed, or no list is known yet
     */
    public Optional<ServiceSnapshot> cached(ServiceKey service) {
        throw new UnsupportedOperationException();
    }

    /**
     * Stops following a service for queries. Subscriptions are not touched.
     *
     * @param service the service
     */
    public void unsubscribe(ServiceKey service) {
        throw new UnsupportedOperationException();
    }

    /**
     * Follows a service with a listener on the client's executor, which is called with the present list first, as soon
     * as one is known.
     *
     * @param service the service
     * @param listener is told of changes
     * @return closes it
     * @throws NacreException when the client is closed
     */
    public ServiceSubscription watch(ServiceKey service, ServiceListener listener) throws NacreException {
        return watch(service, Selector.all(), null, listener);
    }

    /**
     * Follows the instances of a service that a selector accepts.
     *
     * @param service the service
     * @param selector which instances the listener is shown
     * @param executor runs the listener; null for the client's
     * @param listener is told of changes
     * @return closes it
     * @throws NacreException when the client is closed
     */
    public ServiceSubscription watch(ServiceKey service, Selector selector, Executor executor, ServiceListener listener)
            throws NacreException {
        throw new UnsupportedOperationException();
    }

    /**
     * One page of the names of the services of a group.
     *
     * @param group the group; blank is {@code DEFAULT_GROUP}
     * @param page counts from 1; one behind the last is empty
     * @param size names per page, at least 1
     * @return the page
     * @throws NacreException when the server refuses or cannot be reached in time
     */
    public ServicePage services(String group, int page, int size) throws NacreException {
        return Futures.await(servicesAsync(group, page, size));
    }

    /**
     * As {@link #services(String, int, int)}.
     *
     * @param group the group; blank is {@code DEFAULT_GROUP}
     * @param page counts from 1; one behind the last is empty
     * @param size names per page, at least 1
     * @return the future of the page
     */
    public CompletableFuture<ServicePage> servicesAsync(String group, int page, int size) {
        throw new UnsupportedOperationException();
    }

    /**
     * The names of all services of a group.
     *
     * @param group the group; blank is {@code DEFAULT_GROUP}
     * @return a sorted list
     * @throws NacreException when the server refuses or cannot be reached in time
     */
    public List<String> allServices(String group) throws NacreException {
        return Futures.await(allServicesAsync(group));
    }

    /**
     * As {@link #allServices(String)}.
     *
     * @param group the group; blank is {@code DEFAULT_GROUP}
     * @return the future of a sorted list
     */
    public CompletableFuture<List<String>> allServicesAsync(String group) {
        throw new UnsupportedOperationException();
    }

    /**
     * Follows the names of the services of a group: told by the server where it offers that, else by asking again and
     * again ({@link NamingOptions#servicesRefresh}).
     *
     * @param group the group; blank is {@code DEFAULT_GROUP}
     * @param executor runs the listener; null for the client's
     * @param listener is told of changes
     * @return closes it
     * @throws NacreException when the client is closed
     */
    public Subscription watchServices(String group, Executor executor, ServicesListener listener)
            throws NacreException {
        throw new UnsupportedOperationException();
    }

    /**
     * Watches which services fit a pattern, on servers from 3.0 on. A pattern is a name, or has a {@code *} at one end
     * or both: {@code order-*}, {@code *}.
     *
     * @param group pattern of the group
     * @param service pattern of the service name
     * @param executor runs the listener; null for the client's
     * @param listener is told of changes
     * @return closes it
     * @throws NacreException when the server is older, watches too many patterns, or too many services fit
     */
    public Subscription watchPattern(String group, String service, Executor executor, ServicePatternListener listener)
            throws NacreException {
        return Futures.await(watchPatternAsync(group, service, executor, listener));
    }

    /**
     * As {@link #watchPattern(String, String, Executor, ServicePatternListener)}.
     *
     * @param group pattern of the group
     * @param service pattern of the service name
     * @param executor runs the listener; null for the client's
     * @param listener is told of changes
     * @return the future of closes it
     */
    public CompletableFuture<Subscription> watchPatternAsync(String group, String service, Executor executor, ServicePatternListener listener) {
        throw new UnsupportedOperationException();
    }

    /**
     * The services that are followed: by a subscription, or since a query asked for them.
     *
     * @return a sorted list
     * @throws NacreException when the server refuses or cannot be reached in time
     */
    public List<ServiceKey> subscribed() throws NacreException {
        return Futures.await(subscribedAsync());
    }

    /**
     * As {@link #subscribed()}.
     *
     * @return the future of a sorted list
     */
    public CompletableFuture<List<ServiceKey>> subscribedAsync() {
        throw new UnsupportedOperationException();
    }

    /**
     * Whether the server is up: it is while there is a connection; otherwise it is asked over HTTP.
     *
     * @return true if it is
     * @throws NacreException when the client is closed
     */
    public boolean isServerUp() throws NacreException {
        return Futures.await(isServerUpAsync());
    }

    /**
     * As {@link #isServerUp()}.
     *
     * @return the future of true if it is
     */
    public CompletableFuture<Boolean> isServerUpAsync() {
        throw new UnsupportedOperationException();
    }

    /**
     * Changes services and instances as an operator does.
     *
     * @return the operations
     */
    public MaintenanceClient maintenance() {
        throw new UnsupportedOperationException();
    }
}
