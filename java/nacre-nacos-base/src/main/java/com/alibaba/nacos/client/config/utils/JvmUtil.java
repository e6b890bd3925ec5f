package com.alibaba.nacos.client.config.utils;

/** What the JVM was told at its start. */
public class JvmUtil {
    private static final boolean MULTI_INSTANCE = "true".equals(System.getProperty("isMultiInstance", "false"));

    /** Makes a useless instance; the original allows it. */
    public JvmUtil() {}

    /**
     * Whether several processes share the local files (system property {@code isMultiInstance}).
     *
     * @return true when they do
     */
    public static Boolean isMultiInstance() {
        return MULTI_INSTANCE;
    }
}
