package io.nacre;

import io.nacre.internal.Reader;
import io.nacre.internal.Writer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Values of the API in the encoding that {@link io.nacre.internal.Op} describes. */
final class Wire {
    private static final ServiceSnapshot.Source[] LIST_SOURCES = {
        ServiceSnapshot.Source.SERVER, ServiceSnapshot.Source.CACHE, ServiceSnapshot.Source.FAILOVER
    };
    private static final ConfigValue.Source[] VALUE_SOURCES = {
        ConfigValue.Source.SERVER, ConfigValue.Source.SNAPSHOT, ConfigValue.Source.FAILOVER
    };

    private Wire() {}

    static Writer service(ServiceKey service) {
        return new Writer().string(service.group()).string(service.name());
    }

    static Writer config(ConfigKey key) {
        return new Writer().string(key.dataId()).string(key.group());
    }

    static void instance(Writer writer, Instance instance) {
        int flags = (instance.healthy ? 1 : 0) | (instance.enabled ? 2 : 0) | (instance.ephemeral ? 4 : 0);
        writer.optional(instance.id)
                .string(instance.ip)
                .i32(instance.port)
                .f64(instance.weight)
                .u8(flags)
                .string(instance.cluster)
                .optional(instance.service)
                .map(instance.metadata);
    }

    static void publish(Writer writer, Publish publish) {
        writer.bytes(publish.content)
                .optional(publish.type)
                .optional(publish.appName)
                .strings(publish.tags)
                .optional(publish.description)
                .optional(publish.usage)
                .optional(publish.effect)
                .optional(publish.schema)
                .optional(publish.operator)
                .optional(publish.encryptedDataKey);
    }

    static void gray(Writer writer, Gray gray) {
        if (gray.ips != null) {
            writer.u8(0).strings(gray.ips);
        } else {
            writer.u8(1).string(gray.tag);
        }
    }

    static void settings(Writer writer, ServiceSettings settings) {
        writer.f64(settings.protectThreshold).map(settings.metadata).optional(settings.labelSelector);
    }

    static ServiceKey readService(Reader reader) {
        String group = reader.string();
        return ServiceKey.trusted(group, reader.string());
    }

    static ConfigKey readKey(Reader reader) {
        String dataId = reader.string();
        return ConfigKey.trusted(reader.string(), dataId);
    }

    static Instance readInstance(Reader reader) {
        String id = reader.optionalString();
        String ip = reader.string();
        int port = reader.i32();
        double weight = reader.f64();
        int flags = reader.u8();
        String cluster = reader.string();
        String service = reader.optionalString();
        Map<String, String> metadata = reader.map();
        return new Instance(
                id,
                ip,
                port,
                weight,
                (flags & 1) != 0,
                (flags & 2) != 0,
                (flags & 4) != 0,
                cluster,
                service,
                metadata);
    }

    static ServiceSnapshot readSnapshot(Reader reader) {
        ServiceKey service = readService(reader);
        String clusters = reader.string();
        long cacheMillis = reader.i64();
        long lastRefTime = reader.i64();
        boolean isProtected = reader.bool();
        ServiceSnapshot.Source source = LIST_SOURCES[reader.u8()];
        long revision = reader.i64();
        List<Instance> instances = reader.list(Wire::readInstance);
        return new ServiceSnapshot(
                service, clusters, cacheMillis, lastRefTime, isProtected, source, revision, instances);
    }

    static ConfigValue readValue(Reader reader) {
        byte[] content = reader.bytes();
        String md5 = reader.string();
        String type = reader.optionalString();
        String dataKey = reader.optionalString();
        ConfigValue.Source source = VALUE_SOURCES[reader.u8()];
        return new ConfigValue(content, md5, type, dataKey, source, reader.i64());
    }

    static ServiceDetail readDetail(Reader reader) {
        String name = reader.string();
        ServiceKey service = ServiceKey.trusted(reader.string(), name);
        float threshold = (float) reader.f64();
        Map<String, String> metadata = reader.map();
        String selector = reader.optionalString();
        List<ClusterDetail> clusters = reader.list(cluster -> {
            String clusterName = cluster.string();
            String checker = cluster.optionalString();
            return new ClusterDetail(clusterName, checker, cluster.map());
        });
        return new ServiceDetail(service, threshold, metadata, selector, clusters);
    }

    static Status readStatus(Reader reader) {
        Status.State state = Status.State.values()[reader.u8()];
        Instant since = Instant.ofEpochMilli(reader.i64());
        String server = reader.optionalString();
        NacreException lastError = reader.optional(Reader::error);
        String localAddress = reader.optionalString();
        Status.ServerGeneration generation = Status.ServerGeneration.values()[reader.u8()];
        return new Status(state, since, server, lastError, localAddress, generation, reader.i64());
    }

    static Metrics readMetrics(Reader reader) {
        return new Metrics(
                reader.i64(), reader.i64(), reader.i64(), reader.i64(), reader.i64(), reader.i64(), reader.i64(),
                reader.i64(), reader.i64(), reader.i64(), reader.i64(), reader.i64(), reader.i64());
    }

    static ClientEvent readEvent(Reader reader) {
        int type = reader.u8();
        switch (type) {
            case 1:
                String server = reader.string();
                String localAddress = reader.string();
                return new ClientEvent(ClientEvent.Type.CONNECTED, server, localAddress, reader.i64(), 0, null);
            case 2:
                return new ClientEvent(ClientEvent.Type.DISCONNECTED, null, null, 0, 0, reader.error());
            case 3:
                return new ClientEvent(ClientEvent.Type.RESET, reader.optionalString(), null, 0, 0, null);
            case 4:
                return new ClientEvent(ClientEvent.Type.SERVERS_CHANGED, null, null, 0, reader.i32(), null);
            case 5:
                return new ClientEvent(ClientEvent.Type.LOGIN_FAILED, null, null, 0, 0, reader.error());
            default:
                throw new IllegalStateException("event " + type + " is unknown");
        }
    }

    /** Settings, as pairs of a tag and a value. */
    static byte[] options(Options options) {
        Tags tags = new Tags();
        if (!options.servers.isEmpty()) {
            tags.of(1).strings(options.servers);
        }
        Endpoint endpoint = options.endpoint;
        if (endpoint != null) {
            tags.of(2)
                    .string(endpoint.host)
                    .i32(endpoint.port)
                    .optional(endpoint.contextPath)
                    .string(endpoint.list)
                    .string(endpoint.query)
                    .i64(endpoint.refresh.toMillis());
        }
        tags.of(3).i32(options.defaultPort);
        tags.of(4).i32(options.grpcPortOffset);
        tags.of(5).string(options.contextPath);
        tags.of(6).string(options.namespace);
        tags.of(7).string(options.appName);
        tags.of(8).map(options.labels);
        tags.of(9).map(options.appLabels);
        tags.text(10, options.clientVersion);
        tags.text(11, options.clientIp);
        if (options.username != null) {
            tags.of(12).string(options.username).string(options.password);
        }
        security(tags, options);
        tags.time(15, options.requestTimeout);
        tags.of(16).i32(options.retries);
        tags.time(17, options.connectTimeout);
        tags.time(18, options.serverCheckTimeout);
        tags.time(19, options.abilityTimeout);
        tags.time(20, options.keepAlive);
        tags.time(21, options.healthCheckTimeout);
        tags.of(22).i32(options.healthCheckRetries);
        tags.time(23, options.httpTimeout);
        tags.of(24).i32(options.maxMessageSize);
        tags.of(25).bool(options.randomStart);
        tags.path(26, options.directory);
        tags.text(27, options.pool);
        naming(tags, options.naming);
        config(tags, options.config);
        return tags.writer.u8(0).toBytes();
    }

    private static void security(Tags tags, Options options) {
        Keys keys = options.keys;
        if (keys != null) {
            tags.of(13)
                    .string(keys.accessKey)
                    .string(keys.secretKey)
                    .optional(keys.securityToken)
                    .optional(keys.region);
        }
        TemporaryKeys temporary = options.temporaryKeys;
        if (temporary != null) {
            tags.of(28)
                    .string(temporary.url)
                    .i64(temporary.refreshBeforeEnd.toMillis())
                    .bool(temporary.keep)
                    .optional(temporary.region);
        }
        Tls tls = options.tls;
        if (tls != null) {
            Writer writer = tags.of(14).u8(tls.roots);
            if (tls.roots == Tls.FILE) {
                writer.string(tls.rootsFile.toString());
            }
            writer.bool(tls.certificates != null);
            if (tls.certificates != null) {
                writer.string(tls.certificates.toString()).string(tls.key.toString());
            }
            writer.optional(tls.serverName).bool(tls.http);
            // After 14, which it adds to.
            tags.text(29, tls.password);
        }
    }

    private static void naming(Tags tags, NamingOptions naming) {
        tags.time(40, naming.requestTimeout);
        tags.of(41).bool(naming.loadCacheAtStart);
        tags.text(42, naming.cacheFolder);
        tags.of(43).bool(naming.pushEmptyProtection);
        tags.of(44).bool(naming.poll);
        tags.time(45, naming.failoverRefresh);
        tags.time(46, naming.servicesRefresh);
    }

    private static void config(Tags tags, ConfigOptions config) {
        tags.time(60, config.requestTimeout);
        tags.of(61).string(config.appKey);
        tags.of(62).bool(config.snapshots);
        tags.text(63, config.environmentName);
        tags.time(64, config.fullSync);
        tags.of(65).i32(config.listensPerRequest);
        tags.time(66, config.failoverRefresh);
        tags.of(67).i32(config.maxContent);
    }

    private static final class Tags {
        private final Writer writer = new Writer();

        Writer of(int tag) {
            return writer.u8(tag);
        }

        void text(int tag, String text) {
            if (text != null) {
                of(tag).string(text);
            }
        }

        void time(int tag, Duration time) {
            if (time != null) {
                of(tag).i64(time.toMillis());
            }
        }

        void path(int tag, Path path) {
            if (path != null) {
                of(tag).string(path.toString());
            }
        }
    }
}
