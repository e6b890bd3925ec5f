package com.alibaba.nacos.client.utils;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The loggers of the client. */
public class LogUtils {
    /** Log of the naming part. */
    public static final Logger NAMING_LOGGER = LoggerFactory.getLogger("com.alibaba.nacos.client.naming");

    /** Makes a useless instance; the original allows it. */
    public LogUtils() {}

    /**
     * The logger of a class.
     *
     * @param clazz the class
     * @return its logger
     */
    public static Logger logger(Class<?> clazz) {
        return LoggerFactory.getLogger(clazz);
    }
}
