package io.nacre;

import io.nacre.internal.Op;
import io.nacre.internal.Writer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * The configuration centre. Had from {@link NacreClient#config()}.
 *
 * <p>With {@link NacreClient.Builder#directory} a client has files in Nacos's layout. A failover file, which an operator
 * puts there, takes the place of the server's value. What the server says is copied to a snapshot, which is read while
 * no server can be reached. Someone who is not allowed to read a config is refused and never given an old copy.
 *
 * <p>Filters change contents on their way. Methods with {@code Raw} in their name work below the filters.
 */
public final class ConfigClient {
    private final Core.Owner owner;
    private final Core core;
    private final Filters filters;
    /** 0 for the client's own. */
    private final long timeoutMillis;

    ConfigClient(Core.Owner owner) {
        this(owner, new Filters(), 0);
    }

    private ConfigClient(Core.Owner owner, Filters filters, long timeoutMillis) {
        this.owner = owner;
        this.core = owner.core;
        this.filters = filters;
        this.timeoutMillis = timeoutMillis;
    }

    /**
     * The same with another deadline for each request.
     *
     * @param limit the deadline
     * @return a copy that shares everything else
     */
    public ConfigClient withTimeout(Duration limit) {
        return new ConfigClient(owner, filters, Options.positive(limit, "limit").toMillis());
    }

    /**
     * Adds a filter, or puts it in the place of the one with the same name. It takes part from the next call on.
     *
     * @param filter the filter
     */
    public void addFilter(ConfigFilter filter) {
        filters.add(Names.present(filter, "filter"));
    }

    /**
     * Reads a config.
     *
     * @param key the config
     * @return empty when there is none
     * @throws NacreException when the user may not read it, or no server answers and there is no snapshot
     */
    public Optional<ConfigValue> get(ConfigKey key) throws NacreException {
        return reading(key).map(value -> filters.receive(key, value)).map(Optional::ofNullable).await();
    }

    /**
     * As {@link #get(ConfigKey)}.
     *
     * @param key the config
     * @return the future of empty when there is none
     */
    public CompletableFuture<Optional<ConfigValue>> getAsync(ConfigKey key) {
        return reading(key).map(value -> filters.receive(key, value)).map(Optional::ofNullable).async();
    }

    /**
     * Reads a config, below the filters.
     *
     * @param key the config
     * @return empty when there is none
     * @throws NacreException when the user may not read it, or no server answers and there is no snapshot
     */
    public Optional<ConfigValue> getRaw(ConfigKey key) throws NacreException {
        return reading(key).map(Optional::ofNullable).await();
    }

    /**
     * As {@link #getRaw(ConfigKey)}.
     *
     * @param key the config
     * @return the future of empty when there is none
     */
    public CompletableFuture<Optional<ConfigValue>> getRawAsync(ConfigKey key) {
        return reading(key).map(Optional::ofNullable).async();
    }

    /**
     * Reads a config and tells why there is no value, instead of failing.
     *
     * @param key the config
     * @return the value or the reason
     * @throws NacreException when the client is closed, or a filter fails
     */
    public ConfigReadResult read(ConfigKey key) throws NacreException {
        return explaining(reading(key).map(value -> filters.receive(key, value))).await();
    }

    /**
     * As {@link #read(ConfigKey)}.
     *
     * @param key the config
     * @return the future of the value or the reason
     */
    public CompletableFuture<ConfigReadResult> readAsync(ConfigKey key) {
        return explaining(reading(key).map(value -> filters.receive(key, value))).async();
    }

    /**
     * Reads a config, below the filters, and tells why there is no value, instead of failing.
     *
     * @param key the config
     * @return the value or the reason
     * @throws NacreException when the client is closed
     */
    public ConfigReadResult readRaw(ConfigKey key) throws NacreException {
        return explaining(reading(key)).await();
    }

    /**
     * As {@link #readRaw(ConfigKey)}.
     *
     * @param key the config
     * @return the future of the value or the reason
     */
    public CompletableFuture<ConfigReadResult> readRawAsync(ConfigKey key) {
        return explaining(reading(key)).async();
    }

    /**
     * Reads a config and listens to it: the listener is told the first value that differs from the one that was read,
     * and no change between the two is lost.
     *
     * @param key the config
     * @param executor runs the listener; null for the client's
     * @param listener is told of changes
     * @return the value and the subscription
     * @throws NacreException when the user may not read it, or no server answers and there is no snapshot
     */
    public ConfigReading getAndListen(ConfigKey key, Executor executor, ConfigListener listener) throws NacreException {
        return readingAndListening(key, executor, listener, filters).await();
    }

    /**
     * As {@link #getAndListen(ConfigKey, Executor, ConfigListener)}.
     *
     * @param key the config
     * @param executor runs the listener; null for the client's
     * @param listener is told of changes
     * @return the future of the value and the subscription
     */
    public CompletableFuture<ConfigReading> getAndListenAsync(ConfigKey key, Executor executor, ConfigListener listener) {
        return readingAndListening(key, executor, listener, filters).async();
    }

    /**
     * Reads a config and listens to it, below the filters.
     *
     * @param key the config
     * @param executor runs the listener; null for the client's
     * @param listener is told of changes
     * @return the value and the subscription
     * @throws NacreException when the user may not read it, or no server answers and there is no snapshot
     */
    public ConfigReading getAndListenRaw(ConfigKey key, Executor executor, ConfigListener listener)
            throws NacreException {
        return readingAndListening(key, executor, listener, null).await();
    }

    /**
     * As {@link #getAndListenRaw(ConfigKey, Executor, ConfigListener)}.
     *
     * @param key the config
     * @param executor runs the listener; null for the client's
     * @param listener is told of changes
     * @return the future of the value and the subscription
     */
    public CompletableFuture<ConfigReading> getAndListenRawAsync(ConfigKey key, Executor executor, ConfigListener listener) {
        return readingAndListening(key, executor, listener, null).async();
    }

    /**
     * Listens to a config on the client's executor. The first value is the present one, or that there is none. With the
     * server down a snapshot takes its place after one request timeout.
     *
     * @param key the config
     * @param listener is told of changes
     * @return closes it
     * @throws NacreException when the client is closed
     */
    public ConfigSubscription watch(ConfigKey key, ConfigListener listener) throws NacreException {
        return watch(key, null, listener);
    }

    /**
     * Listens to a config. The first value is the present one, or that there is none.
     *
     * @param key the config
     * @param executor runs the listener; null for the client's
     * @param listener is told of changes
     * @return closes it
     * @throws NacreException when the client is closed
     */
    public ConfigSubscription watch(ConfigKey key, Executor executor, ConfigListener listener)
            throws NacreException {
        return watching(key, executor, listener, filters).subscribe(Op.WATCH_CONFIG, Wire.config(key));
    }

    /**
     * Listens to a config, below the filters.
     *
     * @param key the config
     * @param executor runs the listener; null for the client's
     * @param listener is told of changes
     * @return closes it
     * @throws NacreException when the client is closed
     */
    public ConfigSubscription watchRaw(ConfigKey key, Executor executor, ConfigListener listener)
            throws NacreException {
        return watching(key, executor, listener, null).subscribe(Op.WATCH_CONFIG, Wire.config(key));
    }

    /**
     * Listens to a config of which the caller has a value, below the filters: the listener is told when the server has
     * another one, whether that was so before or comes to be.
     *
     * @param key the config
     * @param baseline lowercase hex md5 of that value; blank for a config that was not there
     * @param executor runs the listener; null for the client's
     * @param listener is told of changes
     * @return closes it
     * @throws NacreException when the client is closed
     */
    public ConfigSubscription listen(ConfigKey key, String baseline, Executor executor, ConfigListener listener)
            throws NacreException {
        Names.present(baseline, "baseline");
        return watching(key, executor, listener, null).subscribe(Op.LISTEN, Wire.config(key).string(baseline));
    }

    /**
     * Creates a config or replaces its content.
     *
     * @param key the config
     * @param content the text
     * @throws NacreException when the user may not write it, a filter fails, or on the way; then it is unknown
     *     whether the server took it
     */
    public void publish(ConfigKey key, String content) throws NacreException {
        publishing(key, Publish.of(content), null).await();
    }

    /**
     * As {@link #publish(ConfigKey, String)}.
     *
     * @param key the config
     * @param content the text
     * @return ends when it is done
     */
    public CompletableFuture<Void> publishAsync(ConfigKey key, String content) {
        return publishing(key, Publish.of(content), null).async();
    }

    /**
     * Creates a config or replaces it.
     *
     * @param key the config
     * @param publish the content, with what the server keeps beside it
     * @throws NacreException as the other {@code publish}
     */
    public void publish(ConfigKey key, Publish publish) throws NacreException {
        publishing(key, publish, null).await();
    }

    /**
     * As {@link #publish(ConfigKey, Publish)}.
     *
     * @param key the config
     * @param publish the content, with what the server keeps beside it
     * @return ends when it is done
     */
    public CompletableFuture<Void> publishAsync(ConfigKey key, Publish publish) {
        return publishing(key, publish, null).async();
    }

    /**
     * Replaces the content if the server has the one with this md5. A config that is not there is created, as Nacos
     * does it.
     *
     * @param key the config
     * @param publish the content, with what the server keeps beside it
     * @param md5 the md5 of the content that is replaced, as the server has it ({@link ConfigValue#md5()})
     * @throws NacreException of kind {@link ErrorKind#CONFLICT} when the server has another content; otherwise as
     *     {@code publish}
     */
    public void publishCas(ConfigKey key, Publish publish, String md5) throws NacreException {
        comparing(key, publish, md5).await();
    }

    /**
     * As {@link #publishCas(ConfigKey, Publish, String)}.
     *
     * @param key the config
     * @param publish the content, with what the server keeps beside it
     * @param md5 the md5 of the content that is replaced, as the server has it ({@link ConfigValue#md5()})
     * @return ends when it is done
     */
    public CompletableFuture<Void> publishCasAsync(ConfigKey key, Publish publish, String md5) {
        return comparing(key, publish, md5).async();
    }

    /**
     * Publishes a version for some clients only. The others keep the config itself. A server keeps at most ten such
     * versions of a config.
     *
     * @param key the config
     * @param publish the content, with what the server keeps beside it
     * @param gray for whom
     * @throws NacreException as {@code publish}
     */
    public void publishGray(ConfigKey key, Publish publish, Gray gray) throws NacreException {
        publishing(key, publish, Names.present(gray, "gray")).await();
    }

    /**
     * As {@link #publishGray(ConfigKey, Publish, Gray)}.
     *
     * @param key the config
     * @param publish the content, with what the server keeps beside it
     * @param gray for whom
     * @return ends when it is done
     */
    public CompletableFuture<Void> publishGrayAsync(ConfigKey key, Publish publish, Gray gray) {
        return publishing(key, publish, Names.present(gray, "gray")).async();
    }

    /**
     * Removes a config. Removing one that is not there succeeds.
     *
     * @param key the config
     * @throws NacreException when the server refuses or cannot be reached in time
     */
    public void remove(ConfigKey key) throws NacreException {
        removing(key, null).await();
    }

    /**
     * As {@link #remove(ConfigKey)}.
     *
     * @param key the config
     * @return ends when it is done
     */
    public CompletableFuture<Void> removeAsync(ConfigKey key) {
        return removing(key, null).async();
    }

    /**
     * Removes a version that was published with {@code publishGray}. Needs a server of 2.5 or later.
     *
     * @param key the config
     * @param gray which version
     * @throws NacreException when a Nacos server has no such version; as {@code remove}
     */
    public void removeGray(ConfigKey key, Gray gray) throws NacreException {
        removing(key, Names.present(gray, "gray")).await();
    }

    /**
     * As {@link #removeGray(ConfigKey, Gray)}.
     *
     * @param key the config
     * @param gray which version
     * @return ends when it is done
     */
    public CompletableFuture<Void> removeGrayAsync(ConfigKey key, Gray gray) {
        return removing(key, Names.present(gray, "gray")).async();
    }

    /**
     * Watches which configs fit a pattern, on servers from 3.0 on. Contents are not told. A pattern is a name, or has
     * a {@code *} at one end or both: {@code order-*}, {@code *}.
     *
     * @param group pattern of the group
     * @param dataId pattern of the data id
     * @param executor runs the listener; null for the client's
     * @param listener is told of changes
     * @return closes it
     * @throws NacreException when the server is older, or there is no connection
     */
    public Subscription watchPattern(String group, String dataId, Executor executor, ConfigPatternListener listener)
            throws NacreException {
        return watchingPattern(group, dataId, executor, listener).await();
    }

    /**
     * As {@link #watchPattern(String, String, Executor, ConfigPatternListener)}.
     *
     * @param group pattern of the group
     * @param dataId pattern of the data id
     * @param executor runs the listener; null for the client's
     * @param listener is told of changes
     * @return the future of closes it
     */
    public CompletableFuture<Subscription> watchPatternAsync(String group, String dataId, Executor executor, ConfigPatternListener listener) {
        return watchingPattern(group, dataId, executor, listener).async();
    }

    /**
     * Switches the snapshot files on or off; it begins as {@link ConfigOptions#snapshots(boolean)} says. Off, they are
     * neither written nor read, and those that are there stay. Once this is done nothing is being written any more.
     *
     * @param on whether configs are kept in files
     * @throws NacreException when the client is closed
     */
    public void setSnapshots(boolean on) throws NacreException {
        switching(on).await();
    }

    /**
     * As {@link #setSnapshots(boolean)}.
     *
     * @param on whether configs are kept in files
     * @return ends when it is done
     */
    public CompletableFuture<Void> setSnapshotsAsync(boolean on) {
        return switching(on).async();
    }

    private Operation<Void> switching(boolean on) {
        return owner.operation(Op.SET_SNAPSHOTS, new Writer().bool(on));
    }

    /** The value or null. */
    private Operation<ConfigValue> reading(ConfigKey key) {
        Writer request = Wire.config(Names.present(key, "key"));
        return owner.operation(Op.GET, request, answer -> answer.optional(Wire::readValue))
                .within(timeoutMillis);
    }

    private static Operation<ConfigReadResult> explaining(Operation<ConfigValue> reading) {
        return reading.map(ConfigReadResult::of).recover(error -> {
            ConfigReadResult result = ConfigReadResult.of(error);
            if (result == null) {
                throw error;
            }
            return result;
        });
    }

    /** A listener above these filters; null for below. */
    private NativeWatch watching(ConfigKey key, Executor executor, ConfigListener listener, Filters above) {
        Names.present(key, "key");
        Names.present(listener, "listener");
        return new NativeWatch(owner, "config " + key, key, executor, reader -> {
            ConfigValue value = reader.optional(Wire::readValue);
            listener.onChange(new ConfigEvent(key, above == null ? value : above.receive(key, value)));
        });
    }

    private Operation<ConfigReading> readingAndListening(
            ConfigKey key, Executor executor, ConfigListener listener, Filters above) {
        NativeWatch watch = watching(key, executor, listener, above);
        Operation<ConfigReading> reading = owner.operation(Op.GET_AND_LISTEN, Wire.config(key), answer -> {
            ConfigValue value = answer.optional(Wire::readValue);
            watch.attach(answer.i64());
            try {
                return new ConfigReading(above == null ? value : above.receive(key, value), watch);
            } catch (NacreException e) {
                watch.close();
                throw e;
            }
        });
        return reading.disposing(read -> read.subscription().close()).within(timeoutMillis);
    }

    private Publish outgoing(ConfigKey key, Publish publish) throws NacreException {
        int limit = core.options.config.maxContent;
        publish.check(limit);
        Publish filtered = filters.publish(key, publish);
        if (filtered != publish) {
            filtered.check(limit);
        }
        return filtered;
    }

    private Operation<Void> publishing(ConfigKey key, Publish publish, Gray gray) {
        Writer request = Wire.config(Names.present(key, "key"));
        Names.present(publish, "publish");
        if (gray != null) {
            gray.check(true);
        }
        try {
            Wire.publish(request, outgoing(key, publish));
        } catch (NacreException e) {
            return Operation.failed(e);
        }
        request.optional(gray, Wire::gray);
        return owner.operation(Op.PUBLISH, request).within(timeoutMillis);
    }

    private Operation<Void> comparing(ConfigKey key, Publish publish, String md5) {
        Writer request = Wire.config(Names.present(key, "key"));
        Names.present(publish, "publish");
        if (Names.present(md5, "md5").trim().isEmpty()) {
            // The server would publish without any comparison.
            throw new InvalidParameterException("the md5 to compare with is blank");
        }
        try {
            Wire.publish(request, outgoing(key, publish));
        } catch (NacreException e) {
            return Operation.failed(e);
        }
        return owner.operation(Op.PUBLISH_CAS, request.string(md5)).within(timeoutMillis);
    }

    private Operation<Void> removing(ConfigKey key, Gray gray) {
        Writer request = Wire.config(Names.present(key, "key"));
        if (gray != null) {
            gray.check(false);
        }
        return owner.operation(Op.REMOVE, request.optional(gray, Wire::gray)).within(timeoutMillis);
    }

    private Operation<Subscription> watchingPattern(
            String group, String dataId, Executor executor, ConfigPatternListener listener) {
        Writer request = new Writer().string(Names.present(group, "group")).string(Names.present(dataId, "dataId"));
        Names.present(listener, "listener");
        NativeWatch watch = new NativeWatch(owner, "configs like " + dataId, null, executor, value -> {
            List<ConfigKey> all = value.list(Wire::readKey);
            List<ConfigKey> added = value.list(Wire::readKey);
            listener.onChange(new ConfigPatternChange(all, added, value.list(Wire::readKey)));
        });
        Operation<Subscription> watching = owner.operation(Op.WATCH_SET, request, answer -> watch.attach(answer.i64()));
        return watching.disposing(Subscription::close);
    }
}
