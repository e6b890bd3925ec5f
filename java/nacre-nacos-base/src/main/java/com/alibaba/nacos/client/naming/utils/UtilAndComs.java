package com.alibaba.nacos.client.naming.utils;

/** Names that the naming client uses; frameworks refer to some of them. */
public class UtilAndComs {
    /** First part of the path of HTTP requests. */
    public static String webContext = "/nacos";

    /** Base path of the naming HTTP interface. */
    public static String nacosUrlBase = webContext + "/v1/ns";

    /** Path of instances. */
    public static String nacosUrlInstance = nacosUrlBase + "/instance";

    /** Path of services. */
    public static String nacosUrlService = nacosUrlBase + "/service";

    /** Reserved name: list of environments. */
    public static final String ENV_LIST_KEY = "envList";

    /** Reserved name: all addresses. */
    public static final String ALL_IPS = "000--00-ALL_IPS--00--000";

    /** File that switches the failover of services on. */
    public static final String FAILOVER_SWITCH = "00-00---000-VIPSRV_FAILOVER_SWITCH-000---00-00";

    /** Namespace of a client that names none. */
    public static final String DEFAULT_NAMESPACE_ID = "public";

    /** How often an HTTP request is tried when there is one server. */
    public static final int REQUEST_DOMAIN_RETRY_COUNT = 3;

    /** Property that once named the log file. */
    public static final String NACOS_NAMING_LOG_NAME = "naming.log.filename";

    /** Property that once set the log level. */
    public static final String NACOS_NAMING_LOG_LEVEL = "naming.log.level";

    /** Reserved name: settings of environments. */
    public static final String ENV_CONFIGS = "00-00---000-ENV_CONFIGS-000---00-00";

    /** Name of an old property file. */
    public static final String VIP_CLIENT_FILE = "vipclient.properties";

    /** Reserved name: all hosts. */
    public static final String ALL_HOSTS = "00-00---000-ALL_HOSTS-000---00-00";

    /** Makes a useless instance; the original allows it. */
    public UtilAndComs() {}
}
