package com.alibaba.nacos.client.config.listener.impl;

import com.alibaba.nacos.api.config.ConfigChangeEvent;
import com.alibaba.nacos.api.config.listener.AbstractListener;

/** A config listener that also learns which keys changed. */
public abstract class AbstractConfigChangeListener extends AbstractListener {
    /** Makes a listener. */
    public AbstractConfigChangeListener() {}

    /**
     * Called after {@link #receiveConfigInfo} with the keys that changed.
     *
     * @param event the changed keys
     */
    public abstract void receiveConfigChange(ConfigChangeEvent event);

    @Override
    public void receiveConfigInfo(String configInfo) {}
}
