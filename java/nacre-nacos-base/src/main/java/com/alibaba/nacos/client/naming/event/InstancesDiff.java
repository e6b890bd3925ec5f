package com.alibaba.nacos.client.naming.event;

import com.alibaba.nacos.api.naming.pojo.Instance;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** What changed between two lists of instances. */
public class InstancesDiff {
    private final List<Instance> added = new ArrayList<>();
    private final List<Instance> removed = new ArrayList<>();
    private final List<Instance> modified = new ArrayList<>();

    /** Nothing changed. */
    public InstancesDiff() {}

    /**
     * A change.
     *
     * @param addedInstances new instances, null for none
     * @param removedInstances instances that are gone, null for none
     * @param modifiedInstances instances with the same address and other fields, null for none
     */
    public InstancesDiff(
            List<Instance> addedInstances, List<Instance> removedInstances, List<Instance> modifiedInstances) {
        replace(added, addedInstances);
        replace(removed, removedInstances);
        replace(modified, modifiedInstances);
    }

    private static void replace(List<Instance> list, Collection<Instance> by) {
        list.clear();
        if (by != null) {
            list.addAll(by);
        }
    }

    /**
     * New instances.
     *
     * @return the list itself
     */
    public List<Instance> getAddedInstances() {
        return added;
    }

    /**
     * Sets the new instances.
     *
     * @param addedInstances the instances, null for none
     */
    public void setAddedInstances(Collection<Instance> addedInstances) {
        replace(added, addedInstances);
    }

    /**
     * Instances that are gone.
     *
     * @return the list itself
     */
    public List<Instance> getRemovedInstances() {
        return removed;
    }

    /**
     * Sets the instances that are gone.
     *
     * @param removedInstances the instances, null for none
     */
    public void setRemovedInstances(Collection<Instance> removedInstances) {
        replace(removed, removedInstances);
    }

    /**
     * Instances with the same address and other fields.
     *
     * @return the list itself
     */
    public List<Instance> getModifiedInstances() {
        return modified;
    }

    /**
     * Sets the instances with the same address and other fields.
     *
     * @param modifiedInstances the instances, null for none
     */
    public void setModifiedInstances(Collection<Instance> modifiedInstances) {
        replace(modified, modifiedInstances);
    }

    /**
     * Whether anything changed.
     *
     * @return true when one of the lists has an element
     */
    public boolean hasDifferent() {
        return isAdded() || isRemoved() || isModified();
    }

    /**
     * Whether there are new instances.
     *
     * @return true when there are
     */
    public boolean isAdded() {
        return !added.isEmpty();
    }

    /**
     * Whether instances are gone.
     *
     * @return true when some are
     */
    public boolean isRemoved() {
        return !removed.isEmpty();
    }

    /**
     * Whether instances changed their fields.
     *
     * @return true when some did
     */
    public boolean isModified() {
        return !modified.isEmpty();
    }
}
