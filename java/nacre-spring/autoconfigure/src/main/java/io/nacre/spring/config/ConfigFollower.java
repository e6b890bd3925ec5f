package io.nacre.spring.config;

import io.nacre.ConfigEvent;
import io.nacre.ConfigKey;
import io.nacre.ConfigSubscription;
import io.nacre.ConfigValue;
import io.nacre.NacreClient;
import io.nacre.NacreException;
import io.nacre.spring.client.Clients;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;

/** Listens to the imported configs and has the application refreshed when one of them changes. */
public final class ConfigFollower implements SmartLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(ConfigFollower.class);

    private final ConfigurableApplicationContext context;
    private final Clients clients;
    private final ConfigRefresher refresher;
    private final Map<ConfigSpec, ConfigSubscription> subscriptions = new HashMap<>();
    private boolean isRunning;

    ConfigFollower(ConfigurableApplicationContext context, Clients clients, ConfigRefresher refresher) {
        this.context = context;
        this.clients = clients;
        this.refresher = refresher;
    }

    @Override
    public void start() {
        synchronized (subscriptions) {
            isRunning = true;
        }
        follow();
    }

    /** Listens to what is in the environment now, and to nothing else. */
    private void follow() {
        Set<ConfigSpec> wanted = new HashSet<>();
        Map<ConfigSpec, String> known = new HashMap<>();
        for (NacosPropertySource source : NacosPropertySource.of(context.getEnvironment())) {
            if (source.config().refresh()) {
                wanted.add(source.config().spec());
                known.put(source.config().spec(), source.config().md5());
            }
        }
        synchronized (subscriptions) {
            if (!isRunning) {
                return;
            }
            Iterator<Map.Entry<ConfigSpec, ConfigSubscription>> open =
                    subscriptions.entrySet().iterator();
            while (open.hasNext()) {
                Map.Entry<ConfigSpec, ConfigSubscription> each = open.next();
                if (!wanted.contains(each.getKey())) {
                    close(each.getKey(), each.getValue());
                    open.remove();
                }
            }
            wanted.stream().filter(spec -> !subscriptions.containsKey(spec)).forEach(this::listen);
        }
    }

    private void listen(ConfigSpec spec) {
        try {
            NacreClient client = clients.client(spec.settings());
            ConfigMemory memory = ConfigMemory.of(client);
            ConfigSubscription subscription =
                    client.config().watch(spec.key(), event -> changed(memory, event));
            subscriptions.put(spec, subscription);
        } catch (NacreException e) {
            LOG.error("{} is not followed: {}", spec.name(), e.getMessage());
        }
    }

    private void changed(ConfigMemory memory, ConfigEvent event) {
        memory.put(event.key(), event.value());
        refresher.request(this::follow);
    }

    private void close(ConfigSpec spec, ConfigSubscription subscription) {
        subscription.close();
        try {
            ConfigMemory.of(clients.client(spec.settings())).remove(spec.key());
        } catch (NacreException e) {
            LOG.trace("the client of {} is closed", spec.name());
        }
    }

    /**
     * The configs that are listened to.
     *
     * @return their sources as they are in the environment
     */
    public List<ConfigSource> followed() {
        Set<ConfigSpec> open;
        synchronized (subscriptions) {
            open = new HashSet<>(subscriptions.keySet());
        }
        List<ConfigSource> followed = new ArrayList<>();
        for (NacosPropertySource source : NacosPropertySource.of(context.getEnvironment())) {
            if (open.contains(source.config().spec())) {
                followed.add(source.config());
            }
        }
        return followed;
    }

    @Override
    public void stop() {
        synchronized (subscriptions) {
            isRunning = false;
            subscriptions.forEach(this::close);
            subscriptions.clear();
        }
    }

    @Override
    public boolean isRunning() {
        synchronized (subscriptions) {
            return isRunning;
        }
    }
}
