package com.alibaba.nacos.common.notify;

import com.alibaba.nacos.common.notify.listener.Subscriber;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** One publisher for all kinds of {@link SlowEvent}s. */
public class DefaultSharePublisher extends DefaultPublisher implements ShardedEventPublisher {
    private final Map<Class<? extends Event>, Set<Subscriber<?>>> byType = new ConcurrentHashMap<>();

    /** Makes a publisher, which needs {@link #init}. */
    public DefaultSharePublisher() {}

    @Override
    public void addSubscriber(Subscriber<?> subscriber, Class<? extends Event> subscribeType) {
        byType.computeIfAbsent(subscribeType, type -> ConcurrentHashMap.newKeySet())
                .add(subscriber);
    }

    @Override
    public void removeSubscriber(Subscriber<?> subscriber, Class<? extends Event> subscribeType) {
        byType.getOrDefault(subscribeType, Collections.emptySet()).remove(subscriber);
    }

    @Override
    boolean hasSubscribers(Event event) {
        return !byType.getOrDefault(event.getClass(), Collections.emptySet()).isEmpty();
    }

    @Override
    public void shutdown() {
        super.shutdown();
        byType.clear();
    }

    @Override
    public void receiveEvent(Event event) {
        for (Subscriber<?> subscriber : byType.getOrDefault(event.getClass(), Collections.emptySet())) {
            deliver(subscriber, event, false);
        }
    }
}
