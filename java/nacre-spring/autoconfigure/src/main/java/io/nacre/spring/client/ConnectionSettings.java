package io.nacre.spring.client;

import io.nacre.Endpoint;
import io.nacre.Keys;
import io.nacre.NacreClient;
import io.nacre.NacreException;
import io.nacre.TemporaryKeys;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/**
 * How a client of this application is connected: servers, credentials, namespace, and what the engine needs to know when
 * it is made. Equal settings share one client; {@link #toString()} shows no secret.
 *
 * @param servers the servers; empty when there is an endpoint
 * @param endpoint an address server, or empty
 * @param endpointList the list of servers that it is asked for, or empty for the default
 * @param namespace the namespace's id; empty is {@code public}
 * @param username the user, or empty
 * @param password its password, or empty
 * @param accessKey a key that names the account, or empty
 * @param secretKey a key that signs, or empty
 * @param role a role of the cloud whose temporary keys sign, or empty
 * @param contextPath first part of the path of HTTP requests, or empty for the default
 * @param appName name of the application, or empty
 * @param directory folder of caches and snapshots, or empty for none
 * @param loadCacheAtStart whether services of the disk cache are there from the start
 * @param pushEmptyProtection whether a list without a usable instance is ignored
 * @param servicesRefresh time between two reads of the list of services, where the server does not push it
 * @param tls TLS of gRPC
 */
public record ConnectionSettings(
        List<String> servers,
        String endpoint,
        String endpointList,
        String namespace,
        String username,
        String password,
        String accessKey,
        String secretKey,
        String role,
        String contextPath,
        String appName,
        String directory,
        boolean loadCacheAtStart,
        boolean pushEmptyProtection,
        Duration servicesRefresh,
        TlsSettings tls) {

    /** Where the settings of both halves begin. */
    public static final String PREFIX = "spring.cloud.nacos";

    private static final String DEFAULT_SERVER = "127.0.0.1:8848";
    private static final String PUBLIC = "public";
    private static final Duration SERVICES_REFRESH = Duration.ofSeconds(10);

    /** Copies the list. */
    public ConnectionSettings {
        servers = List.copyOf(servers);
        namespace = PUBLIC.equals(namespace) ? "" : namespace;
    }

    /**
     * The settings of service discovery: {@code spring.cloud.nacos.discovery.*}; servers and user may stand one level up.
     *
     * @param environment of the application
     * @return the settings
     */
    public static ConnectionSettings discovery(Environment environment) {
        Binder binder = Binder.get(environment);
        return read(binder, "discovery", text(binder, PREFIX + ".discovery.namespace"));
    }

    /**
     * The settings of the configuration centre: {@code spring.cloud.nacos.config.*}; all of them may stand one level up.
     *
     * @param binder of the environment as far as it is known
     * @return the settings
     */
    public static ConnectionSettings config(Binder binder) {
        return read(binder, "config", text(binder, "config", "namespace"));
    }

    /**
     * The same connection for another namespace.
     *
     * @param id the namespace
     * @return a copy
     */
    public ConnectionSettings withNamespace(String id) {
        return new ConnectionSettings(
                servers,
                endpoint,
                endpointList,
                id,
                username,
                password,
                accessKey,
                secretKey,
                role,
                contextPath,
                appName,
                directory,
                loadCacheAtStart,
                pushEmptyProtection,
                servicesRefresh,
                tls);
    }

    private static ConnectionSettings read(Binder binder, String half, String namespace) {
        String endpoint = text(binder, half, "endpoint");
        List<String> servers = Arrays.stream(text(binder, half, "server-addr").split("[,;\\s]+"))
                .filter(StringUtils::hasText)
                .map(server -> StringUtils.trimTrailingCharacter(server, '/'))
                .toList();
        if (servers.isEmpty() && endpoint.isEmpty()) {
            servers = List.of(DEFAULT_SERVER);
        }
        return new ConnectionSettings(
                servers,
                endpoint,
                // In discovery this names the cluster of the instance.
                half.equals("config") && !endpoint.isEmpty() ? text(binder, half, "cluster-name") : "",
                namespace,
                text(binder, half, "username"),
                text(binder, half, "password"),
                text(binder, half, "access-key"),
                text(binder, half, "secret-key"),
                text(binder, half, "ram-role-name"),
                text(binder, half, "context-path"),
                text(binder, "spring.application.name"),
                Directories.choose(binder),
                flag(binder, PREFIX + ".discovery.naming-load-cache-at-start")
                        || flag(binder, PREFIX + ".discovery.failure-tolerance-enabled"),
                flag(binder, PREFIX + ".discovery.naming-push-empty-protection"),
                binder.bind(PREFIX + ".discovery.watch-delay", Long.class)
                        .map(Duration::ofMillis)
                        .orElse(SERVICES_REFRESH),
                TlsSettings.read(binder));
    }

    /**
     * Where the settings of the configuration centre begin: what {@code spring.nacos.properties.prefix} names, else
     * {@code spring.cloud.nacos}, and {@code spring.nacos} for what that does not say.
     *
     * @param binder of the environment as far as it is known
     * @return the beginnings, those that win first
     */
    public static List<String> configPrefixes(Binder binder) {
        String other = text(binder, "spring.nacos.properties.prefix");
        return other.isEmpty() ? List.of(PREFIX, "spring.nacos") : List.of(other);
    }

    private static String text(Binder binder, String half, String name) {
        for (String prefix : half.equals("config") ? configPrefixes(binder) : List.of(PREFIX)) {
            for (String full : List.of(prefix + "." + half + "." + name, prefix + "." + name)) {
                String text = text(binder, full);
                if (!text.isEmpty()) {
                    return text;
                }
            }
        }
        return "";
    }

    static String text(Binder binder, String name) {
        return binder.bind(name, String.class).map(String::trim).orElse("");
    }

    static boolean flag(Binder binder, String name) {
        return binder.bind(name, Boolean.class).orElse(false);
    }

    /** Makes a client, which connects in the background. */
    NacreClient open(String pool) throws NacreException {
        NacreClient.Builder builder =
                NacreClient.builder().pool(pool).namespace(namespace.isEmpty() ? PUBLIC : namespace);
        if (servers.isEmpty()) {
            builder.endpoint(endpointOf());
        } else {
            builder.servers(servers);
        }
        if (!username.isEmpty()) {
            builder.login(username, password);
        }
        if (!accessKey.isEmpty()) {
            builder.keys(Keys.of(accessKey, secretKey));
        }
        if (!role.isEmpty()) {
            builder.temporaryKeys(TemporaryKeys.ofRole(role));
        }
        if (!contextPath.isEmpty()) {
            builder.contextPath(StringUtils.trimLeadingCharacter(contextPath, '/'));
        }
        if (!appName.isEmpty()) {
            builder.appName(appName);
        }
        if (!directory.isEmpty()) {
            builder.directory(Path.of(directory));
        }
        tls.applyTo(builder);
        builder.naming(options -> options.loadCacheAtStart(loadCacheAtStart)
                .pushEmptyProtection(pushEmptyProtection)
                .servicesRefresh(servicesRefresh));
        return builder.build();
    }

    private Endpoint endpointOf() {
        int colon = endpoint.lastIndexOf(':');
        boolean hasPort = colon >= 0 && !endpoint.endsWith("]");
        Endpoint server = Endpoint.of(hasPort ? endpoint.substring(0, colon) : endpoint);
        if (hasPort) {
            server.port(Integer.parseInt(endpoint.substring(colon + 1)));
        }
        return endpointList.isEmpty() ? server : server.list(endpointList);
    }

    /**
     * What may be shown of the settings.
     *
     * @return servers or endpoint, and namespace
     */
    @Override
    public String toString() {
        return (servers.isEmpty() ? endpoint : String.join(",", servers))
                + " namespace "
                + (namespace.isEmpty() ? PUBLIC : namespace);
    }
}
