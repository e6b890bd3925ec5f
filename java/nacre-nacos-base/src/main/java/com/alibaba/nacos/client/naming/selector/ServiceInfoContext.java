package com.alibaba.nacos.client.naming.selector;

import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.naming.pojo.ServiceInfo;
import com.alibaba.nacos.api.naming.selector.NamingContext;
import java.util.List;

/** What a selector is told: a service with all its instances. */
public class ServiceInfoContext implements NamingContext {
    private final ServiceInfo serviceInfo;

    /**
     * A context.
     *
     * @param serviceInfo the service
     */
    public ServiceInfoContext(ServiceInfo serviceInfo) {
        this.serviceInfo = serviceInfo;
    }

    @Override
    public String getServiceName() {
        return serviceInfo.getName();
    }

    @Override
    public String getGroupName() {
        return serviceInfo.getGroupName();
    }

    @Override
    public String getClusters() {
        return serviceInfo.getClusters();
    }

    @Override
    public List<Instance> getInstances() {
        return serviceInfo.getHosts();
    }
}
