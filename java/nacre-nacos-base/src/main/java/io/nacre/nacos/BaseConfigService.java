package io.nacre.nacos;

import com.alibaba.nacos.api.common.Constants;
import com.alibaba.nacos.api.config.ConfigType;
import com.alibaba.nacos.api.config.filter.IConfigFilter;
import com.alibaba.nacos.api.config.listener.Listener;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.client.config.filter.impl.ConfigRequest;
import com.alibaba.nacos.client.config.listener.impl.AbstractConfigChangeListener;
import com.alibaba.nacos.client.config.utils.ParamUtils;
import com.alibaba.nacos.client.config.utils.SnapShotSwitch;
import io.nacre.ConfigClient;
import io.nacre.ConfigKey;
import io.nacre.ConfigReadResult;
import io.nacre.ConfigSubscription;
import io.nacre.ConfigValue;
import io.nacre.ErrorKind;
import io.nacre.NacreClient;
import io.nacre.NacreException;
import io.nacre.Publish;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The config service without the methods that differ between the lines of nacos-api. */
public abstract class BaseConfigService {
    private static final Logger LOGGER = LoggerFactory.getLogger(BaseConfigService.class);

    private final NacreClient client;
    private final ConfigClient config;
    private final ClientSettings settings;
    private final LocalConfigs files;
    private final ConfigFilters filters;
    private final Map<ConfigKey, List<ConfigListening>> listeners = new HashMap<>();
    private final Runnable stopSwitch;

    /**
     * Connects, or goes on connecting when no server can be reached.
     *
     * @param properties the settings, keys of {@code PropertyKeyConst}
     * @throws NacosException when a setting is invalid
     */
    protected BaseConfigService(Properties properties) throws NacosException {
        Properties copy = Settings.copy(properties);
        settings = ClientSettings.ofProcess(ClientSettings.Kind.CONFIG, copy);
        files = new LocalConfigs(settings);
        filters = new ConfigFilters(copy, settings.namespace);
        client = Engine.connect(settings, copy);
        config = client.config();
        // Without a reference to this object, which may be forgotten without being shut down.
        LocalConfigs written = files;
        Reference<ConfigClient> writing = new WeakReference<>(config);
        stopSwitch = SnapShotSwitch.watch(on -> {
            keepSnapshots(writing.get(), on);
            if (!on) {
                written.deleteSnapshots();
            }
        });
        if (!SnapShotSwitch.getIsSnapShot()) {
            keepSnapshots(config, false);
        }
    }

    private static void keepSnapshots(ConfigClient config, boolean on) {
        try {
            if (config != null) {
                config.setSnapshots(on);
            }
        } catch (NacreException e) {
            LOGGER.debug("closed, it writes nothing: {}", e.reason());
        }
    }

    /**
     * The engine's client, for methods that only one line has.
     *
     * @return the client
     */
    protected final NacreClient client() {
        return client;
    }

    /**
     * Reads a config: the failover file, else the server, else the snapshot.
     *
     * @param dataId data id
     * @param group group, {@code DEFAULT_GROUP} when blank
     * @param timeoutMs longest wait for the server
     * @return the content; null when there is none, or no server can be reached and there is no snapshot
     * @throws NacosException when an argument is invalid or the server refuses with code 403
     */
    public String getConfig(String dataId, String group, long timeoutMs) throws NacosException {
        ConfigKey key = key(dataId, group);
        ConfigValue value = read(key, timeoutMs).value().orElse(null);
        if (value == null || value.source() == ConfigValue.Source.SNAPSHOT && !SnapShotSwitch.getIsSnapShot()) {
            return null;
        }
        return received(key, value);
    }

    /** Reads below the filters; fails when the server refuses with code 403 or the service was shut down. */
    private ConfigReadResult read(ConfigKey key, long timeoutMs) throws NacosException {
        try {
            ConfigReadResult result = timed(timeoutMs).readRaw(key);
            NacreException error = result.error().orElse(null);
            if (error != null) {
                if (error.kind() == ErrorKind.FORBIDDEN || error.kind() == ErrorKind.CLOSED) {
                    throw Engine.failure(error);
                }
                LOGGER.warn("{} cannot be read and has no snapshot: {}", key, error.reason());
            }
            return result;
        } catch (NacreException e) {
            throw Engine.failure(e);
        }
    }

    private ConfigClient timed(long timeoutMs) {
        return timeoutMs > 0 ? config.withTimeout(Duration.ofMillis(timeoutMs)) : config;
    }

    private String received(ConfigKey key, ConfigValue value) throws NacosException {
        return filters.received(key, value.content(), value.type(), value.encryptedDataKey());
    }

    /**
     * Reads a config from the server and adds a listener that is told the first other value.
     *
     * @param dataId data id
     * @param group group, {@code DEFAULT_GROUP} when blank
     * @param timeoutMs longest wait for the server
     * @param listener the listener
     * @return the content, null when there is none
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public String getConfigAndSignListener(String dataId, String group, long timeoutMs, Listener listener)
            throws NacosException {
        ConfigKey key = key(dataId, group);
        checkListener(listener);
        ConfigReadResult result = read(key, timeoutMs);
        if (result.error().isPresent()) {
            throw Engine.failure(result.error().get());
        }
        ConfigValue value = result.value().orElse(null);
        if (value != null && value.source() == ConfigValue.Source.SNAPSHOT) {
            throw new NacosException(NacosException.CLIENT_DISCONNECT, "no server can be reached to read " + key);
        }
        String content = value == null ? null : received(key, value);
        listen(key, listener, value == null ? "" : value.md5(), content);
        return content;
    }

    /**
     * Adds a listener. It is told the first value that differs from the failover file, or without one from the
     * snapshot; without either, the first value. A listener that was added before stays as it is.
     *
     * @param dataId data id
     * @param group group, {@code DEFAULT_GROUP} when blank
     * @param listener the listener
     * @throws NacosException when an argument is invalid
     */
    public void addListener(String dataId, String group, Listener listener) throws NacosException {
        ConfigKey key = key(dataId, group);
        checkListener(listener);
        if (settings.remoteSync && !isListened(key)) {
            ConfigReadResult result = read(key, settings.requestTimeout.toMillis());
            if (result.error().isPresent()) {
                throw Engine.failure(result.error().get());
            }
            ConfigValue value = result.value().orElse(null);
            listen(key, listener, value == null ? "" : value.md5(), value == null ? null : received(key, value));
            return;
        }
        LocalConfigs.Text known = settings.initFromSnapshot && SnapShotSwitch.getIsSnapShot() ? files.known(key) : null;
        boolean wantsContent = known != null && listener instanceof AbstractConfigChangeListener;
        listen(
                key,
                listener,
                known == null ? "" : known.md5(),
                wantsContent ? filters.received(key, known.content, null, known.dataKey) : null);
    }

    private static void checkListener(Listener listener) {
        if (listener == null) {
            throw new IllegalArgumentException("listener is null");
        }
    }

    private boolean isListened(ConfigKey key) {
        synchronized (listeners) {
            return listeners.containsKey(key);
        }
    }

    private void listen(ConfigKey key, Listener listener, String baseline, String content) throws NacosException {
        synchronized (listeners) {
            List<ConfigListening> present = listeners.computeIfAbsent(key, unused -> new ArrayList<>());
            for (ConfigListening each : present) {
                if (each.listener.equals(listener)) {
                    return;
                }
            }
            ConfigListening listening = new ConfigListening(key, listener, filters, settings, content);
            try {
                ConfigSubscription made = config.listen(key, baseline, listener.getExecutor(), listening::onChange);
                listening.start(made);
                present.add(listening);
            } catch (NacreException e) {
                throw Engine.failure(e);
            } finally {
                if (present.isEmpty()) {
                    listeners.remove(key);
                }
            }
        }
    }

    /**
     * Removes a listener; does nothing when it was not added.
     *
     * @param dataId data id
     * @param group group, {@code DEFAULT_GROUP} when blank
     * @param listener the listener
     */
    public void removeListener(String dataId, String group, Listener listener) {
        ConfigKey key;
        try {
            key = key(dataId, group);
        } catch (NacosException e) {
            LOGGER.debug("there can be no listener of {}: {}", dataId, e.getErrMsg());
            return;
        }
        synchronized (listeners) {
            List<ConfigListening> present = listeners.get(key);
            if (present != null) {
                present.removeIf(each -> {
                    boolean found = each.listener.equals(listener);
                    if (found) {
                        each.stop();
                    }
                    return found;
                });
                if (present.isEmpty()) {
                    listeners.remove(key);
                }
            }
        }
    }

    /**
     * Publishes a config of the type {@code text}.
     *
     * @param dataId data id
     * @param group group, {@code DEFAULT_GROUP} when blank
     * @param content the content
     * @return whether the server took it
     * @throws NacosException when an argument is invalid or a filter fails
     */
    public boolean publishConfig(String dataId, String group, String content) throws NacosException {
        return publishConfig(dataId, group, content, ConfigType.getDefaultType().getType());
    }

    /**
     * Publishes a config.
     *
     * @param dataId data id
     * @param group group, {@code DEFAULT_GROUP} when blank
     * @param content the content
     * @param type its type
     * @return whether the server took it
     * @throws NacosException when an argument is invalid or a filter fails
     */
    public boolean publishConfig(String dataId, String group, String content, String type) throws NacosException {
        return publish(dataId, group, content, type, null);
    }

    /**
     * Publishes a config of the type {@code text} if the server has the content with this md5.
     *
     * @param dataId data id
     * @param group group, {@code DEFAULT_GROUP} when blank
     * @param content the content
     * @param casMd5 the md5; null or empty publishes in any case
     * @return whether the server took it
     * @throws NacosException when an argument is invalid or a filter fails
     */
    public boolean publishConfigCas(String dataId, String group, String content, String casMd5) throws NacosException {
        return publishConfigCas(
                dataId, group, content, casMd5, ConfigType.getDefaultType().getType());
    }

    /**
     * Publishes a config if the server has the content with this md5.
     *
     * @param dataId data id
     * @param group group, {@code DEFAULT_GROUP} when blank
     * @param content the content
     * @param casMd5 the md5; null or empty publishes in any case
     * @param type its type
     * @return whether the server took it
     * @throws NacosException when an argument is invalid or a filter fails
     */
    public boolean publishConfigCas(String dataId, String group, String content, String casMd5, String type)
            throws NacosException {
        return publish(dataId, group, content, type, casMd5);
    }

    private boolean publish(String dataId, String group, String content, String type, String casMd5)
            throws NacosException {
        String realGroup = group(group);
        ParamUtils.checkParam(dataId, realGroup, content);
        ConfigKey key = key(dataId, realGroup);
        ConfigRequest outgoing = filters.published(dataId, realGroup, content, type);
        Publish publish = Publish.of(outgoing.getContent()).appName(settings.appName);
        if (type != null) {
            publish.type(type);
        }
        if (!PropertySources.isBlank(outgoing.getEncryptedDataKey())) {
            publish.encryptedDataKey(outgoing.getEncryptedDataKey());
        }
        try {
            if (casMd5 == null || casMd5.isEmpty()) {
                config.publish(key, publish);
            } else {
                config.publishCas(key, publish, casMd5);
            }
            return true;
        } catch (NacreException e) {
            LOGGER.warn("{} was not published: {}", key, e.reason());
            return false;
        } catch (IllegalArgumentException e) {
            LOGGER.warn("{} was not published: {}", key, e.getMessage());
            return false;
        }
    }

    /**
     * Removes a config.
     *
     * @param dataId data id
     * @param group group, {@code DEFAULT_GROUP} when blank
     * @return whether the server did it; true also when there was none
     * @throws NacosException when an argument is invalid or no server can be reached
     */
    public boolean removeConfig(String dataId, String group) throws NacosException {
        try {
            config.remove(key(dataId, group));
            return true;
        } catch (NacreException e) {
            if (e.kind() == ErrorKind.UNREACHABLE || e.kind() == ErrorKind.TIMEOUT || e.kind() == ErrorKind.CLOSED) {
                throw Engine.failure(e);
            }
            LOGGER.warn("{} was not removed: {}", dataId, e.reason());
            return false;
        }
    }

    /**
     * Whether the server can be used.
     *
     * @return {@code UP} or {@code DOWN}
     */
    public String getServerStatus() {
        return Engine.isConnected(client) ? "UP" : "DOWN";
    }

    /**
     * Adds a filter at the place that its order gives, unless there is one with its name.
     *
     * @param configFilter the filter
     */
    public void addConfigFilter(IConfigFilter configFilter) {
        filters.add(configFilter);
    }

    /**
     * Removes all listeners and ends this object's part of the connection. Later calls fail; calling it again does
     * nothing.
     *
     * @throws NacosException never; the interface has it
     */
    public void shutDown() throws NacosException {
        stopSwitch.run();
        client.close();
        synchronized (listeners) {
            listeners.clear();
        }
    }

    private static String group(String group) {
        return PropertySources.isBlank(group) ? Constants.DEFAULT_GROUP : group.trim();
    }

    private static ConfigKey key(String dataId, String group) throws NacosException {
        String realGroup = group(group);
        ParamUtils.checkKeyParam(dataId, realGroup);
        try {
            return ConfigKey.of(realGroup, dataId);
        } catch (IllegalArgumentException e) {
            throw Engine.failure(e);
        }
    }
}
