package com.alibaba.nacos.client.utils;

import com.alibaba.nacos.common.utils.MD5Utils;
import com.alibaba.nacos.common.utils.StringUtils;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Settings of the whole process that applications read and a few set. */
public class ParamUtil {
    /** Whether an endpoint may be written as {@code ${VARIABLE:default}}. */
    public static final boolean USE_ENDPOINT_PARSING_RULE_DEFAULT_VALUE = true;

    /** Longest name of a folder of local files. */
    public static final int MAX_ENV_NAME_LENGTH = 50;

    private static final Pattern ENDPOINT_RULE = Pattern.compile("\\$\\{[^}]+}");
    private static final int SHORT_SECRET = 2;
    private static final int LONG_SECRET = 8;

    private static volatile String appKey = System.getProperty("nacos.client.appKey", "");
    private static volatile String appName = System.getProperty("project.name", "unknown");
    private static volatile String defaultContextPath = System.getProperty("nacos.client.contextPath", "nacos");
    private static volatile String clientVersion = "unknown";
    private static volatile int connectTimeout = Integer.getInteger("NACOS.CONNECT.TIMEOUT", 1000);
    private static volatile int readTimeout = Integer.getInteger("NACOS.READ.TIMEOUT", 3000);
    private static volatile double perTaskConfigSize = Integer.getInteger("PER_TASK_CONFIG_SIZE", 3000);
    private static volatile String defaultNodesPath = "serverlist";

    /** Makes a useless instance; the original allows it. */
    public ParamUtil() {}

    /**
     * Salt of a header of config requests.
     *
     * @return the salt
     */
    public static String getAppKey() {
        return appKey;
    }

    /**
     * Sets the salt of a header of config requests, for services made afterwards.
     *
     * @param appKey the salt
     */
    public static void setAppKey(String appKey) {
        ParamUtil.appKey = appKey;
    }

    /**
     * Name of the application.
     *
     * @return the name
     */
    public static String getAppName() {
        return appName;
    }

    /**
     * Sets the name of the application, for services made afterwards.
     *
     * @param appName the name
     */
    public static void setAppName(String appName) {
        ParamUtil.appName = appName;
    }

    /**
     * First part of the path of HTTP requests.
     *
     * @return the path
     */
    public static String getDefaultContextPath() {
        return defaultContextPath;
    }

    /**
     * Sets the first part of the path of HTTP requests, for services made afterwards.
     *
     * @param defaultContextPath the path
     */
    public static void setDefaultContextPath(String defaultContextPath) {
        ParamUtil.defaultContextPath = defaultContextPath;
    }

    /**
     * Version of the client.
     *
     * @return the version
     */
    public static String getClientVersion() {
        return clientVersion;
    }

    /**
     * Sets the version of the client as applications see it.
     *
     * @param clientVersion the version
     */
    public static void setClientVersion(String clientVersion) {
        ParamUtil.clientVersion = clientVersion;
    }

    /**
     * Time to connect by HTTP.
     *
     * @return milliseconds
     */
    public static int getConnectTimeout() {
        return connectTimeout;
    }

    /**
     * Sets the time to connect by HTTP.
     *
     * @param connectTimeout milliseconds
     */
    public static void setConnectTimeout(int connectTimeout) {
        ParamUtil.connectTimeout = connectTimeout;
    }

    /**
     * Time to read by HTTP.
     *
     * @return milliseconds
     */
    public static int getReadTimeout() {
        return readTimeout;
    }

    /**
     * Sets the time to read by HTTP.
     *
     * @param readTimeout milliseconds
     */
    public static void setReadTimeout(int readTimeout) {
        ParamUtil.readTimeout = readTimeout;
    }

    /**
     * Most configs in one listen request.
     *
     * @return the number
     */
    public static double getPerTaskConfigSize() {
        return perTaskConfigSize;
    }

    /**
     * Sets the most configs in one listen request, for services made afterwards.
     *
     * @param perTaskConfigSize the number
     */
    public static void setPerTaskConfigSize(double perTaskConfigSize) {
        ParamUtil.perTaskConfigSize = perTaskConfigSize;
    }

    /**
     * Port of a server whose address names none.
     *
     * @return the port
     */
    public static String getDefaultServerPort() {
        return System.getProperty("nacos.server.port", "8848");
    }

    /**
     * Last part of the path of an address server.
     *
     * @return the path
     */
    public static String getDefaultNodesPath() {
        return defaultNodesPath;
    }

    /**
     * Sets the last part of the path of an address server, for services made afterwards.
     *
     * @param defaultNodesPath the path
     */
    public static void setDefaultNodesPath(String defaultNodesPath) {
        ParamUtil.defaultNodesPath = defaultNodesPath;
    }

    /**
     * Resolves an endpoint that is written as {@code ${VARIABLE:default}}: the system property of that name, else the
     * environment variable, else {@code ALIBABA_ALIWARE_ENDPOINT_URL}, else the default, else the name. An endpoint of another form
     * stays as it is, unless the environment names one.
     *
     * @param endpointUrl the endpoint
     * @return the resolved one, empty when there is none
     */
    public static String parsingEndpointRule(String endpointUrl) {
        return parsingEndpointRule(endpointUrl, name -> {
            String value = System.getProperty(name);
            return value == null ? System.getenv(name) : value;
        });
    }

    /**
     * As {@link #parsingEndpointRule(String)} with another source of variables.
     *
     * @param endpointUrl the endpoint
     * @param variables gives the value of a variable, null for none
     * @return the resolved one, empty when there is none
     */
    public static String parsingEndpointRule(String endpointUrl, Function<String, String> variables) {
        String fromEnvironment = variables.apply("ALIBABA_ALIWARE_ENDPOINT_URL");
        Matcher rule = ENDPOINT_RULE.matcher(endpointUrl == null ? "" : endpointUrl);
        if (endpointUrl == null || !rule.find()) {
            return StringUtils.isNotBlank(fromEnvironment)
                    ? fromEnvironment
                    : StringUtils.defaultEmptyIfBlank(endpointUrl);
        }
        String inner = rule.group();
        inner = inner.substring(2, inner.length() - 1);
        int colon = inner.indexOf(':');
        String name = (colon < 0 ? inner : inner.substring(0, colon)).trim();
        String value = name.isEmpty() ? null : variables.apply(name);
        if (StringUtils.isBlank(value)) {
            value = fromEnvironment;
        }
        if (StringUtils.isBlank(value)) {
            value = colon < 0 ? name : inner.substring(colon + 1);
        }
        return StringUtils.defaultEmptyIfBlank(value).trim();
    }

    /**
     * Cuts the name of a folder of local files to its longest length; what is cut off is replaced by a hash.
     *
     * @param envName the name
     * @return a name of at most about that length
     */
    public static String simplyEnvNameIfOverLimit(String envName) {
        if (StringUtils.isNotBlank(envName) && envName.length() > MAX_ENV_NAME_LENGTH) {
            return envName.substring(0, MAX_ENV_NAME_LENGTH) + MD5Utils.md5Hex(envName, "UTF-8");
        }
        return envName;
    }

    /**
     * Properties as one line for a log, secrets made unreadable.
     *
     * @param properties the properties
     * @return the line
     */
    public static String getInputParameters(Properties properties) {
        List<String> parts = new ArrayList<>();
        for (String name : properties.stringPropertyNames()) {
            String value = properties.getProperty(name);
            parts.add(name + "=" + (isSecret(name) ? desensitiseParameter(value) : value));
        }
        return "nacos client key init properties: \n\t" + String.join("\n\t", parts) + "\n";
    }

    private static boolean isSecret(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.contains("password")
                || lower.contains("secret")
                || lower.contains("accesskey")
                || lower.contains("token");
    }

    /**
     * A secret made unreadable: only its ends stay.
     *
     * @param parameterValue the secret
     * @return it with stars in the middle
     */
    public static String desensitiseParameter(String parameterValue) {
        if (parameterValue.length() <= SHORT_SECRET) {
            return parameterValue;
        }
        int keep = parameterValue.length() < LONG_SECRET ? 1 : 2;
        StringBuilder text = new StringBuilder(parameterValue);
        for (int i = keep; i < text.length() - keep; i++) {
            text.setCharAt(i, '*');
        }
        return text.toString();
    }

    /**
     * Part of a folder's name that is made of server addresses.
     *
     * @param serverIps the addresses
     * @return the addresses joined by hyphens, without schemes and with underscores for colons
     */
    public static String getNameSuffixByServerIps(String... serverIps) {
        List<String> parts = new ArrayList<>();
        for (String address : serverIps) {
            parts.add(address.replaceAll("http(s)?://", "").replace(':', '_'));
        }
        return String.join("-", parts);
    }
}
