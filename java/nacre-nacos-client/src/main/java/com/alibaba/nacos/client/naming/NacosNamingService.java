package com.alibaba.nacos.client.naming;

import com.alibaba.nacos.api.PropertyKeyConst;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.NamingService;
import io.nacre.nacos.BaseNamingService;
import java.util.Properties;

/** The naming service that {@code NacosFactory} loads by this name. */
public class NacosNamingService extends BaseNamingService implements NamingService {
    /**
     * Connects, or goes on connecting when no server can be reached.
     *
     * @param serverList addresses of servers, comma separated
     * @throws NacosException when a setting is invalid
     */
    public NacosNamingService(String serverList) throws NacosException {
        this(properties(serverList));
    }

    /**
     * Connects, or goes on connecting when no server can be reached.
     *
     * @param properties the settings, keys of {@code PropertyKeyConst}
     * @throws NacosException when a setting is invalid
     */
    public NacosNamingService(Properties properties) throws NacosException {
        super(properties);
    }

    private static Properties properties(String serverList) {
        Properties properties = new Properties();
        properties.setProperty(PropertyKeyConst.SERVER_ADDR, serverList);
        return properties;
    }
}
