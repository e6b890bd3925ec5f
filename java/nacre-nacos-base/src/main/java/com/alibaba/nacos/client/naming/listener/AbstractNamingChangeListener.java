package com.alibaba.nacos.client.naming.listener;

import com.alibaba.nacos.api.naming.listener.AbstractEventListener;
import com.alibaba.nacos.api.naming.listener.Event;

/** A naming listener that gets {@link NamingChangeEvent}s only. */
public abstract class AbstractNamingChangeListener extends AbstractEventListener {
    /** Makes a listener. */
    public AbstractNamingChangeListener() {}

    @Override
    public final void onEvent(Event event) {
        if (event instanceof NamingChangeEvent) {
            onChange((NamingChangeEvent) event);
        }
    }

    /**
     * Called when the list of a subscribed service changed.
     *
     * @param event the list and what changed
     */
    public abstract void onChange(NamingChangeEvent event);
}
