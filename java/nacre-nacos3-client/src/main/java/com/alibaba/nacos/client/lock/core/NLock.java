package com.alibaba.nacos.client.lock.core;

import com.alibaba.nacos.api.lock.common.LockConstants;
import com.alibaba.nacos.api.lock.model.LockInstance;

/** A lock of the type that every server with locks has. */
public class NLock extends LockInstance {
    private static final long serialVersionUID = -346054842454875524L;

    /** A lock to be filled in. */
    public NLock() {}

    /**
     * A lock.
     *
     * @param key its key
     * @param expireTimestamp how long it is held at most, in milliseconds; -1: the server's default
     */
    public NLock(String key, Long expireTimestamp) {
        super(key, expireTimestamp, LockConstants.NACOS_LOCK_TYPE);
    }
}
