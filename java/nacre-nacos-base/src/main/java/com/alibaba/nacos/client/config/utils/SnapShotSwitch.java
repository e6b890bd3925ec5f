package com.alibaba.nacos.client.config.utils;

import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.function.Consumer;

/** Whether configs are kept in snapshot files. Switched off, they are neither read nor written. */
public class SnapShotSwitch {
    private static final Set<Consumer<Boolean>> WATCHERS = new CopyOnWriteArraySet<>();
    private static volatile Boolean isSnapShot = Boolean.TRUE;

    /** Makes a useless instance; the original allows it. */
    public SnapShotSwitch() {}

    /**
     * Whether snapshots are kept.
     *
     * @return true unless switched off
     */
    public static Boolean getIsSnapShot() {
        return isSnapShot;
    }

    /**
     * Switches snapshots of all config services on or off. Switching off deletes those that were written.
     *
     * @param isSnapShot whether snapshots are kept
     */
    public static void setIsSnapShot(Boolean isSnapShot) {
        SnapShotSwitch.isSnapShot = isSnapShot;
        WATCHERS.forEach(watcher -> watcher.accept(isSnapShot));
    }

    /**
     * Calls something when snapshots are switched on or off.
     *
     * @param watcher what to call with the new state
     * @return ends the calls
     */
    public static Runnable watch(Consumer<Boolean> watcher) {
        WATCHERS.add(watcher);
        return () -> WATCHERS.remove(watcher);
    }
}
