package com.alibaba.nacos.common.notify;

import com.alibaba.nacos.common.notify.listener.Subscriber;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands events to subscribers in order on one daemon thread, which ends when nothing was published for a while. When
 * the buffer is full, the publishing thread does the work.
 */
public class DefaultPublisher implements EventPublisher {
    /** Log of publishers. */
    protected static final Logger LOGGER = LoggerFactory.getLogger(NotifyCenter.class);

    private static final long IDLE_SECONDS = 5;

    private final Set<Subscriber<?>> subscribers = ConcurrentHashMap.newKeySet();
    private volatile ThreadPoolExecutor thread;
    private volatile boolean closed;
    private long newest = -1;

    /** Makes a publisher, which needs {@link #init}. */
    public DefaultPublisher() {}

    @Override
    public void init(Class<? extends Event> type, int bufferSize) {
        ThreadPoolExecutor executor = new ThreadPoolExecutor(
                1, 1, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(bufferSize), task -> {
                    Thread made = new Thread(task, "nacos.publisher-" + type.getName());
                    made.setDaemon(true);
                    return made;
                });
        executor.allowCoreThreadTimeOut(true);
        executor.setRejectedExecutionHandler((task, full) -> {
            if (!closed) {
                task.run();
            }
        });
        thread = executor;
    }

    /**
     * The subscribers.
     *
     * @return a view of them
     */
    public Set<Subscriber<?>> getSubscribers() {
        return subscribers;
    }

    /**
     * Whether the publisher can be used.
     *
     * @return true after {@link #init}
     */
    public boolean isInitialized() {
        return thread != null;
    }

    @Override
    public long currentEventSize() {
        return thread == null ? 0 : thread.getQueue().size();
    }

    @Override
    public void addSubscriber(Subscriber<?> subscriber) {
        subscribers.add(subscriber);
    }

    @Override
    public void removeSubscriber(Subscriber<?> subscriber) {
        subscribers.remove(subscriber);
    }

    @Override
    public boolean publish(Event event) {
        if (thread == null) {
            throw new IllegalStateException("the publisher was not started");
        }
        if (closed) {
            return false;
        }
        if (hasSubscribers(event)) {
            thread.execute(() -> receiveEvent(event));
        }
        return true;
    }

    /** Whether anybody waits for an event, so that no thread is started for nobody. */
    boolean hasSubscribers(Event event) {
        return !subscribers.isEmpty();
    }

    @Override
    public void shutdown() {
        closed = true;
        subscribers.clear();
        if (thread != null) {
            thread.shutdown();
        }
    }

    /**
     * Hands an event to all subscribers that want it.
     *
     * @param event the event
     */
    public void receiveEvent(Event event) {
        boolean expired;
        synchronized (this) {
            expired = newest > event.sequence();
            newest = Math.max(newest, event.sequence());
        }
        for (Subscriber<?> subscriber : subscribers) {
            deliver(subscriber, event, expired);
        }
    }

    @SuppressWarnings("unchecked")
    final void deliver(Subscriber<?> subscriber, Event event, boolean expired) {
        if (expired && subscriber.ignoreExpireEvent()) {
            return;
        }
        try {
            if (((Subscriber<Event>) subscriber).scopeMatches(event)) {
                notifySubscriber(subscriber, event);
            }
        } catch (RuntimeException e) {
            LOGGER.error("a subscriber of {} failed", event.getClass().getName(), e);
        }
    }

    @Override
    @SuppressWarnings("unchecked")
    public void notifySubscriber(Subscriber<?> subscriber, Event event) {
        Runnable job = () -> {
            try {
                ((Subscriber<Event>) subscriber).onEvent(event);
            } catch (Throwable e) {
                LOGGER.error("a subscriber of {} failed", event.getClass().getName(), e);
            }
        };
        Executor executor = subscriber.executor();
        if (executor == null) {
            job.run();
        } else {
            executor.execute(job);
        }
    }
}
