package com.alibaba.nacos.common.utils;

import java.util.UUID;

/** Makes random ids. */
public final class UuidUtils {
    private UuidUtils() {}

    /**
     * A random UUID.
     *
     * @return the UUID as text
     */
    public static String generateUuid() {
        return UUID.randomUUID().toString();
    }
}
