package com.alibaba.nacos.common.notify;

import com.alibaba.nacos.common.notify.listener.Subscriber;

/** A publisher of several types of events. */
public interface ShardedEventPublisher extends EventPublisher {
    /**
     * Adds a subscriber of one type.
     *
     * @param subscriber the subscriber
     * @param subscribeType the type
     */
    void addSubscriber(Subscriber<?> subscriber, Class<? extends Event> subscribeType);

    /**
     * Removes a subscriber of one type.
     *
     * @param subscriber the subscriber
     * @param subscribeType the type
     */
    void removeSubscriber(Subscriber<?> subscriber, Class<? extends Event> subscribeType);
}
