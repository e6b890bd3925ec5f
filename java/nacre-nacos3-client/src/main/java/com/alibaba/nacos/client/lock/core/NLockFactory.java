package com.alibaba.nacos.client.lock.core;

/** Makes locks. */
public class NLockFactory {
    /** Makes a useless instance; the original allows it. */
    public NLockFactory() {}

    /**
     * A lock that the server holds for its default time.
     *
     * @param key its key
     * @return the lock
     */
    public static NLock getLock(String key) {
        return getLock(key, -1L);
    }

    /**
     * A lock.
     *
     * @param key its key
     * @param expireTimestamp how long it is held at most, in milliseconds
     * @return the lock
     */
    public static NLock getLock(String key, Long expireTimestamp) {
        return new NLock(key, expireTimestamp);
    }
}
