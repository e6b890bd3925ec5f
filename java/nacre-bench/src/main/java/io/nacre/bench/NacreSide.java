package io.nacre.bench;

import io.nacre.ConfigKey;
import io.nacre.Instance;
import io.nacre.NacreClient;
import io.nacre.Query;
import io.nacre.ServiceKey;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** This client. */
final class NacreSide implements Side {
    private NacreClient client;

    @Override
    public void open(String server) throws Exception {
        client = NacreClient.builder()
                .server(server)
                .requestTimeout(Duration.ofSeconds(20))
                // The original keeps snapshots and lists on disk, so this does too.
                .directory(Paths.get(System.getProperty("user.home")))
                .connect();
    }

    @Override
    public void publish(String dataId, String content) throws Exception {
        client.config().publish(ConfigKey.of(dataId), content);
    }

    @Override
    public String get(String dataId) throws Exception {
        return client.config().get(ConfigKey.of(dataId)).orElseThrow().content();
    }

    @Override
    public void register(String service, int instances) throws Exception {
        List<Instance> batch = new ArrayList<>();
        for (int i = 0; i < instances; i++) {
            batch.add(Instance.of("10.0." + i / 250 + "." + (i % 250 + 1), 8080));
        }
        client.naming().registerBatch(ServiceKey.of(service), batch);
    }

    @Override
    public int query(String service) throws Exception {
        return client.naming()
                .instances(Query.of(ServiceKey.of(service)).direct())
                .size();
    }

    @Override
    public void subscribe(String service, Consumer<Integer> listener) throws Exception {
        client.naming()
                .watch(ServiceKey.of(service), change -> listener.accept(change.instances().size()));
    }

    @Override
    public String selectOne(String service) throws Exception {
        return client.naming().selectOne(ServiceKey.of(service)).orElseThrow().ip();
    }

    @Override
    public void listen(String dataId, Consumer<String> listener) throws Exception {
        client.config()
                .watch(ConfigKey.of(dataId), event -> event.value().ifPresent(value -> listener.accept(value.content())));
    }

    @Override
    public CompletableFuture<?> getAsync(String dataId) {
        return client.config().getAsync(ConfigKey.of(dataId));
    }

    @Override
    public CompletableFuture<?> queryAsync(String service) {
        return client.naming()
                .instancesAsync(Query.of(ServiceKey.of(service)).direct());
    }

    @Override
    public void close() {
        client.close();
    }
}
