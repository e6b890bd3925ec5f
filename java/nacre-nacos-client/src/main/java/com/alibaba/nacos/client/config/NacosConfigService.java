package com.alibaba.nacos.client.config;

import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.exception.NacosException;
import io.nacre.nacos.BaseConfigService;
import java.util.Properties;

/** The config service that {@code NacosFactory} loads by this name. */
public class NacosConfigService extends BaseConfigService implements ConfigService {
    /**
     * Connects, or goes on connecting when no server can be reached.
     *
     * @param properties the settings, keys of {@code PropertyKeyConst}
     * @throws NacosException when a setting is invalid
     */
    public NacosConfigService(Properties properties) throws NacosException {
        super(properties);
    }
}
