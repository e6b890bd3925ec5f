package com.alibaba.nacos.client.config.common;

import com.alibaba.nacos.common.utils.StringUtils;

/** Joins data id, group and tenant to one key with {@code +}; a plus or percent sign within a part is escaped. */
public class GroupKey {
    /** Makes a useless instance; the original allows it. */
    public GroupKey() {}

    /**
     * Key without a tenant.
     *
     * @param dataId data id
     * @param group group
     * @return the key
     */
    public static String getKey(String dataId, String group) {
        return getKey(dataId, group, "");
    }

    /**
     * Key in which a data id and a group are required and a tenant is not.
     *
     * @param dataId data id
     * @param group group
     * @param datumStr tenant, may be empty
     * @return the key
     */
    public static String getKey(String dataId, String group, String datumStr) {
        return getKeyTenant(dataId, group, datumStr);
    }

    /**
     * Key with a tenant.
     *
     * @param dataId data id
     * @param group group
     * @param tenant tenant, left out when empty
     * @return the key
     * @throws IllegalArgumentException when data id or group is blank
     */
    public static String getKeyTenant(String dataId, String group, String tenant) {
        if (StringUtils.isBlank(dataId)) {
            throw new IllegalArgumentException("invalid dataId");
        }
        if (StringUtils.isBlank(group)) {
            throw new IllegalArgumentException("invalid group");
        }
        StringBuilder key = new StringBuilder();
        append(key, dataId);
        key.append('+');
        append(key, group);
        if (StringUtils.isNotEmpty(tenant)) {
            key.append('+');
            append(key, tenant);
        }
        return key.toString();
    }

    /**
     * Takes a key apart.
     *
     * @param groupKey the key
     * @return data id, group, tenant; the tenant is null when the key has none
     * @throws IllegalArgumentException when the key has no group, an empty part, a fourth part or a broken escape
     */
    public static String[] parseKey(String groupKey) {
        String[] parts = new String[3];
        StringBuilder part = new StringBuilder();
        int index = 0;
        for (int i = 0; i < groupKey.length(); i++) {
            char next = groupKey.charAt(i);
            if (next == '+') {
                if (index == 2) {
                    throw new IllegalArgumentException("invalid groupkey:" + groupKey);
                }
                parts[index++] = part.toString();
                part.setLength(0);
            } else if (next == '%') {
                part.append(unescaped(groupKey, i));
                i += 2;
            } else {
                part.append(next);
            }
        }
        if (part.length() == 0 || index == 0) {
            throw new IllegalArgumentException("invalid groupkey:" + groupKey);
        }
        parts[index] = part.toString();
        return parts;
    }

    private static char unescaped(String key, int at) {
        if (key.startsWith("%2B", at)) {
            return '+';
        }
        if (key.startsWith("%25", at)) {
            return '%';
        }
        throw new IllegalArgumentException("invalid groupkey:" + key);
    }

    private static void append(StringBuilder key, String part) {
        for (int i = 0; i < part.length(); i++) {
            char next = part.charAt(i);
            if (next == '+') {
                key.append("%2B");
            } else if (next == '%') {
                key.append("%25");
            } else {
                key.append(next);
            }
        }
    }
}
