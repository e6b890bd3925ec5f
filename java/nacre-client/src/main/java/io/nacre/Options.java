package io.nacre;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;

/** All settings of a client, with the defaults. */
final class Options {
    final List<String> servers = new ArrayList<>();
    Endpoint endpoint;
    int defaultPort = 8848;
    int grpcPortOffset = 1000;
    String contextPath = "nacos";
    String namespace = Names.DEFAULT_NAMESPACE;
    String appName = "unknown";
    final Map<String, String> labels = new LinkedHashMap<>();
    final Map<String, String> appLabels = new LinkedHashMap<>();
    String clientVersion;
    String clientIp;
    String username;
    String password;
    Keys keys;
    TemporaryKeys temporaryKeys;
    Tls tls;
    Duration requestTimeout = Duration.ofSeconds(3);
    int retries = 3;
    Duration connectTimeout = Duration.ofSeconds(3);
    Duration serverCheckTimeout = Duration.ofSeconds(3);
    Duration abilityTimeout = Duration.ofSeconds(5);
    Duration keepAlive = Duration.ofSeconds(5);
    Duration healthCheckTimeout = Duration.ofSeconds(3);
    int healthCheckRetries = 1;
    Duration httpTimeout = Duration.ofSeconds(3);
    int maxMessageSize = 10 * 1024 * 1024;
    boolean randomStart = true;
    Path directory;
    String pool;
    Executor executor;
    final NamingOptions naming = new NamingOptions();
    final ConfigOptions config = new ConfigOptions();

    /** As they are now: the builder may go on. */
    Options copy() {
        Options copy = new Options();
        copy.servers.addAll(servers);
        copy.endpoint = endpoint;
        copy.defaultPort = defaultPort;
        copy.grpcPortOffset = grpcPortOffset;
        copy.contextPath = contextPath;
        copy.namespace = namespace;
        copy.appName = appName;
        copy.labels.putAll(labels);
        copy.appLabels.putAll(appLabels);
        copy.clientVersion = clientVersion;
        copy.clientIp = clientIp;
        copy.username = username;
        copy.password = password;
        copy.keys = keys;
        copy.temporaryKeys = temporaryKeys;
        copy.tls = tls;
        copy.requestTimeout = requestTimeout;
        copy.retries = retries;
        copy.connectTimeout = connectTimeout;
        copy.serverCheckTimeout = serverCheckTimeout;
        copy.abilityTimeout = abilityTimeout;
        copy.keepAlive = keepAlive;
        copy.healthCheckTimeout = healthCheckTimeout;
        copy.healthCheckRetries = healthCheckRetries;
        copy.httpTimeout = httpTimeout;
        copy.maxMessageSize = maxMessageSize;
        copy.randomStart = randomStart;
        copy.directory = directory;
        copy.pool = pool;
        copy.executor = executor;
        copy.naming.become(naming);
        copy.config.become(config);
        return copy;
    }

    static Duration positive(Duration duration, String name) {
        if (duration != null && (duration.isNegative() || duration.isZero())) {
            throw new InvalidParameterException(name + " must be above 0");
        }
        return Names.present(duration, name);
    }

    static int positive(int number, String name) {
        if (number <= 0) {
            throw new InvalidParameterException(name + " must be above 0");
        }
        return number;
    }

    static int notNegative(int number, String name) {
        if (number < 0) {
            throw new InvalidParameterException(name + " must not be negative");
        }
        return number;
    }

    static int port(int port) {
        if (port < 0 || port > 65535) {
            throw new InvalidParameterException("port " + port + " is not between 0 and 65535");
        }
        return port;
    }
}
