package io.nacre.nacos;

import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.PropertyKeyConst;
import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.pojo.Instance;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;

/** Makes services with files of their own, as an application does, and shuts them down at the end. */
final class Services implements AutoCloseable {
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    interface Closing {
        void close() throws NacosException;
    }

    final Scope scope = Harness.shared().scope();
    private final List<Closing> open = new ArrayList<>();

    /** A name that no other test uses. */
    static String unique(String name) {
        return name + "-" + ProcessHandle.current().pid() + "-" + NUMBERS.incrementAndGet();
    }

    static Instance instance(String ip, int port) {
        Instance instance = new Instance();
        instance.setIp(ip);
        instance.setPort(port);
        return instance;
    }

    TestServer server() {
        return scope.server(unique("server"), true);
    }

    TestServer absentServer() {
        return scope.server(unique("server"), false);
    }

    Path folder() {
        return scope.directory().resolve(unique("files"));
    }

    Properties properties(String address) {
        Properties properties = new Properties();
        properties.setProperty(PropertyKeyConst.SERVER_ADDR, address);
        properties.setProperty("JM.SNAPSHOT.PATH", folder().toString());
        return properties;
    }

    NamingService naming(String address) throws NacosException {
        return naming(properties(address));
    }

    synchronized NamingService naming(Properties properties) throws NacosException {
        NamingService naming = NacosFactory.createNamingService(properties);
        open.add(naming::shutDown);
        return naming;
    }

    ConfigService config(String address) throws NacosException {
        return config(properties(address));
    }

    synchronized ConfigService config(Properties properties) throws NacosException {
        ConfigService config = NacosFactory.createConfigService(properties);
        open.add(config::shutDown);
        return config;
    }

    @Override
    public synchronized void close() throws NacosException {
        for (Closing each : open) {
            each.close();
        }
        scope.close();
    }
}
