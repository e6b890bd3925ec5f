package io.nacre.spring.config;

import io.nacre.ConfigEvent;
import io.nacre.ConfigKey;
import io.nacre.ConfigReading;
import io.nacre.ConfigSubscription;
import io.nacre.ConfigValue;
import io.nacre.NacreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The configs that annotations name. Each is read once and listened to once, for all that want it. */
public final class AnnotatedConfigs implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AnnotatedConfigs.class);

    private final NacreConfigManager manager;
    private final Map<ConfigKey, Watched> watched = new TreeMap<>();

    AnnotatedConfigs(NacreConfigManager manager) {
        this.manager = manager;
    }

    /** Something that wants the content of a config; null stands for none. */
    interface Target {
        /** The first content. */
        void begin(String content) throws Exception;

        /** Another content. */
        void change(String before, String after) throws Exception;

        /** Whether nobody wants it any more. */
        boolean isGone();
    }

    /** A config with those that want it. */
    private static final class Watched {
        final List<Target> targets = new CopyOnWriteArrayList<>();
        private String content;
        private ConfigSubscription subscription;

        synchronized void open(NacreConfigManager manager, ConfigKey key) throws NacreException {
            ConfigReading reading = manager.config().getAndListen(key, null, this::changed);
            content = reading.value().map(ConfigValue::content).orElse(null);
            subscription = reading.subscription();
        }

        private synchronized void changed(ConfigEvent event) {
            String before = content;
            content = event.value().map(ConfigValue::content).orElse(null);
            targets.removeIf(Target::isGone);
            for (Target target : targets) {
                try {
                    target.change(before, content);
                } catch (Exception e) {
                    LOG.error("{} changed, and {} did not take it", event.key(), target, e);
                }
            }
        }

        synchronized void add(Target target) throws Exception {
            target.begin(content);
            targets.add(target);
        }

        synchronized void close() {
            subscription.close();
        }
    }

    void add(ConfigKey key, Target target) throws Exception {
        Watched config;
        synchronized (watched) {
            config = watched.get(key);
            if (config == null) {
                config = new Watched();
                config.open(manager, key);
                watched.put(key, config);
            }
        }
        config.add(target);
    }

    /**
     * How many fields, beans and methods want each config.
     *
     * @return the counts
     */
    public Map<ConfigKey, Integer> counts() {
        Map<ConfigKey, Integer> counts = new TreeMap<>();
        synchronized (watched) {
            watched.forEach((key, config) -> {
                config.targets.removeIf(Target::isGone);
                counts.put(key, config.targets.size());
            });
        }
        return counts;
    }

    @Override
    public void close() {
        List<Watched> open;
        synchronized (watched) {
            open = new ArrayList<>(watched.values());
            watched.clear();
        }
        open.forEach(Watched::close);
    }
}
