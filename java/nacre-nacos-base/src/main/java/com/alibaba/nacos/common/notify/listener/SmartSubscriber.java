package com.alibaba.nacos.common.notify.listener;

import com.alibaba.nacos.common.notify.Event;
import java.util.List;

/** A subscriber of several types of events. */
public abstract class SmartSubscriber extends Subscriber<Event> {
    /** Makes a subscriber. */
    public SmartSubscriber() {}

    /**
     * The events that this subscriber wants.
     *
     * @return their classes
     */
    public abstract List<Class<? extends Event>> subscribeTypes();

    @Override
    public final Class<? extends Event> subscribeType() {
        return null;
    }

    @Override
    public final boolean ignoreExpireEvent() {
        return false;
    }
}
