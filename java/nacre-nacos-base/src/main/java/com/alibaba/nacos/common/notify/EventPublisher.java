package com.alibaba.nacos.common.notify;

import com.alibaba.nacos.common.lifecycle.Closeable;
import com.alibaba.nacos.common.notify.listener.Subscriber;

/** Hands events of one type to their subscribers. */
public interface EventPublisher extends Closeable {
    /**
     * Called once before use.
     *
     * @param type type of the events
     * @param bufferSize how many events may wait
     */
    void init(Class<? extends Event> type, int bufferSize);

    /**
     * How many events wait.
     *
     * @return the number
     */
    long currentEventSize();

    /**
     * Adds a subscriber; one that is there already stays as it is.
     *
     * @param subscriber the subscriber
     */
    void addSubscriber(Subscriber<?> subscriber);

    /**
     * Removes a subscriber.
     *
     * @param subscriber the subscriber
     */
    void removeSubscriber(Subscriber<?> subscriber);

    /**
     * Takes an event for all subscribers.
     *
     * @param event the event
     * @return whether it was taken
     */
    boolean publish(Event event);

    /**
     * Hands an event to one subscriber, on its executor or on the calling thread.
     *
     * @param subscriber the subscriber
     * @param event the event
     */
    void notifySubscriber(Subscriber<?> subscriber, Event event);
}
