package com.alibaba.nacos.common.utils;

/** Number helpers that applications import from the original client. */
public class NumberUtils {
    private NumberUtils() {}

    /**
     * The number that a text says.
     *
     * @param str a text, may be null
     * @return the number, 0 when the text says none
     */
    public static int toInt(String str) {
        return toInt(str, 0);
    }

    /**
     * The number that a text says.
     *
     * @param str a text, may be null
     * @param defaultValue the default
     * @return the number, the default when the text says none
     */
    public static int toInt(String str, int defaultValue) {
        if (str == null) {
            return defaultValue;
        }
        try {
            return Integer.parseInt(str);
        } catch (NumberFormatException e) {
            return defaultValue;
        }
    }

    /**
     * The number that a text says.
     *
     * @param str a text, may be null
     * @param defaultValue the default
     * @return the number, the default when the text says none
     */
    public static long toLong(String str, long defaultValue) {
        if (str == null) {
            return defaultValue;
        }
        try {
            return Long.parseLong(str);
        } catch (NumberFormatException e) {
            return defaultValue;
        }
    }

    /**
     * The number that a text says.
     *
     * @param str a text, may be null
     * @param defaultValue the default
     * @return the number, the default when the text says none
     */
    public static double toDouble(String str, double defaultValue) {
        if (str == null) {
            return defaultValue;
        }
        try {
            return Double.parseDouble(str);
        } catch (NumberFormatException e) {
            return defaultValue;
        }
    }

    /**
     * Whether a text has nothing but digits.
     *
     * @param str a text, may be null
     * @return true when it has; false for null and empty
     */
    public static boolean isDigits(String str) {
        if (StringUtils.isEmpty(str)) {
            return false;
        }
        return str.chars().allMatch(Character::isDigit);
    }

    /**
     * The number that a text says.
     *
     * @param str a text, may be null
     * @return the number, 0 when the text says none
     */
    public static float toFloat(String str) {
        return toFloat(str, 0);
    }

    /**
     * The number that a text says.
     *
     * @param str a text, may be null
     * @param defaultValue the default
     * @return the number, the default when the text says none
     */
    public static float toFloat(String str, float defaultValue) {
        if (str == null) {
            return defaultValue;
        }
        try {
            return Float.parseFloat(str);
        } catch (NumberFormatException e) {
            return defaultValue;
        }
    }
}
