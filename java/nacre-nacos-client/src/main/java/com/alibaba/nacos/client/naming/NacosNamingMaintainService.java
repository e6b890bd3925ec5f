package com.alibaba.nacos.client.naming;

import com.alibaba.nacos.api.PropertyKeyConst;
import com.alibaba.nacos.api.common.Constants;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.NamingMaintainService;
import com.alibaba.nacos.api.naming.pojo.Service;
import com.alibaba.nacos.api.selector.AbstractSelector;
import io.nacre.ServiceDetail;
import io.nacre.nacos.BaseMaintainService;
import java.util.HashMap;
import java.util.Properties;

/** The maintenance service that {@code NacosFactory} loads by this name. */
public class NacosNamingMaintainService extends BaseMaintainService implements NamingMaintainService {
    /**
     * Makes a service; requests find the server.
     *
     * @param serverList addresses of servers, comma separated
     * @throws NacosException when a setting is invalid
     */
    public NacosNamingMaintainService(String serverList) throws NacosException {
        this(properties(serverList));
    }

    /**
     * Makes a service; requests find the server.
     *
     * @param properties the settings, keys of {@code PropertyKeyConst}
     * @throws NacosException when a setting is invalid
     */
    public NacosNamingMaintainService(Properties properties) throws NacosException {
        super(properties);
    }

    private static Properties properties(String serverList) {
        Properties properties = new Properties();
        properties.setProperty(PropertyKeyConst.SERVER_ADDR, serverList);
        return properties;
    }

    @Override
    public Service queryService(String serviceName) throws NacosException {
        return queryService(serviceName, Constants.DEFAULT_GROUP);
    }

    @Override
    public Service queryService(String serviceName, String groupName) throws NacosException {
        ServiceDetail detail = detail(serviceName, groupName);
        Service service = new Service(detail.service().name());
        service.setGroupName(detail.service().group());
        service.setProtectThreshold(detail.protectThreshold());
        service.setMetadata(new HashMap<>(detail.metadata()));
        return service;
    }

    @Override
    public void createService(Service service, AbstractSelector selector) throws NacosException {
        create(
                service.getName(),
                service.getGroupName(),
                service.getProtectThreshold(),
                service.getMetadata(),
                selector);
    }

    @Override
    public void updateService(Service service, AbstractSelector selector) throws NacosException {
        update(
                service.getName(),
                service.getGroupName(),
                service.getProtectThreshold(),
                service.getMetadata(),
                selector);
    }
}
