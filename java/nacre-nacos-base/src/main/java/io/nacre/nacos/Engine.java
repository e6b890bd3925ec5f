package io.nacre.nacos;

import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.common.labels.LabelsCollector;
import io.nacre.Endpoint;
import io.nacre.ErrorKind;
import io.nacre.Keys;
import io.nacre.NacreClient;
import io.nacre.NacreException;
import io.nacre.Status;
import io.nacre.TemporaryKeys;
import io.nacre.Tls;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes engine clients of settings, and exceptions of the original of the engine's. */
public final class Engine {
    private static final Logger LOGGER = LoggerFactory.getLogger(Engine.class);
    /** All services of the process share connections; the engine keeps those apart that a server could tell apart. */
    private static final String POOL = "nacos";
    /** Longest time that a constructor waits for the connection. */
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(3);

    private static final Duration STEP = Duration.ofMillis(50);

    private Engine() {}

    /** A client that may not be connected yet. */
    static NacreClient open(ClientSettings settings, Properties properties) throws NacosException {
        ClassPathCheck.run(Engine.class.getClassLoader());
        Plugins.warn();
        try {
            return builder(settings, properties).build();
        } catch (NacreException e) {
            throw failure(e);
        } catch (IllegalArgumentException e) {
            throw new NacosException(NacosException.CLIENT_INVALID_PARAM, e.getMessage(), e);
        }
    }

    private static NacreClient.Builder builder(ClientSettings settings, Properties properties) throws NacosException {
        NacreClient.Builder builder = NacreClient.builder()
                .defaultPort(settings.defaultPort)
                .grpcPortOffset(settings.grpcPortOffset)
                .contextPath(settings.contextPath)
                .namespace(settings.namespace)
                .appName(settings.appName)
                .requestTimeout(settings.requestTimeout)
                .retries(settings.retries)
                .keepAlive(settings.keepAlive)
                .serverCheckTimeout(settings.serverCheckTimeout)
                .abilityTimeout(settings.abilityTimeout)
                .healthCheckTimeout(settings.healthCheckTimeout)
                .healthCheckRetries(settings.healthCheckRetries)
                .maxMessageSize(settings.maxMessageSize)
                .directory(Paths.get(settings.directory))
                .pool(POOL);
        servers(builder, settings);
        labels(settings, properties).forEach(builder::appLabel);
        if (settings.username != null) {
            builder.login(settings.username, settings.password);
        }
        if (settings.accessKey != null) {
            Keys keys = Keys.of(settings.accessKey, settings.secretKey);
            if (settings.securityToken != null) {
                keys = keys.securityToken(settings.securityToken);
            }
            builder.keys(settings.region == null ? keys : keys.region(settings.region));
        }
        if (settings.role != null) {
            TemporaryKeys keys = settings.role.toNacre();
            builder.temporaryKeys(settings.region == null ? keys : keys.region(settings.region));
        }
        if (settings.tls != null) {
            builder.tls(tls(settings.tls));
        }
        builder.naming(naming -> {
            naming.loadCacheAtStart(settings.loadCacheAtStart)
                    .pushEmptyProtection(settings.pushEmptyProtection)
                    .poll(settings.poll);
            if (settings.cacheFolder != null) {
                naming.cacheFolder(settings.cacheFolder);
            }
        });
        builder.config(config -> {
            config.appKey(settings.appKey)
                    .listensPerRequest(settings.listensPerRequest);
            if (settings.environmentName != null) {
                config.environmentName(settings.environmentName);
            }
        });
        return builder;
    }

    /** A client that is connected, unless no server could be reached. */
    static NacreClient connect(ClientSettings settings, Properties properties) throws NacosException {
        NacreClient client = open(settings, properties);
        awaitConnection(client);
        return client;
    }

    /** Waits until there is a connection or every server was tried in vain, at most 3 s. */
    private static void awaitConnection(NacreClient client) {
        long end = System.nanoTime() + CONNECT_LIMIT.toNanos();
        while (System.nanoTime() < end && !isConnected(client)) {
            try {
                client.ready(STEP);
            } catch (NacreException e) {
                if (e.kind() != ErrorKind.TIMEOUT && e.kind() != ErrorKind.UNREACHABLE) {
                    LOGGER.warn("not connected yet: {}", e.reason());
                    return;
                }
                int servers = Math.max(1, client.servers().size());
                if (client.metrics().failedConnections() >= servers) {
                    String reason = client.status()
                            .lastError()
                            .map(NacreException::reason)
                            .orElse(e.reason());
                    LOGGER.warn("no server of {} can be reached, connecting goes on: {}", client.servers(), reason);
                    return;
                }
            }
        }
    }

    static boolean isConnected(NacreClient client) {
        return client.status().state() == Status.State.CONNECTED;
    }

    private static void servers(NacreClient.Builder builder, ClientSettings settings) throws NacosException {
        if (settings.endpoint != null) {
            ClientSettings.Address address = settings.endpoint;
            Endpoint endpoint = Endpoint.of(address.host)
                    .port(address.port)
                    .contextPath(address.contextPath)
                    .list(address.list)
                    .refresh(address.refresh);
            builder.endpoint(address.query.isEmpty() ? endpoint : endpoint.query(address.query));
        } else if (settings.servers.isEmpty()) {
            throw new NacosException(
                    NacosException.CLIENT_INVALID_PARAM, "no server is known: set serverAddr or endpoint");
        } else {
            builder.servers(settings.servers);
        }
    }

    private static Tls tls(TlsSettings settings) {
        Tls tls = settings.trustAll ? Tls.trustAny() : Tls.roots(settings.roots);
        if (settings.certificates == null) {
            return tls;
        }
        return settings.password == null
                ? tls.identity(settings.certificates, settings.key)
                : tls.identity(settings.certificates, settings.key, settings.password);
    }

    /** Labels of plug-ins lie below those that settings name. */
    private static Map<String, String> labels(ClientSettings settings, Properties properties) {
        List<LabelsCollector> collectors = new ArrayList<>();
        ServiceLoader.load(LabelsCollector.class).forEach(collectors::add);
        collectors.sort(Comparator.comparingInt(LabelsCollector::getOrder));
        Map<String, String> labels = new LinkedHashMap<>();
        for (LabelsCollector collector : collectors) {
            try {
                labels.putAll(collector.collectLabels(properties));
            } catch (RuntimeException e) {
                LOGGER.error("labels of {} cannot be read", collector.getName(), e);
            }
        }
        labels.putAll(settings.appLabels);
        return labels;
    }

    /**
     * The exception of the original for one of the engine.
     *
     * @param error the engine's
     * @return the original's, with the code that Nacos uses
     */
    public static NacosException failure(NacreException error) {
        return new NacosException(error.code(), error.reason(), error);
    }

    /**
     * The exception of the original for a value that the engine refuses.
     *
     * @param error the refusal
     * @return the original's, code 400
     */
    public static NacosException failure(IllegalArgumentException error) {
        return new NacosException(NacosException.INVALID_PARAM, error.getMessage(), error);
    }
}
