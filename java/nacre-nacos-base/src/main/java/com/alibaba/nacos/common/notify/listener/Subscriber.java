package com.alibaba.nacos.common.notify.listener;

import com.alibaba.nacos.common.notify.Event;
import java.util.concurrent.Executor;

/**
 * Gets the events of one type from the notify centre.
 *
 * @param <T> type of the events
 */
public abstract class Subscriber<T extends Event> {
    /** Makes a subscriber. */
    public Subscriber() {}

    /**
     * Called with each event.
     *
     * @param event the event
     */
    public abstract void onEvent(T event);

    /**
     * The events that this subscriber wants.
     *
     * @return their class
     */
    public abstract Class<? extends Event> subscribeType();

    /**
     * Where {@link #onEvent} runs.
     *
     * @return an executor, null for the publisher's thread
     */
    public Executor executor() {
        return null;
    }

    /**
     * Whether events that are older than one already handled are left out.
     *
     * @return false unless overridden
     */
    public boolean ignoreExpireEvent() {
        return false;
    }

    /**
     * Whether this subscriber wants an event; asked before {@link #onEvent}.
     *
     * @param event the event
     * @return true unless overridden
     */
    public boolean scopeMatches(T event) {
        return true;
    }
}
