package com.alibaba.nacos.client.config.impl;

import com.alibaba.nacos.common.notify.SlowEvent;

/** A config listener has been running for longer than {@code nacos.listener.notify.warn.timeout} allows. */
public class ChangeNotifyBlockEvent extends SlowEvent {
    private static final long serialVersionUID = 1L;

    /** Names the listener. */
    private final String listener;
    /** Data id of the config. */
    private String dataId;
    /** Group of the config. */
    private String group;
    /** Namespace of the config. */
    private String tenant;
    /** When the listener was called, in milliseconds since the epoch. */
    private long startTime;
    /** When this was seen, in milliseconds since the epoch. */
    private long currentTime;
    /** Where the listener stands. */
    private String blockStack;

    /**
     * Makes an event.
     *
     * @param listener names the listener
     * @param dataId data id of the config
     * @param group group of the config
     * @param tenant namespace of the config
     * @param startTime when the listener was called, in milliseconds since the epoch
     * @param currentTime when this was seen, in milliseconds since the epoch
     * @param blockStack where the listener stands
     */
    public ChangeNotifyBlockEvent(
            String listener,
            String dataId,
            String group,
            String tenant,
            long startTime,
            long currentTime,
            String blockStack) {
        this.listener = listener;
        this.dataId = dataId;
        this.group = group;
        this.tenant = tenant;
        this.startTime = startTime;
        this.currentTime = currentTime;
        this.blockStack = blockStack;
    }

    /**
     * The data id of the config.
     *
     * @return data id of the config
     */
    public String getDataId() {
        return dataId;
    }

    /**
     * Sets the data id of the config.
     *
     * @param dataId data id of the config
     */
    public void setDataId(String dataId) {
        this.dataId = dataId;
    }

    /**
     * The group of the config.
     *
     * @return group of the config
     */
    public String getGroup() {
        return group;
    }

    /**
     * Sets the group of the config.
     *
     * @param group group of the config
     */
    public void setGroup(String group) {
        this.group = group;
    }

    /**
     * The namespace of the config.
     *
     * @return namespace of the config
     */
    public String getTenant() {
        return tenant;
    }

    /**
     * Sets the namespace of the config.
     *
     * @param tenant namespace of the config
     */
    public void setTenant(String tenant) {
        this.tenant = tenant;
    }

    /**
     * When the listener was called, in milliseconds since the epoch.
     *
     * @return when the listener was called, in milliseconds since the epoch
     */
    public long getStartTime() {
        return startTime;
    }

    /**
     * Sets when the listener was called, in milliseconds since the epoch.
     *
     * @param startTime when the listener was called, in milliseconds since the epoch
     */
    public void setStartTime(long startTime) {
        this.startTime = startTime;
    }

    /**
     * When this was seen, in milliseconds since the epoch.
     *
     * @return when this was seen, in milliseconds since the epoch
     */
    public long getCurrentTime() {
        return currentTime;
    }

    /**
     * Sets when this was seen, in milliseconds since the epoch.
     *
     * @param currentTime when this was seen, in milliseconds since the epoch
     */
    public void setCurrentTime(long currentTime) {
        this.currentTime = currentTime;
    }

    /**
     * Where the listener stands.
     *
     * @return where the listener stands
     */
    public String getBlockStack() {
        return blockStack;
    }

    /**
     * Sets where the listener stands.
     *
     * @param blockStack where the listener stands
     */
    public void setBlockStack(String blockStack) {
        this.blockStack = blockStack;
    }

    @Override
    public String toString() {
        return "the listener " + listener + " of " + group + "/" + dataId + " of the namespace " + tenant
                + " runs since " + (currentTime - startTime) + " ms";
    }
}
