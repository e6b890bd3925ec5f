import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.PropertyKeyConst;
import com.alibaba.nacos.api.config.ConfigChangeEvent;
import com.alibaba.nacos.api.config.ConfigFactory;
import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.config.ConfigType;
import com.alibaba.nacos.api.config.listener.AbstractListener;
import com.alibaba.nacos.api.config.listener.AbstractSharedListener;
import com.alibaba.nacos.api.naming.NamingFactory;
import com.alibaba.nacos.api.naming.NamingMaintainService;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.listener.AbstractEventListener;
import com.alibaba.nacos.api.naming.listener.Event;
import com.alibaba.nacos.api.naming.listener.NamingEvent;
import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.naming.pojo.ListView;
import com.alibaba.nacos.client.config.listener.impl.AbstractConfigChangeListener;
import com.alibaba.nacos.client.naming.event.InstancesChangeEvent;
import com.alibaba.nacos.common.notify.NotifyCenter;
import com.alibaba.nacos.common.notify.listener.Subscriber;
import com.alibaba.nacos.common.utils.StringUtils;
import java.util.Arrays;
import java.util.Collections;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** What an application does with nacos-client of any 2.x; compiled against an old one, run with the drop-in. */
public class Caller implements Function<Properties, String> {
    private static final String GROUP = "OLD";

    @Override
    public String apply(Properties properties) {
        try {
            String name = properties.getProperty("caller.name");
            configs(properties, name);
            naming(properties, name);
            return "done";
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static void configs(Properties properties, String dataId) throws Exception {
        ConfigService config = ConfigFactory.createConfigService(properties);
        try {
            same("UP", config.getServerStatus());
            BlockingQueue<String> told = new LinkedBlockingQueue<>();
            config.addListener(dataId, GROUP, new AbstractListener() {
                @Override
                public void receiveConfigInfo(String content) {
                    told.add("plain " + content);
                }
            });
            BlockingQueue<String> shared = new LinkedBlockingQueue<>();
            config.addListener(dataId, GROUP, new AbstractSharedListener() {
                @Override
                public void innerReceive(String id, String group, String content) {
                    shared.add(id + " " + group + " " + content);
                }
            });
            BlockingQueue<String> changes = new LinkedBlockingQueue<>();
            config.addListener(dataId, GROUP, new AbstractConfigChangeListener() {
                @Override
                public void receiveConfigChange(ConfigChangeEvent event) {
                    event.getChangeItems().forEach(item -> changes.add(item.getKey() + " " + item.getNewValue()));
                }
            });
            same(true, config.publishConfig(dataId, GROUP, "a=1", ConfigType.PROPERTIES.getType()));
            same("plain a=1", next(told));
            same(dataId + " OLD a=1", next(shared));
            same("a 1", next(changes));
            same("a=1", config.getConfig(dataId, GROUP, 3000));
            same(false, config.publishConfigCas(dataId, GROUP, "a=2", "0123"));
            same(true, config.removeConfig(dataId, GROUP));
        } finally {
            config.shutDown();
        }
    }

    private static void naming(Properties properties, String name) throws Exception {
        NamingService naming = NamingFactory.createNamingService(properties);
        NamingMaintainService maintain = NacosFactory.createMaintainService(properties);
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        BlockingQueue<String> published = new LinkedBlockingQueue<>();
        Subscriber<InstancesChangeEvent> subscriber = new Subscriber<InstancesChangeEvent>() {
            @Override
            public void onEvent(InstancesChangeEvent event) {
                if (name.equals(event.getServiceName()) && !event.getHosts().isEmpty()) {
                    published.add(event.getHosts().get(0).getIp());
                }
            }

            @Override
            public Class<? extends com.alibaba.nacos.common.notify.Event> subscribeType() {
                return InstancesChangeEvent.class;
            }
        };
        NotifyCenter.registerSubscriber(subscriber);
        try {
            AbstractEventListener listener = new AbstractEventListener() {
                @Override
                public Executor getExecutor() {
                    return Runnable::run;
                }

                @Override
                public void onEvent(Event event) {
                    ((NamingEvent) event).getInstances().forEach(one -> events.add(one.toInetAddr()));
                }
            };
            naming.subscribe(name, GROUP, listener);
            Instance instance = new Instance();
            instance.setIp("10.0.0.1");
            instance.setPort(80);
            instance.setMetadata(Collections.singletonMap("k", "v"));
            naming.registerInstance(name, GROUP, instance);
            same("10.0.0.1:80", next(events));
            same("10.0.0.1", next(published));
            Instance one = naming.selectOneHealthyInstance(name, GROUP, Arrays.asList("DEFAULT"), true);
            same("v", one.getMetadata().get("k"));
            same(1, naming.getAllInstances(name, GROUP).size());
            ListView<String> page = naming.getServicesOfServer(1, Integer.MAX_VALUE, GROUP);
            same(true, page.getData().contains(name));
            same(name, maintain.queryService(name, GROUP).getName());
            naming.unsubscribe(name, GROUP, listener);
            naming.deregisterInstance(name, GROUP, "10.0.0.1", 80);
            Instance second = new Instance();
            second.setIp("10.0.0.2");
            second.setPort(80);
            naming.batchRegisterInstance(name + "-batch", GROUP, Arrays.asList(instance, second));
            naming.batchDeregisterInstance(name + "-batch", GROUP, Arrays.asList(second));
            same(true, StringUtils.isNotBlank(properties.getProperty(PropertyKeyConst.SERVER_ADDR)));
        } finally {
            NotifyCenter.deregisterSubscriber(subscriber);
            naming.shutDown();
            maintain.shutDown();
        }
    }

    private static String next(BlockingQueue<String> queue) throws InterruptedException {
        return queue.poll(20, TimeUnit.SECONDS);
    }

    private static void same(Object expected, Object actual) {
        if (!expected.equals(actual)) {
            throw new AssertionError("not " + expected + " but " + actual);
        }
    }
}
