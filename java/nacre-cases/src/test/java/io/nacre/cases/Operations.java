package io.nacre.cases;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import io.nacre.LockRequest;
import io.nacre.NacreClient;
import io.nacre.Status;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Operations of cases as calls of the client. */
final class Operations implements Subject {
    private final Map<String, NacreClient> clients = new ConcurrentHashMap<>();
    private final Face face;

    Operations(Face face) {
        this.face = face;
    }

    @Override
    public JsonNode perform(String operation, String on, JsonNode args, Recorder recorder) throws Exception {
        if (operation.equals("client.connect")) {
            return connect(on, args.path("options"));
        }
        NacreClient client = clients.get(on);
        String verb = operation.substring(operation.indexOf('.') + 1);
        switch (operation.substring(0, operation.indexOf('.'))) {
            case "client":
                return ofClient(client, verb, args);
            case "naming":
                return new NamingOperations(client, face).perform(verb, args, recorder);
            case "config":
                return new ConfigOperations(client, face).perform(verb, args, recorder);
            default:
                return ofLock(client, verb, args);
        }
    }

    private JsonNode ofClient(NacreClient client, String verb, JsonNode args) throws Exception {
        switch (verb) {
            case "ready" -> {
                Duration limit = Duration.ofMillis(args.get("limit_ms").asLong());
                face.call(
                        () -> {
                            client.ready(limit);
                            return null;
                        },
                        () -> client.readyAsync(limit));
            }
            case "close" -> face.call(
                    () -> {
                        client.close();
                        return null;
                    },
                    client::closeAsync);
            case "reopen" -> Face.only(() -> {
                client.reopen();
                return null;
            });
            case "status" -> {
                return status(client.status());
            }
            case "metrics" -> {
                return Values.object().put("requests", client.metrics().calls());
            }
            default -> throw new IllegalStateException("no operation client." + verb);
        }
        return NullNode.instance;
    }

    private static JsonNode status(Status status) {
        var value = Values.object()
                .put("state", status.state().name().toLowerCase(java.util.Locale.ROOT))
                .put("server", status.server().orElse(null))
                .put("generation", status.generation());
        status.lastError()
                .ifPresent(error -> value.set(
                        "last_error",
                        Values.object().put("kind", error.kind().id()).put("code", error.code())));
        return value;
    }

    private JsonNode ofLock(NacreClient client, String verb, JsonNode args) throws Exception {
        LockRequest lock = Face.only(() -> {
            LockRequest request = LockRequest.of(args.get("key").asText());
            return args.has("lease_ms")
                    ? request.lease(Duration.ofMillis(args.get("lease_ms").asLong()))
                    : request;
        });
        boolean done = verb.equals("acquire")
                ? face.call(() -> client.lock().acquire(lock), () -> client.lock().acquireAsync(lock))
                : face.call(() -> client.lock().release(lock), () -> client.lock().releaseAsync(lock));
        return Values.of(done);
    }

    @Override
    public void close() {
        clients.values().forEach(NacreClient::close);
    }

    /** Makes a client and keeps it under a name. */
    private JsonNode connect(String name, JsonNode options) throws Exception {
        NacreClient client = Face.only(() -> {
            NacreClient.Builder builder = builder(options);
            if (options.path("lazy").asBoolean()) {
                return builder.build();
            }
            return face.call(builder::connect, builder::connectAsync);
        });
        clients.put(name, client);
        return NullNode.instance;
    }

    private NacreClient.Builder builder(JsonNode options) {
        NacreClient.Builder builder = NacreClient.builder();
        builder.server(options.get("server").asText());
        builder.namespace(options.get("namespace").asText());
        text(options, "app_name", builder::appName);
        options.path("app_labels")
                .fields()
                .forEachRemaining(label ->
                        builder.appLabel(label.getKey(), label.getValue().asText()));
        text(options, "directory", path -> builder.directory(Paths.get(path)));
        text(options, "pool", builder::pool);
        if (options.has("login")) {
            JsonNode login = options.get("login");
            builder.login(login.get("username").asText(), login.get("password").asText());
        }
        time(options, "request_timeout_ms", builder::requestTimeout);
        time(options, "keep_alive_ms", pause -> builder.keepAlive(pause).healthCheckTimeout(pause));
        flag(options, "random_start", builder::randomStart);
        JsonNode naming = options.path("naming");
        builder.naming(to -> {
            flag(naming, "push_empty_protection", to::pushEmptyProtection);
            flag(naming, "load_cache_at_start", to::loadCacheAtStart);
            flag(naming, "poll", to::poll);
            time(naming, "failover_refresh_ms", to::failoverRefresh);
            time(naming, "services_refresh_ms", to::servicesRefresh);
        });
        JsonNode config = options.path("config");
        builder.config(to -> {
            flag(config, "snapshots", to::snapshots);
            text(config, "environment_name", to::environmentName);
            time(config, "failover_refresh_ms", to::failoverRefresh);
            time(config, "full_sync_ms", to::fullSync);
            if (config.has("max_content")) {
                to.maxContent(config.get("max_content").asInt());
            }
        });
        return builder;
    }

    private static void text(JsonNode options, String name, Consumer<String> set) {
        if (options.has(name)) {
            set.accept(options.get(name).asText());
        }
    }

    private static void flag(JsonNode options, String name, Consumer<Boolean> set) {
        if (options.has(name)) {
            set.accept(options.get(name).asBoolean());
        }
    }

    private static void time(JsonNode options, String name, Consumer<Duration> set) {
        if (options.has(name)) {
            set.accept(Duration.ofMillis(options.get(name).asLong()));
        }
    }
}
