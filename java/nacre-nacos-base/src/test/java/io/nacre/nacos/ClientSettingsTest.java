package io.nacre.nacos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ClientSettingsTest {
    private static final ClientSettings.Kind NAMING = ClientSettings.Kind.NAMING;
    private static final ClientSettings.Kind CONFIG = ClientSettings.Kind.CONFIG;

    /** Texts are {@code key=value;key=value} of properties, system properties and environment. */
    private static ClientSettings settings(ClientSettings.Kind kind, String properties, String jvm, String env) {
        Properties given = new Properties();
        given.putAll(map(properties));
        return ClientSettings.of(kind, given, map(jvm), map(env));
    }

    private static Map<String, String> map(String text) {
        Map<String, String> map = new HashMap<>();
        for (String each : text.isEmpty() ? new String[0] : text.split(";")) {
            String[] parts = each.split("=", 2);
            map.put(parts[0], parts[1]);
        }
        return map;
    }

    private static Arguments row(
            ClientSettings.Kind kind,
            String properties,
            String jvm,
            String env,
            Function<ClientSettings, Object> value,
            Object expected) {
        return Arguments.of(kind, properties, jvm, env, value, expected);
    }

    static Stream<Arguments> table() {
        return Stream.of(
                // Order of sources.
                row(NAMING, "username=p", "username=j", "username=e", s -> s.username, "p"),
                row(NAMING, "", "username=j", "username=e", s -> s.username, "j"),
                row(NAMING, "", "", "username=e", s -> s.username, "e"),
                row(NAMING, "", "", "USERNAME=e", s -> s.username, "e"),
                row(NAMING, "", "", "", s -> s.username, null),
                row(NAMING, "username=p", "username=j;nacos.env.first=jvm", "username=e", s -> s.username, "j"),
                row(NAMING, "username=p", "username=j", "username=e;nacos.env.first=env", s -> s.username, "e"),
                row(NAMING, "username=p", "username=j", "username=e;NACOS_ENV_FIRST=env", s -> s.username, "e"),
                row(NAMING, "username=p", "nacos.env.first=env", "", s -> s.username, "p"),
                row(NAMING, "username=p", "nacos.env.first=JVM", "", s -> s.username, "p"),
                row(NAMING, "username=p", "username=j;nacos.env.first=properties", "", s -> s.username, "p"),
                row(NAMING, "username=p", "username=j;nacos.env.first=else", "", s -> s.username, "p"),
                // Empty means not set, and hides the other sources.
                row(NAMING, "username=", "username=j", "", s -> s.username, null),
                // Servers.
                row(NAMING, "serverAddr=a:1, b,,", "", "", s -> s.servers, List.of("a:1", "b")),
                row(NAMING, "", "serverAddr=a:1,b", "", s -> s.servers, List.of("a:1", "b")),
                row(NAMING, "", "", "", s -> s.servers, List.of()),
                row(NAMING, "", "nacos.server.port=9999", "", s -> s.defaultPort, 9999),
                row(NAMING, "", "", "", s -> s.defaultPort, 8848),
                row(NAMING, "", "", "NACOS_SERVER_GRPC_PORT_OFFSET=7", s -> s.grpcPortOffset, 7),
                row(NAMING, "contextPath=/abc/", "", "", s -> s.contextPath, "abc"),
                row(NAMING, "", "nacos.client.contextPath=x", "", s -> s.contextPath, "x"),
                row(NAMING, "contextPath=/", "", "", s -> s.contextPath, ""),
                // Address server.
                row(NAMING, "endpoint=h;serverAddr=a", "", "", s -> s.endpoint.host, "h"),
                row(NAMING, "endpoint=h", "", "ALIBABA_ALIWARE_ENDPOINT_URL=u", s -> s.endpoint.host, "u"),
                row(NAMING, "", "", "ALIBABA_ALIWARE_ENDPOINT_URL=u", s -> s.endpoint.host, "u"),
                row(NAMING, "endpoint=${v:d}", "v=j", "v=e", s -> s.endpoint.host, "j"),
                row(NAMING, "endpoint=${v:d}", "", "", s -> s.endpoint.host, "d"),
                row(NAMING, "endpoint=${v}", "", "", s -> s.endpoint.host, "v"),
                row(
                        NAMING,
                        "endpoint=h;isUseEndpointParsingRule=false",
                        "",
                        "ALIBABA_ALIWARE_ENDPOINT_URL=u",
                        s -> s.endpoint.host,
                        "h"),
                row(NAMING, "endpoint=h", "", "", s -> s.endpoint.port, 8080),
                row(NAMING, "endpoint=h;endpointPort=1", "", "", s -> s.endpoint.port, 1),
                row(
                        NAMING,
                        "endpoint=h;endpointPort=1",
                        "",
                        "ALIBABA_ALIWARE_ENDPOINT_PORT=2",
                        s -> s.endpoint.port,
                        2),
                row(NAMING, "endpoint=h", "", "", s -> s.endpoint.contextPath, "nacos"),
                row(NAMING, "endpoint=h;endpointContextPath=/c", "", "", s -> s.endpoint.contextPath, "c"),
                row(
                        NAMING,
                        "endpoint=h;endpointContextPath=c",
                        "",
                        "ALIBABA_ALIWARE_ENDPOINT_CONTEXT_PATH=e",
                        s -> s.endpoint.contextPath,
                        "e"),
                row(NAMING, "endpoint=h;clusterName=c", "", "", s -> s.endpoint.list, "serverlist"),
                row(NAMING, "endpoint=h;clusterName=c;isAdaptClusterNameUsage=true", "", "", s -> s.endpoint.list, "c"),
                row(NAMING, "endpoint=h;endpointClusterName=e", "", "", s -> s.endpoint.list, "e"),
                row(NAMING, "endpoint=h;endpointQueryParams=a", "", "", s -> s.endpoint.query, "a"),
                row(
                        NAMING,
                        "endpoint=h;endpointRefreshIntervalSeconds=9",
                        "",
                        "",
                        s -> s.endpoint.refresh,
                        Duration.ofSeconds(9)),
                // Namespaces.
                row(NAMING, "", "", "", s -> s.namespace, "public"),
                row(CONFIG, "", "", "", s -> s.namespace, ""),
                row(CONFIG, "namespace= n ", "", "", s -> s.namespace, "n"),
                row(NAMING, "namespace=p", "namespace=j", "", s -> s.namespace, "j"),
                row(CONFIG, "namespace=p", "namespace=j", "", s -> s.namespace, "p"),
                row(NAMING, "", "", "NAMESPACE=e", s -> s.namespace, "e"),
                row(NAMING, "namespace=p", "tenant.id=t;ans.namespace=a", "", s -> s.namespace, "t"),
                row(NAMING, "namespace=p", "ans.namespace=a;acm.namespace=c", "", s -> s.namespace, "a"),
                row(CONFIG, "namespace=p", "ans.namespace=a;acm.namespace=c", "", s -> s.namespace, "c"),
                row(CONFIG, "namespace=p", "", "ALIBABA_ALIWARE_NAMESPACE=w", s -> s.namespace, "w"),
                row(
                        CONFIG,
                        "namespace=p;isUseCloudNamespaceParsing=false",
                        "acm.namespace=c",
                        "",
                        s -> s.namespace,
                        "p"),
                row(
                        CONFIG,
                        "namespace=p",
                        "acm.namespace=c;nacos.use.cloud.namespace.parsing=false",
                        "",
                        s -> s.namespace,
                        "p"),
                // Credentials.
                row(NAMING, "password= p ", "", "", s -> s.password, " p "),
                row(NAMING, "accessKey=a;secretKey=s", "", "", s -> s.accessKey + s.secretKey, "as"),
                row(NAMING, "accessKey=a", "", "", s -> s.accessKey, null),
                row(NAMING, "", "spas_accessKey=a;spas_secretKey=s", "", s -> s.accessKey + s.secretKey, "as"),
                row(
                        NAMING,
                        "isUseRamInfoParsing=false",
                        "spas_accessKey=a;spas_secretKey=s",
                        "",
                        s -> s.accessKey,
                        null),
                row(NAMING, "signatureRegionId=r", "", "", s -> s.region, "r"),
                row(NAMING, "", "", "", s -> s.role, null),
                row(NAMING, "ramRoleName=r", "ram.role.name=j", "", s -> s.role.role, "r"),
                row(NAMING, "", "ram.role.name=j", "", s -> s.role.role, "j"),
                row(NAMING, "ramRoleName=r", "security.credentials.url=u", "", s -> s.role.url + s.role.role, "unull"),
                row(NAMING, "ramRoleName=r", "", "", s -> s.role.refreshBeforeEnd, Duration.ofMinutes(3)),
                row(NAMING, "ramRoleName=r", "cache.security.credentials=false", "", s -> s.role.keep, false),
                row(
                        NAMING,
                        "accessKey=p;secretKey=p;ramRoleName=r",
                        "security.credentials={\"AccessKeyId\":\"a\",\"AccessKeySecret\":\"s\","
                                + "\"SecurityToken\":\"t\"}",
                        "",
                        s -> s.accessKey + s.secretKey + s.securityToken + s.role,
                        "astnull"),
                // Times.
                row(NAMING, "", "", "", s -> s.requestTimeout, Duration.ofSeconds(3)),
                row(NAMING, "namingRequestTimeout=50", "", "", s -> s.requestTimeout, Duration.ofMillis(50)),
                row(CONFIG, "namingRequestTimeout=50", "", "", s -> s.requestTimeout, Duration.ofSeconds(3)),
                row(CONFIG, "configRequestTimeout=60", "", "", s -> s.requestTimeout, Duration.ofMillis(60)),
                row(
                        CONFIG,
                        "nacos.remote.client.grpc.timeout=70",
                        "",
                        "",
                        s -> s.requestTimeout,
                        Duration.ofMillis(70)),
                row(CONFIG, "", "nacos.remote.client.grpc.retry.times=0", "", s -> s.retries, 0),
                row(CONFIG, "", "", "nacos.remote.client.grpc.retry.times=5", s -> s.retries, 5),
                // Keys of gRPC and TLS are not converted for the environment.
                row(CONFIG, "", "", "NACOS_REMOTE_CLIENT_GRPC_RETRY_TIMES=5", s -> s.retries, 3),
                row(CONFIG, "", "", "", s -> s.keepAlive, Duration.ofSeconds(5)),
                row(CONFIG, "", "", "", s -> s.healthCheckRetries, 3),
                row(CONFIG, "", "", "", s -> s.maxMessageSize, 10485760),
                row(NAMING, "namingRequestTimeout=word", "", "", s -> s.requestTimeout, Duration.ofSeconds(3)),
                // Files and caches.
                row(NAMING, "", "user.home=/h", "", s -> s.directory, "/h"),
                row(NAMING, "", "user.home=/h;JM.SNAPSHOT.PATH=/s", "", s -> s.directory, "/s"),
                row(NAMING, "", "", "JM_SNAPSHOT_PATH=/s", s -> s.directory, "/s"),
                row(NAMING, "", "", "", s -> s.loadCacheAtStart, false),
                row(NAMING, "namingLoadCacheAtStart=true", "", "", s -> s.loadCacheAtStart, true),
                row(NAMING, "namingPushEmptyProtection=yes", "", "", s -> s.pushEmptyProtection, true),
                row(NAMING, "namingAsyncQuerySubscribeService=1", "", "", s -> s.poll, true),
                row(NAMING, "namingCacheRegistryDir=d", "", "", s -> s.cacheFolder, "d"),
                row(CONFIG, "serverName=n", "", "", s -> s.environmentName, "n"),
                row(CONFIG, "enableRemoteSyncConfig=on", "", "", s -> s.remoteSync, true),
                row(CONFIG, "", "PER_TASK_CONFIG_SIZE=7", "", s -> s.listensPerRequest, 7),
                row(CONFIG, "", "nacos.cache.data.init.snapshot=false", "", s -> s.initFromSnapshot, false),
                // Application.
                row(CONFIG, "", "project.name=n", "", s -> s.appName, "n"),
                row(CONFIG, "", "", "", s -> s.appName, "unknown"),
                row(CONFIG, "", "nacos.client.appKey=k", "", s -> s.appKey, "k"),
                row(
                        CONFIG,
                        "",
                        "nacos.app.conn.labels=a=1,b=2",
                        "nacos_app_conn_labels=b=3,c=4",
                        s -> s.appLabels,
                        Map.of("a", "1", "b", "2", "c", "4")),
                row(
                        CONFIG,
                        "",
                        "nacos.app.conn.labels=a=1",
                        "nacos_app_conn_labels=a=3;nacos_app_conn_labels_preferred=env",
                        s -> s.appLabels,
                        Map.of("a", "3")),
                row(
                        CONFIG,
                        "",
                        "nacos.config.gray.label=g",
                        "",
                        s -> s.appLabels,
                        Map.of("nacos.config.gray.label", "g")),
                // Strange keys are kept apart.
                row(CONFIG, "serverAddr=a;watchDelay=3;some.key=x", "", "", s -> s.unknown, List.of("watchDelay")));
    }

    @ParameterizedTest(name = "{index}: {0} [{1}] [{2}] [{3}]")
    @MethodSource("table")
    void meansWhatTheOriginalMakesOfIt(
            ClientSettings.Kind kind,
            String properties,
            String jvm,
            String env,
            Function<ClientSettings, Object> value,
            Object expected) {
        // A semicolon separates entries here, so lists of servers are written with commas.
        assertEquals(expected, value.apply(settings(kind, properties, jvm, env)));
    }

    @Test
    void bothSeparatorsOfServersCount() {
        Properties properties = new Properties();
        properties.setProperty("serverAddr", "a:1;b:2,c:3");
        assertEquals(List.of("a:1", "b:2", "c:3"), ClientSettings.of(NAMING, properties, Map.of(), Map.of()).servers);
    }

    @Test
    void defaultsOfPropertiesCount() {
        Properties defaults = new Properties();
        defaults.setProperty("username", "u");
        assertEquals("u", ClientSettings.of(NAMING, new Properties(defaults), Map.of(), Map.of()).username);
    }

    @Test
    void wrongWordsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> settings(NAMING, "isUseEndpointParsingRule=maybe", "", ""));
        assertThrows(IllegalArgumentException.class, () -> settings(NAMING, "contextPath=a//b", "", ""));
        assertThrows(
                IllegalArgumentException.class,
                () -> settings(NAMING, "", "security.credentials={\"AccessKeyId\":\"a\"}", ""));
    }

    @Test
    void tlsTrustsAnyServerUnlessTold() {
        assertNull(settings(NAMING, "", "", "").tls);
        String prefix = "nacos.remote.client.rpc.tls.";
        TlsSettings any = settings(NAMING, "", prefix + "enable=true", "").tls;
        assertTrue(any.trustAll);
        assertNull(any.roots);
        assertThrows(
                IllegalArgumentException.class,
                () -> settings(NAMING, "", prefix + "enable=true;" + prefix + "trustAll=false", ""));
        assertThrows(
                IllegalArgumentException.class,
                () -> settings(NAMING, "", prefix + "enable=true;" + prefix + "mutualAuth=true", ""));
    }
}
