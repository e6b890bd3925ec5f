package io.nacre.spring.discovery;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/** Asks for the health of this application again and again; its instance is out of service while that is bad. */
class HealthFollower implements SmartLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(HealthFollower.class);
    private static final Set<String> BAD = Set.of("DOWN", "OUT_OF_SERVICE");

    private final NacreAutoServiceRegistration registration;
    private final ApplicationHealth health;
    private final Duration period;
    private ScheduledExecutorService timer;

    HealthFollower(NacreAutoServiceRegistration registration, ApplicationHealth health, Duration period) {
        this.registration = registration;
        this.health = health;
        this.period = period;
    }

    @Override
    public synchronized void start() {
        if (timer == null) {
            timer = Executors.newSingleThreadScheduledExecutor(HealthFollower::thread);
            timer.scheduleWithFixedDelay(this::look, period.toMillis(), period.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "nacre-health");
        thread.setDaemon(true);
        return thread;
    }

    private void look() {
        try {
            registration.follow(!BAD.contains(health.status()));
        } catch (RuntimeException e) {
            // The next look may succeed.
            LOG.warn("the registration cannot follow the health of the application: {}", e.getMessage());
        }
    }

    @Override
    public synchronized void stop() {
        if (timer != null) {
            timer.shutdownNow();
            timer = null;
        }
    }

    @Override
    public synchronized boolean isRunning() {
        return timer != null;
    }
}
