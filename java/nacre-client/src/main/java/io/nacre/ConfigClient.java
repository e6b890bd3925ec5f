package io.nacre;

import java.time.Duration;
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
    /**
     * The same with another deadline for each request.
     *
     * @param limit the deadline
     * @return a copy that shares everything else
     */
    public ConfigClient withTimeout(Duration limit) {
        throw new UnsupportedOperationException();
    }

    /**
     * Adds a filter, or puts it in the place of the one with the same name. It takes part from the next call on.
     *
     * @param filter the filter
     */
    public void addFilter(ConfigFilter filter) {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads a config.
     *
     * @param key the config
     * @return empty when there is none
     * @throws NacreException when the user may not read it, or no server answers and there is no snapshot
     */
    public Optional<ConfigValue> get(ConfigKey key) throws NacreException {
        return Futures.await(getAsync(key));
    }

    /**
     * As {@link #get(ConfigKey)}.
     *
     * @param key the config
     * @return the future of empty when there is none
     */
    public CompletableFuture<Optional<ConfigValue>> getAsync(ConfigKey key) {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads a config, below the filters.
     *
     * @param key the config
     * @return empty when there is none
     * @throws NacreException when the user may not read it, or no server answers and there is no snapshot
     */
    public Optional<ConfigValue> getRaw(ConfigKey key) throws NacreException {
        return Futures.await(getRawAsync(key));
    }

    /**
     * As {@link #getRaw(ConfigKey)}.
     *
     * @param key the config
     * @return the future of empty when there is none
     */
    public CompletableFuture<Optional<ConfigValue>> getRawAsync(ConfigKey key) {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads a config and tells why there is no value, instead of failing.
     *
     * @param key the config
     * @return the value or the reason
     * @throws NacreException when the client is closed, or a filter fails
     */
    public ConfigReadResult read(ConfigKey key) throws NacreException {
        return Futures.await(readAsync(key));
    }

    /**
     * As {@link #read(ConfigKey)}.
     *
     * @param key the config
     * @return the future of the value or the reason
     */
    public CompletableFuture<ConfigReadResult> readAsync(ConfigKey key) {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads a config, below the filters, and tells why there is no value, instead of failing.
     *
     * @param key the config
     * @return the value or the reason
     * @throws NacreException when the client is closed
     */
    public ConfigReadResult readRaw(ConfigKey key) throws NacreException {
        return Futures.await(readRawAsync(key));
    }

    /**
     * As {@link #readRaw(ConfigKey)}.
     *
     * @param key the config
     * @return the future of the value or the reason
     */
    public CompletableFuture<ConfigReadResult> readRawAsync(ConfigKey key) {
        throw new UnsupportedOperationException();
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
        return Futures.await(getAndListenAsync(key, executor, listener));
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
        throw new UnsupportedOperationException();
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
        return Futures.await(getAndListenRawAsync(key, executor, listener));
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
        throw new UnsupportedOperationException();
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
        throw new UnsupportedOperationException();
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
        throw new UnsupportedOperationException();
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
        throw new UnsupportedOperationException();
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
        Futures.await(publishAsync(key, content));
    }

    /**
     * As {@link #publish(ConfigKey, String)}.
     *
     * @param key the config
     * @param content the text
     * @return ends when it is done
     */
    public CompletableFuture<Void> publishAsync(ConfigKey key, String content) {
        throw new UnsupportedOperationException();
    }

    /**
     * Creates a config or replaces it.
     *
     * @param key the config
     * @param publish the content, with what the server keeps beside it
     * @throws NacreException as the other {@code publish}
     */
    public void publish(ConfigKey key, Publish publish) throws NacreException {
        Futures.await(publishAsync(key, publish));
    }

    /**
     * As {@link #publish(ConfigKey, Publish)}.
     *
     * @param key the config
     * @param publish the content, with what the server keeps beside it
     * @return ends when it is done
     */
    public CompletableFuture<Void> publishAsync(ConfigKey key, Publish publish) {
        throw new UnsupportedOperationException();
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
        Futures.await(publishCasAsync(key, publish, md5));
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
        throw new UnsupportedOperationException();
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
        Futures.await(publishGrayAsync(key, publish, gray));
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
        throw new UnsupportedOperationException();
    }

    /**
     * Removes a config. Removing one that is not there succeeds.
     *
     * @param key the config
     * @throws NacreException when the server refuses or cannot be reached in time
     */
    public void remove(ConfigKey key) throws NacreException {
        Futures.await(removeAsync(key));
    }

    /**
     * As {@link #remove(ConfigKey)}.
     *
     * @param key the config
     * @return ends when it is done
     */
    public CompletableFuture<Void> removeAsync(ConfigKey key) {
        throw new UnsupportedOperationException();
    }

    /**
     * Removes a version that was published with {@code publishGray}. Needs a server of 2.5 or later.
     *
     * @param key the config
     * @param gray which version
     * @throws NacreException when a Nacos server has no such version; as {@code remove}
     */
    public void removeGray(ConfigKey key, Gray gray) throws NacreException {
        Futures.await(removeGrayAsync(key, gray));
    }

    /**
     * As {@link #removeGray(ConfigKey, Gray)}.
     *
     * @param key the config
     * @param gray which version
     * @return ends when it is done
     */
    public CompletableFuture<Void> removeGrayAsync(ConfigKey key, Gray gray) {
        throw new UnsupportedOperationException();
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
        return Futures.await(watchPatternAsync(group, dataId, executor, listener));
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
        throw new UnsupportedOperationException();
    }
}
