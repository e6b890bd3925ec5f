package io.nacre.nacos;

import com.alibaba.nacos.api.config.ConfigChangeEvent;
import com.alibaba.nacos.api.config.listener.AbstractSharedListener;
import com.alibaba.nacos.api.config.listener.Listener;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.client.config.impl.ConfigChangeHandler;
import com.alibaba.nacos.client.config.listener.impl.AbstractConfigChangeListener;
import io.nacre.ConfigEvent;
import io.nacre.ConfigKey;
import io.nacre.ConfigSubscription;
import io.nacre.ConfigValue;
import java.io.IOException;
import java.util.concurrent.Future;

/** One listener of one config: runs the filters and the listener on the thread that the listener asked for. */
final class ConfigListening {
    final Listener listener;
    private final ConfigKey key;
    private final ConfigFilters filters;
    private final ClientSettings settings;
    /** What a change listener saw last, for the difference to the next; null for none. */
    private String lastContent;

    private ConfigSubscription subscription;

    ConfigListening(
            ConfigKey key, Listener listener, ConfigFilters filters, ClientSettings settings, String lastContent) {
        this.key = key;
        this.listener = listener;
        this.filters = filters;
        this.settings = settings;
        this.lastContent = lastContent;
    }

    void start(ConfigSubscription made) {
        subscription = made;
    }

    void stop() {
        if (subscription != null) {
            subscription.close();
        }
    }

    /** Called by the engine for each new value; what this throws makes it call again. */
    void onChange(ConfigEvent event) throws NacosException, IOException {
        ConfigValue raw = event.value().orElse(null);
        String content = raw == null ? null : filters.received(key, raw.content(), raw.type(), raw.encryptedDataKey());
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        Future<?> watched = SlowListeners.watch(listener, key, settings.namespace, settings.slowListener);
        thread.setContextClassLoader(listener.getClass().getClassLoader());
        try {
            call(content, raw == null ? null : raw.type());
        } finally {
            thread.setContextClassLoader(before);
            watched.cancel(false);
        }
    }

    private void call(String content, String type) throws IOException {
        if (listener instanceof AbstractSharedListener) {
            // The listener keeps the context in fields: calls for several configs must not meet.
            synchronized (listener) {
                ((AbstractSharedListener) listener).fillContext(key.dataId(), key.group());
                listener.receiveConfigInfo(content);
            }
        } else {
            listener.receiveConfigInfo(content);
        }
        if (listener instanceof AbstractConfigChangeListener) {
            ConfigChangeEvent changes = new ConfigChangeEvent(
                    ConfigChangeHandler.getInstance().parseChangeData(lastContent, content, type));
            ((AbstractConfigChangeListener) listener).receiveConfigChange(changes);
            lastContent = content;
        }
    }
}
