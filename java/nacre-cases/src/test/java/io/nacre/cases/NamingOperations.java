package io.nacre.cases;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.nacre.Balancer;
import io.nacre.Instance;
import io.nacre.MaintenanceClient;
import io.nacre.NacreClient;
import io.nacre.NamingClient;
import io.nacre.Query;
import io.nacre.Selector;
import io.nacre.ServiceChange;
import io.nacre.ServiceDetail;
import io.nacre.ServiceKey;
import io.nacre.ServicePage;
import io.nacre.ServiceSettings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/** The service registry. */
final class NamingOperations {
    private final NamingClient naming;
    private final Face face;

    NamingOperations(NacreClient client, Face face) {
        this.naming = client.naming();
        this.face = face;
    }

    /** A blocking method that gives nothing. */
    private interface Action {
        void run() throws Exception;
    }

    private JsonNode act(Action blocking, Callable<CompletableFuture<Void>> async) throws Exception {
        face.call(
                () -> {
                    blocking.run();
                    return null;
                },
                async);
        return NullNode.instance;
    }

    JsonNode perform(String verb, JsonNode args, Recorder recorder) throws Exception {
        String group = args.path("group").asText();
        switch (verb) {
            case "services":
                int page = args.path("page").asInt(1);
                int size = args.path("size").asInt(1000);
                ServicePage found = face.call(
                        () -> naming.services(group, page, size), () -> naming.servicesAsync(group, page, size));
                return Values.object().put("count", found.count()).set("names", Values.texts(found.names()));
            case "watch_services":
                recorder.opened(Face.only(() -> naming.watchServices(
                        group, null, names -> recorder.tell(Values.object().set("names", Values.texts(names.names()))))));
                return NullNode.instance;
            case "watch_fuzzy":
                return watchPattern(group, args.path("service").asText(), recorder);
            case "subscribed":
                return Values.services(face.call(naming::subscribed, naming::subscribedAsync));
            case "server_status":
                return TextNode.valueOf(face.call(naming::isServerUp, naming::isServerUpAsync) ? "up" : "down");
            default:
                ServiceKey key = Face.only(
                        () -> ServiceKey.of(group, args.path("service").asText()));
                return ofService(verb, key, args, recorder);
        }
    }

    private JsonNode watchPattern(String group, String service, Recorder recorder) throws Exception {
        io.nacre.ServicePatternListener listener = change -> {
            var event = Values.object();
            event.set("added", Values.services(change.added()));
            event.set("removed", Values.services(change.removed()));
            recorder.tell(event);
        };
        recorder.opened(face.call(
                () -> naming.watchPattern(group, service, null, listener),
                () -> naming.watchPatternAsync(group, service, null, listener)));
        return NullNode.instance;
    }

    private JsonNode ofService(String verb, ServiceKey key, JsonNode args, Recorder recorder) throws Exception {
        switch (verb) {
            case "register":
                return act(
                        () -> naming.register(key, instance(args.get("instance"))),
                        () -> naming.registerAsync(key, instance(args.get("instance"))));
            case "register_batch":
                return act(
                        () -> naming.registerBatch(key, instances(args)),
                        () -> naming.registerBatchAsync(key, instances(args)));
            case "deregister":
                return act(
                        () -> naming.deregister(key, instance(args.get("instance"))),
                        () -> naming.deregisterAsync(key, instance(args.get("instance"))));
            case "deregister_batch":
                return act(
                        () -> naming.deregisterBatch(key, instances(args)),
                        () -> naming.deregisterBatchAsync(key, instances(args)));
            case "instances":
                return Values.instances(face.call(
                        () -> naming.instances(query(key, args)), () -> naming.instancesAsync(query(key, args))));
            case "select":
                boolean healthy = args.path("healthy").asBoolean(true);
                return Values.instances(face.call(
                        () -> naming.select(query(key, args), healthy),
                        () -> naming.selectAsync(query(key, args), healthy)));
            case "select_one":
                Balancer balancer = balancer(args);
                String about = args.has("key") ? args.get("key").asText() : null;
                return face.call(
                                () -> naming.selectOne(query(key, args), balancer, about),
                                () -> naming.selectOneAsync(query(key, args), balancer, about))
                        .map(Values::instance)
                        .orElse(NullNode.instance);
            case "watch":
                recorder.opened(Face.only(() -> naming.watch(
                        key, selector(args.path("selector")), null, change -> recorder.tell(change(change)))));
                return NullNode.instance;
            default:
                return maintain(verb, key, args);
        }
    }

    private JsonNode maintain(String verb, ServiceKey key, JsonNode args) throws Exception {
        MaintenanceClient maintenance = naming.maintenance();
        ServiceSettings settings = ServiceSettings.create()
                .protectThreshold((float) args.path("protect_threshold").asDouble())
                .metadata(map(args.path("metadata")));
        switch (verb) {
            case "create_service":
                return act(
                        () -> maintenance.createService(key, settings),
                        () -> maintenance.createServiceAsync(key, settings));
            case "update_service":
                return act(
                        () -> maintenance.updateService(key, settings),
                        () -> maintenance.updateServiceAsync(key, settings));
            case "delete_service":
                return act(() -> maintenance.deleteService(key), () -> maintenance.deleteServiceAsync(key));
            case "update_instance":
                return act(
                        () -> maintenance.updateInstance(key, instance(args.get("instance"))),
                        () -> maintenance.updateInstanceAsync(key, instance(args.get("instance"))));
            case "get_service":
                ServiceDetail detail =
                        face.call(() -> maintenance.service(key), () -> maintenance.serviceAsync(key));
                return Values.object()
                        .put("service", detail.service().name())
                        .put("group", detail.service().group())
                        .put("protect_threshold", detail.protectThreshold())
                        .set("metadata", Values.map(detail.metadata()));
            default:
                throw new IllegalStateException("no operation naming." + verb);
        }
    }

    private static Query query(ServiceKey key, JsonNode args) {
        List<String> clusters = new ArrayList<>();
        args.path("clusters").forEach(cluster -> clusters.add(cluster.asText()));
        Query query = Query.of(key).clusters(clusters);
        return args.path("subscribe").asBoolean(true) ? query : query.direct();
    }

    private static Instance instance(JsonNode args) {
        Instance instance = Instance.of(args.get("ip").asText(), args.get("port").asInt())
                .withWeight(args.path("weight").asDouble(1))
                .withHealthy(args.path("healthy").asBoolean(true))
                .withEnabled(args.path("enabled").asBoolean(true))
                .withEphemeral(args.path("ephemeral").asBoolean(true))
                .withMetadata(map(args.path("metadata")));
        return args.has("cluster") ? instance.withCluster(args.get("cluster").asText()) : instance;
    }

    private static List<Instance> instances(JsonNode args) {
        List<Instance> instances = new ArrayList<>();
        args.get("instances").forEach(one -> instances.add(instance(one)));
        return instances;
    }

    private static Map<String, String> map(JsonNode object) {
        Map<String, String> map = new LinkedHashMap<>();
        object.fields().forEachRemaining(entry ->
                map.put(entry.getKey(), entry.getValue().asText()));
        return map;
    }

    private static Selector selector(JsonNode args) {
        List<String> clusters = new ArrayList<>();
        args.path("clusters").forEach(cluster -> clusters.add(cluster.asText()));
        Selector selector = Selector.all().clusters(clusters);
        if (args.has("healthy")) {
            selector = selector.healthy(args.get("healthy").asBoolean());
        }
        for (Map.Entry<String, String> entry : map(args.path("metadata")).entrySet()) {
            selector = selector.metadata(entry.getKey(), entry.getValue());
        }
        return selector;
    }

    private static Balancer balancer(JsonNode args) {
        String kind = args.path("balancer").asText("weighted_random");
        return switch (kind) {
            case "weighted_random" -> Balancer.weightedRandom();
            case "random" -> Balancer.random();
            case "round_robin" -> Balancer.roundRobin();
            case "least_recently_used" -> Balancer.leastRecentlyUsed();
            case "least_frequently_used" -> Balancer.leastFrequentlyUsed();
            case "consistent_hash" -> Balancer.consistentHash();
            case "same_cluster" -> Balancer.sameCluster(args.get("cluster").asText());
            default -> throw new IllegalStateException("no balancer " + kind);
        };
    }

    private static JsonNode change(ServiceChange change) {
        var event = Values.object()
                .put("service", change.service().name())
                .put("group", change.service().group());
        event.set("instances", Values.instances(change.instances()));
        event.set("added", Values.instances(change.added()));
        event.set("removed", Values.instances(change.removed()));
        event.set("modified", Values.instances(change.modified()));
        return event;
    }
}
