package com.alibaba.nacos.client.config.utils;

import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.common.utils.StringUtils;
import java.util.List;

/** Checks the arguments of config operations; what is wrong is a {@link NacosException} with code -400. */
public class ParamUtils {
    private static final String OTHERS = "_-.:";
    private static final int MAX_TENANT = 128;

    /** Makes a useless instance; the original allows it. */
    public ParamUtils() {}

    private static NacosException invalid(String what) {
        return new NacosException(NacosException.CLIENT_INVALID_PARAM, what + " invalid");
    }

    /**
     * Whether a text has nothing but letters, digits and the characters {@code _ - . :}.
     *
     * @param param the text
     * @return false for null
     */
    public static boolean isValid(String param) {
        return param != null
                && param.chars().allMatch(next -> Character.isLetterOrDigit(next) || OTHERS.indexOf(next) >= 0);
    }

    /**
     * Checks tenant, data id and group.
     *
     * @param tenant the tenant
     * @param dataId the data id
     * @param group the group
     * @throws NacosException when one is invalid
     */
    public static void checkTdg(String tenant, String dataId, String group) throws NacosException {
        checkTenant(tenant);
        checkKeyParam(dataId, group);
    }

    /**
     * Checks data id and group.
     *
     * @param dataId the data id
     * @param group the group
     * @throws NacosException when one is invalid
     */
    public static void checkKeyParam(String dataId, String group) throws NacosException {
        checkText(dataId, "dataId");
        checkText(group, "group");
    }

    private static void checkText(String text, String name) throws NacosException {
        if (StringUtils.isBlank(text) || !isValid(text)) {
            throw invalid(name);
        }
    }

    /**
     * Checks data id, group and the id of one value of many.
     *
     * @param dataId the data id
     * @param group the group
     * @param datumId the id of the value
     * @throws NacosException when one is invalid
     */
    public static void checkKeyParam(String dataId, String group, String datumId) throws NacosException {
        checkKeyParam(dataId, group);
        checkText(datumId, "datumId");
    }

    /**
     * Checks data ids and their group.
     *
     * @param dataIds the data ids
     * @param group the group
     * @throws NacosException when one is invalid or there are none
     */
    public static void checkKeyParam(List<String> dataIds, String group) throws NacosException {
        if (dataIds == null || dataIds.isEmpty()) {
            throw invalid("dataIds");
        }
        for (String dataId : dataIds) {
            checkText(dataId, "dataId");
        }
        checkText(group, "group");
    }

    /**
     * Checks data id, group and content.
     *
     * @param dataId the data id
     * @param group the group
     * @param content the content
     * @throws NacosException when one is invalid
     */
    public static void checkParam(String dataId, String group, String content) throws NacosException {
        checkKeyParam(dataId, group);
        checkContent(content);
    }

    /**
     * Checks data id, group, the id of one value of many, and content.
     *
     * @param dataId the data id
     * @param group the group
     * @param datumId the id of the value
     * @param content the content
     * @throws NacosException when one is invalid
     */
    public static void checkParam(String dataId, String group, String datumId, String content) throws NacosException {
        checkKeyParam(dataId, group, datumId);
        checkContent(content);
    }

    /**
     * Checks a tenant.
     *
     * @param tenant the tenant
     * @throws NacosException when it is invalid
     */
    public static void checkTenant(String tenant) throws NacosException {
        if (StringUtils.isBlank(tenant) || !isValid(tenant) || tenant.length() > MAX_TENANT) {
            throw invalid("tenant");
        }
    }

    /**
     * Checks the addresses for which a beta config is meant.
     *
     * @param betaIps addresses, comma separated
     * @throws NacosException when there are none or one is no IP address
     */
    public static void checkBetaIps(String betaIps) throws NacosException {
        if (StringUtils.isBlank(betaIps)) {
            throw invalid("betaIps");
        }
        for (String ip : betaIps.split(",")) {
            if (!isAddress(ip)) {
                throw invalid("betaIps");
            }
        }
    }

    private static boolean isAddress(String ip) {
        String[] parts = ip.split("\\.", -1);
        if (parts.length != 4) {
            return ip.indexOf(':') >= 0 && ip.matches("[0-9a-fA-F:.%\\[\\]]+");
        }
        for (String part : parts) {
            if (!part.matches("[0-9]{1,3}") || Integer.parseInt(part) > 255) {
                return false;
            }
        }
        return true;
    }

    /**
     * Checks a content.
     *
     * @param content the content
     * @throws NacosException when it is blank
     */
    public static void checkContent(String content) throws NacosException {
        if (StringUtils.isBlank(content)) {
            throw invalid("content");
        }
    }
}
