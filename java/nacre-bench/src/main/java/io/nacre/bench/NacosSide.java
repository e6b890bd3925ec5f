package io.nacre.bench;

import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.config.listener.Listener;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.listener.NamingEvent;
import com.alibaba.nacos.api.naming.pojo.Instance;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** The original. */
final class NacosSide implements Side {
    private static final String GROUP = "DEFAULT_GROUP";
    private static final long TIMEOUT = 20_000;

    private NamingService naming;
    private ConfigService config;

    @Override
    public void open(String server) throws Exception {
        Properties properties = new Properties();
        properties.setProperty("serverAddr", server);
        naming = NacosFactory.createNamingService(properties);
        config = NacosFactory.createConfigService(properties);
    }

    @Override
    public void publish(String dataId, String content) throws Exception {
        if (!config.publishConfig(dataId, GROUP, content)) {
            throw new IllegalStateException("not published");
        }
    }

    @Override
    public String get(String dataId) throws Exception {
        return config.getConfig(dataId, GROUP, TIMEOUT);
    }

    @Override
    public void register(String service, int instances) throws Exception {
        List<Instance> batch = new ArrayList<>();
        for (int i = 0; i < instances; i++) {
            Instance instance = new Instance();
            instance.setIp("10.0." + i / 250 + "." + (i % 250 + 1));
            instance.setPort(8080);
            batch.add(instance);
        }
        naming.batchRegisterInstance(service, GROUP, batch);
    }

    @Override
    public int query(String service) throws Exception {
        return naming.getAllInstances(service, false).size();
    }

    @Override
    public void subscribe(String service, Consumer<Integer> listener) throws Exception {
        naming.subscribe(service, event -> listener.accept(
                ((NamingEvent) event).getInstances().size()));
    }

    @Override
    public String selectOne(String service) throws Exception {
        return naming.selectOneHealthyInstance(service).getIp();
    }

    @Override
    public void listen(String dataId, Consumer<String> listener) throws Exception {
        config.addListener(dataId, GROUP, new Listener() {
            @Override
            public Executor getExecutor() {
                return null;
            }

            @Override
            public void receiveConfigInfo(String content) {
                listener.accept(content);
            }
        });
    }

    @Override
    public CompletableFuture<?> getAsync(String dataId) {
        return null;
    }

    @Override
    public CompletableFuture<?> queryAsync(String service) {
        return null;
    }

    @Override
    public void close() throws Exception {
        naming.shutDown();
        config.shutDown();
    }
}
