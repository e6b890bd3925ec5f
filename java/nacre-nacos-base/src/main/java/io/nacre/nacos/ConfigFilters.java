package io.nacre.nacos;

import com.alibaba.nacos.api.config.filter.IConfigFilter;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.client.config.filter.impl.ConfigFilterChainManager;
import com.alibaba.nacos.client.config.filter.impl.ConfigRequest;
import com.alibaba.nacos.client.config.filter.impl.ConfigResponse;
import io.nacre.ConfigKey;
import java.util.Properties;

/** Runs the config filters of one service. */
final class ConfigFilters {
    private final ConfigFilterChainManager chain;
    private final String tenant;

    ConfigFilters(Properties properties, String tenant) {
        this.chain = new ConfigFilterChainManager(properties);
        this.tenant = tenant;
    }

    void add(IConfigFilter filter) {
        chain.addFilter(filter);
    }

    /** What is sent for a config that is published. */
    ConfigRequest published(String dataId, String group, String content, String type) throws NacosException {
        ConfigRequest request = new ConfigRequest();
        request.setDataId(dataId);
        request.setTenant(tenant);
        request.setGroup(group);
        request.setContent(content);
        request.setType(type);
        chain.doFilter(request, null);
        return request;
    }

    /** What the caller gets of a config that was read. */
    String received(ConfigKey key, String content, String type, String dataKey) throws NacosException {
        ConfigResponse response = new ConfigResponse();
        response.setDataId(key.dataId());
        response.setTenant(tenant);
        response.setGroup(key.group());
        response.setContent(content);
        response.setConfigType(type);
        response.setEncryptedDataKey(dataKey);
        chain.doFilter(null, response);
        return response.getContent();
    }
}
