package com.alibaba.nacos.common.notify;

import java.io.Serializable;
import java.util.concurrent.atomic.AtomicLong;

/** Base of everything that is published through the {@link NotifyCenter}. */
@SuppressWarnings("serial")
public abstract class Event implements Serializable {
    private static final long serialVersionUID = -3731383194964997493L;
    private static final AtomicLong SEQUENCE = new AtomicLong(0);

    /** Number of the event in this process. */
    private final long sequence = SEQUENCE.getAndIncrement();

    /** Makes an event with the next number. */
    public Event() {}

    /**
     * Number of the event, rising in the order in which events were made.
     *
     * @return the number
     */
    public long sequence() {
        return sequence;
    }

    /**
     * Names the source of the event, for subscribers that listen to one source only.
     *
     * @return the scope, null for none
     */
    public String scope() {
        return null;
    }

    /**
     * Whether the event comes from a plug-in; nobody misses it when no publisher knows its type.
     *
     * @return false unless overridden
     */
    public boolean isPluginEvent() {
        return false;
    }
}
