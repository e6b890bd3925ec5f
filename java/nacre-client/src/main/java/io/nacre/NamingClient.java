package io.nacre;

import io.nacre.internal.Op;
import io.nacre.internal.Reader;
import io.nacre.internal.Writer;
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
    private static final Balancer WEIGHTED = Balancer.weightedRandom();

    private final Core.Owner owner;
    private final Core core;

    NamingClient(Core.Owner owner) {
        this.owner = owner;
        this.core = owner.core;
    }

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
        registering(service, instance).await();
    }

    /**
     * As {@link #register(ServiceKey, Instance)}.
     *
     * @param service the service
     * @param instance the instance
     * @return ends when it is done
     */
    public CompletableFuture<Void> registerAsync(ServiceKey service, Instance instance) {
        return registering(service, instance).async();
    }

    /**
     * Registers several ephemeral instances of a service, in place of what this client published for it before.
     *
     * @param service the service
     * @param instances ephemeral ones; none at all keeps the service published without instances
     * @throws NacreException when the server refuses or cannot be reached in time
     */
    public void registerBatch(ServiceKey service, Collection<Instance> instances) throws NacreException {
        registeringBatch(service, instances).await();
    }

    /**
     * As {@link #registerBatch(ServiceKey, Collection)}.
     *
     * @param service the service
     * @param instances ephemeral ones; none at all keeps the service published without instances
     * @return ends when it is done
     */
    public CompletableFuture<Void> registerBatchAsync(ServiceKey service, Collection<Instance> instances) {
        return registeringBatch(service, instances).async();
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
        deregistering(service, instance).await();
    }

    /**
     * As {@link #deregister(ServiceKey, Instance)}.
     *
     * @param service the service
     * @param instance the instance
     * @return ends when it is done
     */
    public CompletableFuture<Void> deregisterAsync(ServiceKey service, Instance instance) {
        return deregistering(service, instance).async();
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
        deregisteringBatch(service, instances).await();
    }

    /**
     * As {@link #deregisterBatch(ServiceKey, Collection)}.
     *
     * @param service the service
     * @param instances at least one; told by address
     * @return ends when it is done
     */
    public CompletableFuture<Void> deregisterBatchAsync(ServiceKey service, Collection<Instance> instances) {
        return deregisteringBatch(service, instances).async();
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
        return found(Query.of(service), null).instances();
    }

    /**
     * As {@link #instances(ServiceKey)}.
     *
     * @param service the service
     * @return the future of an unmodifiable list, empty for a service that nobody knows
     */
    public CompletableFuture<List<Instance>> instancesAsync(ServiceKey service) {
        return listing(Query.of(service), null).async();
    }

    /**
     * All instances that a query asks for, whatever their state.
     *
     * @param query what is asked for
     * @return an unmodifiable list
     * @throws NacreException when the server cannot be reached in time and no list is known, or when it refuses
     */
    public List<Instance> instances(Query query) throws NacreException {
        return found(query, null).instances();
    }

    /**
     * As {@link #instances(Query)}.
     *
     * @param query what is asked for
     * @return the future of an unmodifiable list
     */
    public CompletableFuture<List<Instance>> instancesAsync(Query query) {
        return listing(query, null).async();
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
        return list(query).await();
    }

    /**
     * As {@link #snapshot(Query)}.
     *
     * @param query what is asked for
     * @return the future of the list
     */
    public CompletableFuture<ServiceSnapshot> snapshotAsync(Query query) {
        return list(query).async();
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
        return found(query, healthy).instances();
    }

    /**
     * As {@link #select(Query, boolean)}.
     *
     * @param query what is asked for
     * @param healthy which of them
     * @return the future of an unmodifiable list
     */
    public CompletableFuture<List<Instance>> selectAsync(Query query, boolean healthy) {
        return listing(query, healthy).async();
    }

    /**
     * One healthy instance that takes traffic, by weighted random choice.
     *
     * @param service the service
     * @return empty if there is none
     * @throws NacreException when the server cannot be reached in time and no list is known, or when it refuses
     */
    public Optional<Instance> selectOne(ServiceKey service) throws NacreException {
        return Optional.ofNullable(found(Query.of(service), true).weighted());
    }

    /**
     * As {@link #selectOne(ServiceKey)}.
     *
     * @param service the service
     * @return the future of empty if there is none
     */
    public CompletableFuture<Optional<Instance>> selectOneAsync(ServiceKey service) {
        return choosing(Query.of(service), WEIGHTED, null).async();
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
        if (balancer == null || balancer instanceof EngineBalancer) {
            return choosing(query, balancer, key).await();
        }
        return Optional.ofNullable(balancer.choose(found(query, true), key));
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
        return choosing(query, balancer, key).async();
    }

    /**
     * The newest list of a service that is followed, from memory.
     *
     * @param service the service
     * @return empty when the service is not followed, or no list is known yet
     */
    public Optional<ServiceSnapshot> cached(ServiceKey service) {
        return Optional.ofNullable(core.services.newest(Names.present(service, "service")));
    }

    /**
     * Stops following a service for queries. Subscriptions are not touched.
     *
     * @param service the service
     */
    public void unsubscribe(ServiceKey service) {
        Names.present(service, "service");
        core.services.unpin(service);
        try {
            core.ask(Op.UNSUBSCRIBE, Wire.service(service));
        } catch (NacreException e) {
            // A closed client follows nothing.
        }
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
        Names.present(service, "service");
        Names.present(selector, "selector");
        Names.present(listener, "listener");
        Executor where = executor == null ? core.executor : executor;
        return ServiceWatch.open(owner, service, selector, where, listener);
    }

    /**
     * One page of the names of the services of a group.
     *
     * @param group the group; blank is {@code DEFAULT_GROUP}
     * @param page counts from 1 (0 is the first, too); one behind the last is empty
     * @param size names per page, at least 1
     * @return the page
     * @throws NacreException when the server refuses or cannot be reached in time
     */
    public ServicePage services(String group, int page, int size) throws NacreException {
        return paging(group, page, size).await();
    }

    /**
     * As {@link #services(String, int, int)}.
     *
     * @param group the group; blank is {@code DEFAULT_GROUP}
     * @param page counts from 1 (0 is the first, too); one behind the last is empty
     * @param size names per page, at least 1
     * @return the future of the page
     */
    public CompletableFuture<ServicePage> servicesAsync(String group, int page, int size) {
        return paging(group, page, size).async();
    }

    /**
     * The names of all services of a group.
     *
     * @param group the group; blank is {@code DEFAULT_GROUP}
     * @return a sorted list
     * @throws NacreException when the server refuses or cannot be reached in time
     */
    public List<String> allServices(String group) throws NacreException {
        return allNames(group).await();
    }

    /**
     * As {@link #allServices(String)}.
     *
     * @param group the group; blank is {@code DEFAULT_GROUP}
     * @return the future of a sorted list
     */
    public CompletableFuture<List<String>> allServicesAsync(String group) {
        return allNames(group).async();
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
        String checked = Names.group(group);
        Names.present(listener, "listener");
        NativeWatch watch = new NativeWatch(owner, "services of " + checked, null, executor, value -> {
            String name = value.string();
            long revision = value.i64();
            listener.onChange(new ServiceNames(name, revision, value.strings()));
        });
        return watch.subscribe(Op.WATCH_SERVICES, new Writer().string(checked));
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
        return watchingPattern(group, service, executor, listener).await();
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
        return watchingPattern(group, service, executor, listener).async();
    }

    /**
     * The services that are followed: by a subscription, or since a query asked for them.
     *
     * @return a sorted list
     * @throws NacreException when the server refuses or cannot be reached in time
     */
    public List<ServiceKey> subscribed() throws NacreException {
        return listingSubscribed().await();
    }

    /**
     * As {@link #subscribed()}.
     *
     * @return the future of a sorted list
     */
    public CompletableFuture<List<ServiceKey>> subscribedAsync() {
        return listingSubscribed().async();
    }

    /**
     * Whether the server is up: it is while there is a connection; otherwise it is asked over HTTP.
     *
     * @return true if it is
     * @throws NacreException when the client is closed
     */
    public boolean isServerUp() throws NacreException {
        return asking().await();
    }

    /**
     * As {@link #isServerUp()}.
     *
     * @return the future of true if it is
     */
    public CompletableFuture<Boolean> isServerUpAsync() {
        return asking().async();
    }

    /**
     * Changes services and instances as an operator does.
     *
     * @return the operations
     */
    public MaintenanceClient maintenance() {
        return new MaintenanceClient(owner);
    }

    private Operation<Void> registering(ServiceKey service, Instance instance) {
        Names.present(service, "service");
        Names.present(instance, "instance").check(service);
        Writer request = Wire.service(service);
        Wire.instance(request, instance);
        if (instance.ephemeral) {
            // A failure that may pass leaves it in the engine, which goes on trying.
            owner.registered(service);
        }
        return owner.operation(Op.REGISTER, request);
    }

    private Operation<Void> registeringBatch(ServiceKey service, Collection<Instance> instances) {
        Names.present(service, "service");
        for (Instance instance : Names.present(instances, "instances")) {
            if (!Names.present(instance, "instance").ephemeral) {
                throw new InvalidParameterException("a batch registers ephemeral instances only");
            }
            instance.check(service);
        }
        owner.registered(service);
        return owner.operation(Op.REGISTER_BATCH, Wire.service(service).list(instances, Wire::instance));
    }

    private Operation<Void> deregistering(ServiceKey service, Instance instance) {
        Names.present(service, "service");
        if (!Names.present(instance, "instance").ephemeral) {
            instance.check(service);
        }
        Writer request = Wire.service(service);
        Wire.instance(request, instance);
        return owner.operation(Op.DEREGISTER, request).map(nothing -> {
            owner.deregistered(service);
            return nothing;
        });
    }

    private Operation<Void> deregisteringBatch(ServiceKey service, Collection<Instance> instances) {
        Names.present(service, "service");
        Names.present(instances, "instances").forEach(instance -> Names.present(instance, "instance"));
        if (instances.isEmpty()) {
            throw new InvalidParameterException("no instances to deregister");
        }
        return owner.operation(Op.DEREGISTER_BATCH, Wire.service(service).list(instances, Wire::instance));
    }

    /** What is in memory, or null. */
    private ServiceSnapshot remembered(Query query) throws NacreException {
        if (Names.present(query, "query").isDirect()) {
            return null;
        }
        ServiceSnapshot newest = core.services.newest(query.service());
        if (newest != null) {
            core.checkOpen();
        }
        return newest;
    }

    private View found(Query query, Boolean healthy) throws NacreException {
        ServiceSnapshot newest = remembered(query);
        return (newest != null ? newest : list(query).await()).view(query.clusters(), healthy);
    }

    /** From memory where the service is followed. */
    private Operation<ServiceSnapshot> list(Query query) {
        ServiceKey service = Names.present(query, "query").service();
        try {
            ServiceSnapshot newest = remembered(query);
            if (newest != null) {
                return Operation.known(nothing -> newest);
            }
        } catch (NacreException e) {
            return Operation.failed(e);
        }
        Writer request = Wire.service(service).strings(query.clusters()).bool(query.isDirect());
        Operation<ServiceSnapshot> asking = owner.operation(Op.INSTANCES, request, Wire::readSnapshot);
        if (query.isDirect()) {
            return asking;
        }
        return asking.map(snapshot -> {
            core.services.pin(service, snapshot);
            return snapshot;
        });
    }

    private Operation<List<Instance>> listing(Query query, Boolean healthy) {
        return list(query).map(snapshot -> snapshot.view(query.clusters(), healthy).instances());
    }

    private Operation<Optional<Instance>> choosing(Query query, Balancer balancer, String key) {
        if (Names.present(balancer, "balancer") instanceof EngineBalancer) {
            return choosingInEngine(query, (EngineBalancer) balancer, key);
        }
        return list(query)
                .map(snapshot -> Optional.ofNullable(balancer.choose(snapshot.view(query.clusters(), true), key)));
    }

    private Operation<Optional<Instance>> choosingInEngine(Query query, EngineBalancer balancer, String key) {
        if (Names.present(query, "query").isDirect()) {
            throw new InvalidParameterException("a balancer with a state chooses from memory, not directly");
        }
        Writer request = Wire.service(query.service())
                .strings(query.clusters())
                .u8(balancer.ordinal())
                .optional(key)
                .optional((String) null);
        try {
            // Answers at once when the list is in memory.
            Reader answer = core.ask(Op.SELECT_ONE, request);
            if (answer != null) {
                Instance chosen = answer.optional(Wire::readInstance);
                return Operation.known(nothing -> Optional.ofNullable(chosen));
            }
        } catch (NacreException e) {
            return Operation.failed(e);
        }
        return owner.operation(
                Op.SELECT_ONE, request, answer -> Optional.ofNullable(answer.optional(Wire::readInstance)));
    }

    private Operation<ServicePage> paging(String group, int page, int size) {
        Writer request = new Writer()
                .string(Names.group(group))
                .i32(Options.notNegative(page, "page"))
                .i32(Options.positive(size, "size"));
        return owner.operation(Op.SERVICES, request, answer -> {
            int count = answer.i32();
            return new ServicePage(count, answer.strings());
        });
    }

    private Operation<List<String>> allNames(String group) {
        return owner.operation(Op.ALL_SERVICES, new Writer().string(Names.group(group)), Reader::strings);
    }

    private Operation<Subscription> watchingPattern(
            String group, String service, Executor executor, ServicePatternListener listener) {
        Writer request = new Writer().string(Names.present(group, "group")).string(Names.present(service, "service"));
        Names.present(listener, "listener");
        NativeWatch watch = new NativeWatch(owner, "services like " + service, null, executor, value -> {
            List<ServiceKey> added = value.list(Wire::readService);
            listener.onChange(new ServicePatternChange(added, value.list(Wire::readService)));
        });
        Operation<Subscription> watching =
                owner.operation(Op.WATCH_FUZZY, request, answer -> watch.attach(answer.i64()));
        return watching.disposing(Subscription::close);
    }

    private Operation<List<ServiceKey>> listingSubscribed() {
        return Operation.known(
                nothing -> core.ask(Op.SUBSCRIBED, new Writer()).list(Wire::readService));
    }

    private Operation<Boolean> asking() {
        return owner.operation(Op.SERVER_STATUS, new Writer(), Reader::bool);
    }
}
