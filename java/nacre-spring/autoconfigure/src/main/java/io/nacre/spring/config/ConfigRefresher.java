package io.nacre.spring.config;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.nacre.ConfigKey;
import io.nacre.ConfigValue;
import io.nacre.NacreException;
import io.nacre.spring.client.Clients;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Refreshes the application on a thread of its own when configs have changed. Changes that come together are one
 * refresh. One that fails is logged, and the application keeps what it had.
 */
final class ConfigRefresher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ConfigRefresher.class);
    private static final long TOGETHER_MILLIS = 10;

    private final ConfigurableApplicationContext context;
    private final Clients clients;
    private final EnvironmentUpdate update;
    private final RefreshHistory history;
    private final ObservationRegistry observations;
    private final AtomicBoolean isDue = new AtomicBoolean();
    private final ScheduledThreadPoolExecutor executor;

    ConfigRefresher(
            ConfigurableApplicationContext context,
            Clients clients,
            EnvironmentUpdate update,
            RefreshHistory history,
            ObservationRegistry observations) {
        this.context = context;
        this.clients = clients;
        this.update = update;
        this.history = history;
        this.observations = observations;
        this.executor = new ScheduledThreadPoolExecutor(1, work -> {
            Thread thread = new Thread(work, "nacre-config-refresh");
            thread.setDaemon(true);
            thread.setContextClassLoader(context.getClassLoader());
            return thread;
        });
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        // No thread while nothing changes.
        executor.setKeepAliveTime(10, TimeUnit.SECONDS);
        executor.allowCoreThreadTimeOut(true);
    }

    /** Some config has changed. {@code then} runs after the refresh, on its thread. */
    void request(Runnable then) {
        if (!isDue.compareAndSet(false, true)) {
            return;
        }
        try {
            executor.schedule(
                    () -> {
                        isDue.set(false);
                        refresh();
                        then.run();
                    },
                    TOGETHER_MILLIS,
                    TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("the application ends, a change is left out");
        }
    }

    private void refresh() {
        List<NacosPropertySource> changed = changed();
        if (changed.isEmpty()) {
            return;
        }
        List<ConfigKey> configs = changed.stream().map(source -> source.config().key()).toList();
        long begin = System.nanoTime();
        Set<String> keys = new TreeSet<>();
        String error = null;
        try {
            Observation observation = Observation.createNotStarted("nacre.config.refresh", observations);
            keys.addAll(observation.observe(() -> update.apply(changed)));
            LOG.info("{} changed, with the properties {}", configs, keys);
        } catch (RuntimeException | Error e) {
            error = String.valueOf(e.getMessage());
            LOG.error("{} changed and could not be taken over, the application keeps what it had", configs, e);
        }
        List<String> md5 = changed.stream().map(this::md5).toList();
        Duration took = Duration.ofNanos(System.nanoTime() - begin);
        history.add(new RefreshHistory.Entry(Instant.now(), took, configs, md5, keys, error));
    }

    /** The sources of the environment whose listener was told another value. */
    private List<NacosPropertySource> changed() {
        List<NacosPropertySource> changed = new ArrayList<>();
        for (NacosPropertySource source : NacosPropertySource.of(context.getEnvironment())) {
            String md5 = md5(source);
            if (source.config().refresh() && md5 != null && !md5.equals(source.config().md5())) {
                changed.add(source);
            }
        }
        return changed;
    }

    /** Of what the listener was told last; empty for a config that is gone, null when it was told nothing. */
    private String md5(NacosPropertySource source) {
        try {
            ConfigSource config = source.config();
            Optional<ConfigValue> told =
                    ConfigMemory.of(clients.client(config.settings())).get(config.key());
            return told == null ? null : told.map(ConfigValue::md5).orElse("");
        } catch (NacreException e) {
            return null;
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
