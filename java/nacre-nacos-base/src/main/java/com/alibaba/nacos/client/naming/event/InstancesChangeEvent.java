package com.alibaba.nacos.client.naming.event;

import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.common.notify.Event;
import java.util.List;

/** Published through the notify centre when the list of a subscribed service changed. */
public class InstancesChangeEvent extends Event {
    private static final long serialVersionUID = -8823087028212249603L;

    /** Who may see it. */
    private final String eventScope;
    /** Name of the service. */
    private final String serviceName;
    /** Group of the service. */
    private final String groupName;
    /** Names of clusters, joined by commas. */
    private final String clusters;
    private final transient List<Instance> hosts;
    private final transient InstancesDiff diff;

    /**
     * An event that does not tell what changed.
     *
     * @param eventScope names the naming service that publishes it
     * @param serviceName name of the service without its group
     * @param groupName group of the service
     * @param clusters clusters of the subscription, comma separated
     * @param hosts the list as it is now
     */
    public InstancesChangeEvent(
            String eventScope, String serviceName, String groupName, String clusters, List<Instance> hosts) {
        this(eventScope, serviceName, groupName, clusters, hosts, new InstancesDiff());
    }

    /**
     * An event.
     *
     * @param eventScope names the naming service that publishes it
     * @param serviceName name of the service without its group
     * @param groupName group of the service
     * @param clusters clusters of the subscription, comma separated
     * @param hosts the list as it is now
     * @param diff what changed
     */
    public InstancesChangeEvent(
            String eventScope,
            String serviceName,
            String groupName,
            String clusters,
            List<Instance> hosts,
            InstancesDiff diff) {
        this.eventScope = eventScope;
        this.serviceName = serviceName;
        this.groupName = groupName;
        this.clusters = clusters;
        this.hosts = hosts;
        this.diff = diff;
    }

    /**
     * Name of the service without its group.
     *
     * @return the name
     */
    public String getServiceName() {
        return serviceName;
    }

    /**
     * Group of the service.
     *
     * @return the group
     */
    public String getGroupName() {
        return groupName;
    }

    /**
     * Clusters of the subscription.
     *
     * @return names, comma separated
     */
    public String getClusters() {
        return clusters;
    }

    /**
     * The list as it is now.
     *
     * @return the instances
     */
    public List<Instance> getHosts() {
        return hosts;
    }

    /**
     * What changed.
     *
     * @return the difference to the list before
     */
    public InstancesDiff getInstancesDiff() {
        return diff;
    }

    @Override
    public String scope() {
        return eventScope;
    }
}
