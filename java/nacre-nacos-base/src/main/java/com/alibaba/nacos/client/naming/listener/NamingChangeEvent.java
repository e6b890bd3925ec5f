package com.alibaba.nacos.client.naming.listener;

import com.alibaba.nacos.api.naming.listener.NamingEvent;
import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.client.naming.event.InstancesDiff;
import java.util.List;

/** A naming event that also tells which instances were added, removed and modified. */
public class NamingChangeEvent extends NamingEvent {
    private final InstancesDiff diff;

    /**
     * An event of a service whose group and clusters are not told.
     *
     * @param serviceName name of the service
     * @param instances the list as it is now
     * @param instancesDiff what changed
     */
    public NamingChangeEvent(String serviceName, List<Instance> instances, InstancesDiff instancesDiff) {
        super(serviceName, instances);
        this.diff = instancesDiff;
    }

    /**
     * An event.
     *
     * @param serviceName name of the service without its group
     * @param groupName group of the service
     * @param clusters clusters of the subscription, comma separated
     * @param instances the list as it is now
     * @param instancesDiff what changed
     */
    public NamingChangeEvent(
            String serviceName,
            String groupName,
            String clusters,
            List<Instance> instances,
            InstancesDiff instancesDiff) {
        super(serviceName, groupName, clusters, instances);
        this.diff = instancesDiff;
    }

    /**
     * Whether there are new instances.
     *
     * @return true when there are
     */
    public boolean isAdded() {
        return diff.isAdded();
    }

    /**
     * Whether instances are gone.
     *
     * @return true when some are
     */
    public boolean isRemoved() {
        return diff.isRemoved();
    }

    /**
     * Whether instances changed their fields.
     *
     * @return true when some did
     */
    public boolean isModified() {
        return diff.isModified();
    }

    /**
     * New instances.
     *
     * @return the instances
     */
    public List<Instance> getAddedInstances() {
        return diff.getAddedInstances();
    }

    /**
     * Instances that are gone.
     *
     * @return the instances
     */
    public List<Instance> getRemovedInstances() {
        return diff.getRemovedInstances();
    }

    /**
     * Instances with the same address and other fields.
     *
     * @return the instances as they are now
     */
    public List<Instance> getModifiedInstances() {
        return diff.getModifiedInstances();
    }
}
