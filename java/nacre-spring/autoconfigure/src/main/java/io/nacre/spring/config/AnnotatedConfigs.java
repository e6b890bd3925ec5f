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
import java.util.Objects;
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

    /** A config with those that want it. No lock is held over those, except the one of each. */
    private static final class Watched {
        final List<Wanting> all = new CopyOnWriteArrayList<>();
        private volatile String content;
        private ConfigSubscription subscription;

        synchronized void open(NacreConfigManager manager, ConfigKey key) throws NacreException {
            ConfigReading reading = manager.config().getAndListen(key, null, this::changed);
            content = reading.value().map(ConfigValue::content).orElse(null);
            subscription = reading.subscription();
        }

        private void changed(ConfigEvent event) {
            // The first event waits until the value that was read is there.
            synchronized (this) {
                content = event.value().map(ConfigValue::content).orElse(null);
            }
            all.removeIf(wanting -> wanting.target.isGone());
            for (Wanting wanting : all) {
                try {
                    wanting.follow(this);
                } catch (Exception e) {
                    LOG.error("{} changed, and {} did not take it", event.key(), wanting.target, e);
                }
            }
        }

        void add(Target target) throws Exception {
            Wanting wanting = new Wanting(target);
            all.add(wanting);
            try {
                wanting.begin(this);
            } catch (Exception e) {
                all.remove(wanting);
                throw e;
            }
        }

        synchronized void close() {
            subscription.close();
        }
    }

    /** Someone who wants a config, and what it knows. */
    private static final class Wanting {
        final Target target;
        private volatile boolean begun;
        private String known;

        Wanting(Target target) {
            this.target = target;
        }

        void begin(Watched config) throws Exception {
            synchronized (this) {
                known = config.content;
                target.begin(known);
                begun = true;
            }
            follow(config);
        }

        /** Until it has begun, its own thread does this. */
        void follow(Watched config) throws Exception {
            if (!begun) {
                return;
            }
            synchronized (this) {
                String now = config.content;
                String before = known;
                if (!Objects.equals(before, now)) {
                    known = now;
                    target.change(before, now);
                }
            }
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
                config.all.removeIf(wanting -> wanting.target.isGone());
                counts.put(key, config.all.size());
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
