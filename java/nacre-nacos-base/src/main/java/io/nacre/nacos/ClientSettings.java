package io.nacre.nacos;

import com.alibaba.nacos.client.utils.ParamUtil;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the properties of a Nacos service mean, with the defaults of the original. {@link #of} is a function of the
 * three sources and nothing else.
 */
final class ClientSettings {
    private static final Logger LOGGER = LoggerFactory.getLogger(ClientSettings.class);
    private static final String GRPC = "nacos.remote.client.grpc.";
    private static final String DEFAULT_PORT = "8848";

    /** Keys that have a meaning in the original; those without an effect here belong to threads or HTTP polling. */
    private static final Set<String> KNOWN = new HashSet<>(Arrays.asList(
            "serverAddr",
            "endpoint",
            "endpointPort",
            "endpointContextPath",
            "endpointClusterName",
            "endpointQueryParams",
            "endpointRefreshIntervalSeconds",
            "serverName",
            "contextPath",
            "clusterName",
            "isAdaptClusterNameUsage",
            "isUseEndpointParsingRule",
            "isUseCloudNamespaceParsing",
            "namespace",
            "username",
            "password",
            "accessKey",
            "secretKey",
            "ramRoleName",
            "signatureRegionId",
            "isUseRamInfoParsing",
            "encode",
            "configLongPollTimeout",
            "configRetryTime",
            "configRequestTimeout",
            "maxRetry",
            "enableRemoteSyncConfig",
            "clientWorkerThreadCount",
            "clientWorkerMaxThreadCount",
            "namingLoadCacheAtStart",
            "namingCacheRegistryDir",
            "namingPushEmptyProtection",
            "namingAsyncQuerySubscribeService",
            "namingRequestDomainMaxRetryCount",
            "namingClientBeatThreadCount",
            "namingPollingThreadCount",
            "namingPollingMaxThreadCount",
            "namingRequestTimeout",
            "redoDelayTime",
            "redoDelayThreadCount",
            "logAllProperties",
            "enableClientMetrics",
            "lockRequestTimeout",
            "nacosAiRequestTimeout",
            "nacosAiMcpServerCacheUpdateInterval"));

    /** Which service the settings are for; namespaces and time limits differ. */
    enum Kind {
        NAMING,
        CONFIG,
        LOCK
    }

    /** An address server. */
    static final class Address {
        final String host;
        final int port;
        final String contextPath;
        final String list;
        final String query;
        final Duration refresh;

        Address(String host, int port, String contextPath, String list, String query, Duration refresh) {
            this.host = host;
            this.port = port;
            this.contextPath = contextPath;
            this.list = list;
            this.query = query;
            this.refresh = refresh;
        }
    }

    final Kind kind;
    /** Null when the servers are listed. */
    final Address endpoint;
    /** Empty when there is an address server, or when nothing names a server. */
    final List<String> servers;

    final int defaultPort;
    final int grpcPortOffset;
    final String contextPath;
    /** Empty for the default namespace of configs. */
    final String namespace;
    /** Null without a login. */
    final String username;

    final String password;
    /** Null without keys. */
    final String accessKey;

    final String secretKey;
    /** Null unless the keys are temporary ones that a setting gives. */
    final String securityToken;
    /** Null unless a role's keys are fetched. */
    final RoleKeys role;
    /** Null unless signatures are made for a region. */
    final String region;

    final String appName;
    final String appKey;
    final Map<String, String> appLabels;
    /** Null for plain TCP. */
    final TlsSettings tls;

    final Duration requestTimeout;
    final int retries;
    final Duration keepAlive;
    final Duration serverCheckTimeout;
    final Duration abilityTimeout;
    final Duration healthCheckTimeout;
    final int healthCheckRetries;
    final int maxMessageSize;
    final String directory;
    /** Null: made of the server list. */
    final String environmentName;

    final boolean loadCacheAtStart;
    /** Null for none. */
    final String cacheFolder;

    final boolean pushEmptyProtection;
    final boolean poll;
    final int listensPerRequest;
    final boolean remoteSync;
    final boolean initFromSnapshot;
    final Duration slowListener;
    /** Keys that mean nothing to the original. */
    final List<String> unknown;

    private ClientSettings(Kind kind, Properties properties, PropertySources sources) {
        this.kind = kind;
        String path = sources.text("contextPath", sources.text("nacos.client.contextPath", "nacos"));
        if (path.contains("//")) {
            throw new IllegalArgumentException("contextPath " + path + " has an empty part");
        }
        contextPath = strip(path);
        endpoint = endpoint(sources, contextPath);
        servers = endpoint == null ? servers(sources.text("serverAddr", "")) : Collections.emptyList();
        defaultPort = (int) sources.number("nacos.server.port", Integer.parseInt(DEFAULT_PORT));
        grpcPortOffset = (int) sources.number("nacos.server.grpc.port.offset", 1000);
        namespace = namespace(kind, sources);

        username = sources.text("username");
        password = sources.raw("password") == null ? "" : sources.raw("password");
        SpasKeys keys = SpasKeys.of(sources);
        accessKey = keys.accessKey;
        secretKey = keys.secretKey;
        securityToken = keys.securityToken;
        role = sources.text("security.credentials") == null ? RoleKeys.of(sources) : null;
        region = sources.text("signatureRegionId");

        appName = sources.text("project.name", ParamUtil.getAppName());
        appKey = sources.text("nacos.client.appKey", ParamUtil.getAppKey());
        appLabels = Collections.unmodifiableMap(labels(sources));
        tls = TlsSettings.of(sources);

        long timeout = sources.exactNumber(GRPC + "timeout", 3000);
        long own = sources.number(timeoutKey(kind), -1);
        requestTimeout = Duration.ofMillis(own > 0 ? own : Math.max(1, timeout));
        retries = (int) Math.max(0, sources.exactNumber(GRPC + "retry.times", 3));
        keepAlive = millis(sources, "connect.keep.alive", 5000);
        serverCheckTimeout = millis(sources, "server.check.timeout", 3000);
        abilityTimeout = millis(sources, "channel.capability.negotiation.timeout", 5000);
        healthCheckTimeout = millis(sources, "health.timeout", 3000);
        healthCheckRetries = (int) Math.max(0, sources.exactNumber(GRPC + "health.retry", 3));
        maxMessageSize = (int) Math.max(1024, sources.exactNumber(GRPC + "maxinbound.message.size", 10485760));

        directory = sources.text("JM.SNAPSHOT.PATH", sources.text("user.home", "."));
        environmentName = sources.property("serverName");
        loadCacheAtStart = sources.flag("namingLoadCacheAtStart", false);
        cacheFolder = sources.text("namingCacheRegistryDir");
        pushEmptyProtection = sources.flag("namingPushEmptyProtection", false);
        poll = sources.flag("namingAsyncQuerySubscribeService", false);
        listensPerRequest =
                (int) Math.max(1, sources.number("PER_TASK_CONFIG_SIZE", (long) ParamUtil.getPerTaskConfigSize()));
        remoteSync = sources.flag("enableRemoteSyncConfig", false);
        initFromSnapshot = sources.flag("nacos.cache.data.init.snapshot", true);
        slowListener = Duration.ofMillis(Math.max(1, sources.number("nacos.listener.notify.warn.timeout", 60000)));

        List<String> strange = new ArrayList<>();
        for (String name : properties.stringPropertyNames()) {
            if (!KNOWN.contains(name) && name.indexOf('.') < 0) {
                strange.add(name);
            }
        }
        Collections.sort(strange);
        unknown = Collections.unmodifiableList(strange);
        if (sources.flag("logAllProperties", false)) {
            LOGGER.info(ParamUtil.getInputParameters(properties));
        }
    }

    /** The settings that the sources give. */
    static ClientSettings of(
            Kind kind, Properties properties, Map<String, String> jvm, Map<String, String> environment) {
        return new ClientSettings(kind, properties, new PropertySources(properties, jvm, environment));
    }

    /** The settings for a service of this process. */
    static ClientSettings ofProcess(Kind kind, Properties properties) {
        ClientSettings settings = new ClientSettings(kind, properties, PropertySources.ofProcess(properties));
        if (!settings.unknown.isEmpty()) {
            LOGGER.debug("properties without a meaning for this client: {}", settings.unknown);
        }
        return settings;
    }

    private static String timeoutKey(Kind kind) {
        switch (kind) {
            case NAMING:
                return "namingRequestTimeout";
            case CONFIG:
                return "configRequestTimeout";
            default:
                return "lockRequestTimeout";
        }
    }

    private static Duration millis(PropertySources sources, String key, long otherwise) {
        return Duration.ofMillis(Math.max(1, sources.exactNumber(GRPC + key, otherwise)));
    }

    private static String strip(String path) {
        String rest = path;
        while (rest.startsWith("/")) {
            rest = rest.substring(1);
        }
        while (rest.endsWith("/")) {
            rest = rest.substring(0, rest.length() - 1);
        }
        return rest;
    }

    private static List<String> servers(String text) {
        List<String> servers = new ArrayList<>();
        for (String each : text.split("[,;]")) {
            if (!PropertySources.isBlank(each)) {
                servers.add(each.trim());
            }
        }
        return Collections.unmodifiableList(servers);
    }

    private static Address endpoint(PropertySources sources, String contextPath) {
        String host = sources.text("endpoint", "");
        if (sources.flag("isUseEndpointParsingRule", sources.flag("nacos.use.endpoint.parsing.rule", true))) {
            host = ParamUtil.parsingEndpointRule(host.isEmpty() ? null : host, name -> {
                String jvm = sources.jvm(name);
                return jvm == null ? sources.env(name) : jvm;
            });
        }
        if (PropertySources.isBlank(host)) {
            return null;
        }
        String port = sources.env("ALIBABA_ALIWARE_ENDPOINT_PORT");
        String path = sources.env("ALIBABA_ALIWARE_ENDPOINT_CONTEXT_PATH");
        if (path == null) {
            path = sources.text("endpointContextPath", contextPath);
        }
        String list = sources.text("endpointClusterName");
        if (list == null && sources.flag("isAdaptClusterNameUsage", false)) {
            list = sources.text("clusterName");
        }
        return new Address(
                host,
                port == null ? (int) sources.number("endpointPort", 8080) : Integer.parseInt(port),
                strip(path),
                list == null ? ParamUtil.getDefaultNodesPath() : list,
                sources.text("endpointQueryParams", ""),
                Duration.ofSeconds(Math.max(1, sources.number("endpointRefreshIntervalSeconds", 30))));
    }

    private static String namespace(Kind kind, PropertySources sources) {
        String id = null;
        if (sources.flag("isUseCloudNamespaceParsing", sources.flag("nacos.use.cloud.namespace.parsing", true))) {
            id = sources.anyOf("tenant.id", kind == Kind.CONFIG ? "acm.namespace" : "ans.namespace");
            if (id == null) {
                id = sources.env("ALIBABA_ALIWARE_NAMESPACE");
            }
        }
        if (id == null && kind != Kind.CONFIG) {
            id = sources.jvm("namespace");
        }
        if (id == null) {
            id = sources.text("namespace");
        }
        if (id == null) {
            return kind == Kind.CONFIG ? "" : "public";
        }
        return id;
    }

    private static Map<String, String> labels(PropertySources sources) {
        String preferred = sources.env("nacos_app_conn_labels_preferred");
        String property = sources.property("nacos.app.conn.labels");
        String jvm = sources.jvm("nacos.app.conn.labels");
        String env = sources.env("nacos_app_conn_labels");
        // Later ones win.
        List<String> order = new ArrayList<>(Arrays.asList(env, jvm, property));
        if ("env".equalsIgnoreCase(preferred)) {
            order = Arrays.asList(jvm, property, env);
        } else if ("jvm".equalsIgnoreCase(preferred)) {
            order = Arrays.asList(env, property, jvm);
        }
        Map<String, String> labels = new LinkedHashMap<>();
        for (String text : order) {
            labels.putAll(pairs(text));
        }
        String gray = sources.text("nacos.config.gray.label", sources.env("nacos_config_gray_label"));
        if (gray != null) {
            labels.put("nacos.config.gray.label", gray);
        }
        return labels;
    }

    private static Map<String, String> pairs(String text) {
        Map<String, String> pairs = new LinkedHashMap<>();
        for (String each : text == null ? new String[0] : text.split(",")) {
            String[] parts = each.split("=", 2);
            if (parts.length == 2 && !PropertySources.isBlank(parts[0])) {
                pairs.put(parts[0].trim(), parts[1].trim());
            }
        }
        return pairs;
    }
}
