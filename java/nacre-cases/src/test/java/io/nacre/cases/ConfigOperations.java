package io.nacre.cases;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import io.nacre.ConfigClient;
import io.nacre.ConfigKey;
import io.nacre.ConfigListener;
import io.nacre.ConfigPatternListener;
import io.nacre.ConfigReading;
import io.nacre.Gray;
import io.nacre.NacreClient;
import io.nacre.Publish;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/** The configuration centre. */
final class ConfigOperations {
    private final ConfigClient config;
    private final Face face;

    ConfigOperations(NacreClient client, Face face) {
        this.config = client.config();
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
        String dataId = args.path("data_id").asText();
        if (verb.equals("watch_fuzzy")) {
            return watchPattern(group, dataId, recorder);
        }
        ConfigKey key = Face.only(() -> ConfigKey.of(group, dataId));
        ConfigListener listener = event ->
                recorder.tell(Values.object().set("value", Values.config(event.value().orElse(null))));
        switch (verb) {
            case "get":
                return Values.config(
                        face.call(() -> config.get(key), () -> config.getAsync(key)).orElse(null));
            case "get_and_listen":
                ConfigReading reading = face.call(
                        () -> config.getAndListen(key, null, listener),
                        () -> config.getAndListenAsync(key, null, listener));
                recorder.opened(reading.subscription());
                return Values.config(reading.value().orElse(null));
            case "watch":
                recorder.opened(Face.only(() -> config.watch(key, listener)));
                return NullNode.instance;
            case "listen":
                String baseline = args.path("baseline").asText();
                recorder.opened(Face.only(() -> config.listen(key, baseline, null, listener)));
                return NullNode.instance;
            case "publish":
                return act(() -> config.publish(key, publish(args)), () -> config.publishAsync(key, publish(args)));
            case "publish_cas":
                String md5 = args.get("md5").asText();
                return act(
                        () -> config.publishCas(key, publish(args), md5),
                        () -> config.publishCasAsync(key, publish(args), md5));
            case "publish_gray":
                return act(
                        () -> config.publishGray(key, publish(args), gray(args)),
                        () -> config.publishGrayAsync(key, publish(args), gray(args)));
            case "remove":
                return act(() -> config.remove(key), () -> config.removeAsync(key));
            case "remove_gray":
                return act(() -> config.removeGray(key, gray(args)), () -> config.removeGrayAsync(key, gray(args)));
            default:
                throw new IllegalStateException("no operation config." + verb);
        }
    }

    private JsonNode watchPattern(String group, String dataId, Recorder recorder) throws Exception {
        ConfigPatternListener listener = change -> {
            var event = Values.object();
            event.set("added", Values.configs(change.added()));
            event.set("removed", Values.configs(change.removed()));
            recorder.tell(event);
        };
        recorder.opened(face.call(
                () -> config.watchPattern(group, dataId, null, listener),
                () -> config.watchPatternAsync(group, dataId, null, listener)));
        return NullNode.instance;
    }

    private static Publish publish(JsonNode args) {
        Publish publish = Publish.of(args.get("content").asText());
        return args.has("type") ? publish.type(args.get("type").asText()) : publish;
    }

    private static Gray gray(JsonNode args) {
        if (args.has("tag")) {
            return Gray.tag(args.get("tag").asText());
        }
        List<String> ips = new ArrayList<>();
        args.path("beta_ips").forEach(ip -> ips.add(ip.asText()));
        return Gray.beta(ips);
    }
}
