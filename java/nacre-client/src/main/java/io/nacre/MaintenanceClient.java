package io.nacre;

import io.nacre.internal.Op;
import io.nacre.internal.Reader;
import io.nacre.internal.Writer;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Service and instance maintenance, over HTTP v1. Servers from 3.0 on have given up these paths; they answer
 * {@link ErrorKind#UNSUPPORTED} or {@link ErrorKind#NOT_FOUND}.
 */
public final class MaintenanceClient {
    private final Core.Owner owner;

    MaintenanceClient(Core.Owner owner) {
        this.owner = owner;
    }

    /**
     * Creates an empty service. It is persistent, and stays without instances.
     *
     * @param service the service
     * @param settings its settings
     * @throws NacreException code 400 when it exists
     */
    public void createService(ServiceKey service, ServiceSettings settings) throws NacreException {
        setting(Op.CREATE_SERVICE, service, settings).await();
    }

    /**
     * As {@link #createService(ServiceKey, ServiceSettings)}.
     *
     * @param service the service
     * @param settings its settings
     * @return ends when it is done
     */
    public CompletableFuture<Void> createServiceAsync(ServiceKey service, ServiceSettings settings) {
        return setting(Op.CREATE_SERVICE, service, settings).async();
    }

    /**
     * Replaces the settings of a service.
     *
     * @param service the service
     * @param settings its settings
     * @throws NacreException code 400 when it does not exist
     */
    public void updateService(ServiceKey service, ServiceSettings settings) throws NacreException {
        setting(Op.UPDATE_SERVICE, service, settings).await();
    }

    /**
     * As {@link #updateService(ServiceKey, ServiceSettings)}.
     *
     * @param service the service
     * @param settings its settings
     * @return ends when it is done
     */
    public CompletableFuture<Void> updateServiceAsync(ServiceKey service, ServiceSettings settings) {
        return setting(Op.UPDATE_SERVICE, service, settings).async();
    }

    /**
     * Deletes a service without instances.
     *
     * @param service the service
     * @throws NacreException code 400 when it does not exist or has instances
     */
    public void deleteService(ServiceKey service) throws NacreException {
        deleting(service).await();
    }

    /**
     * As {@link #deleteService(ServiceKey)}.
     *
     * @param service the service
     * @return ends when it is done
     */
    public CompletableFuture<Void> deleteServiceAsync(ServiceKey service) {
        return deleting(service).async();
    }

    /**
     * Reads the settings of a service.
     *
     * @param service the service
     * @return the settings
     * @throws NacreException code 400 when it does not exist
     */
    public ServiceDetail service(ServiceKey service) throws NacreException {
        return reading(service).await();
    }

    /**
     * As {@link #service(ServiceKey)}.
     *
     * @param service the service
     * @return the future of the settings
     */
    public CompletableFuture<ServiceDetail> serviceAsync(ServiceKey service) {
        return reading(service).async();
    }

    /**
     * Sets weight, metadata and whether an instance is enabled, over what the provider said. All three are set, also
     * after the provider registers again.
     *
     * @param service the service
     * @param instance as it is to be; weight 0 to 10,000
     * @throws NacreException code 400 when the service does not exist
     */
    public void updateInstance(ServiceKey service, Instance instance) throws NacreException {
        overriding(service, instance).await();
    }

    /**
     * As {@link #updateInstance(ServiceKey, Instance)}.
     *
     * @param service the service
     * @param instance as it is to be; weight 0 to 10,000
     * @return ends when it is done
     */
    public CompletableFuture<Void> updateInstanceAsync(ServiceKey service, Instance instance) {
        return overriding(service, instance).async();
    }

    /**
     * Changes some values of an instance over what the provider said; the others stay.
     *
     * @param service the service
     * @param instance the instance, told by address and cluster
     * @param patch what is changed
     * @throws NacreException code 404 when the instance does not exist
     */
    public void patchInstance(ServiceKey service, Instance instance, InstancePatch patch) throws NacreException {
        patching(service, instance, patch).await();
    }

    /**
     * As {@link #patchInstance(ServiceKey, Instance, InstancePatch)}.
     *
     * @param service the service
     * @param instance the instance, told by address and cluster
     * @param patch what is changed
     * @return ends when it is done
     */
    public CompletableFuture<Void> patchInstanceAsync(ServiceKey service, Instance instance, InstancePatch patch) {
        return patching(service, instance, patch).async();
    }

    /**
     * Adds entries to the metadata of instances, or replaces those of the same names.
     *
     * @param service the service
     * @param instances the instances; none means all of the service
     * @param metadata the entries
     * @return those that were changed, each as {@code ip:port:unknown:cluster:kind}
     * @throws NacreException code 400 when the service does not exist
     */
    public List<String> addMetadata(ServiceKey service, Collection<Instance> instances, Map<String, String> metadata)
            throws NacreException {
        return addingMetadata(service, instances, metadata).await();
    }

    /**
     * As {@link #addMetadata(ServiceKey, Collection, Map)}.
     *
     * @param service the service
     * @param instances the instances; none means all of the service
     * @param metadata the entries
     * @return the future of those that were changed
     */
    public CompletableFuture<List<String>> addMetadataAsync(
            ServiceKey service, Collection<Instance> instances, Map<String, String> metadata) {
        return addingMetadata(service, instances, metadata).async();
    }

    /**
     * Removes entries from the metadata of instances.
     *
     * @param service the service
     * @param instances the instances; none means all of the service
     * @param names names of the entries
     * @return those that were changed, each as {@code ip:port:unknown:cluster:kind}
     * @throws NacreException code 400 when the service does not exist
     */
    public List<String> removeMetadata(ServiceKey service, Collection<Instance> instances, Collection<String> names)
            throws NacreException {
        return removingMetadata(service, instances, names).await();
    }

    /**
     * As {@link #removeMetadata(ServiceKey, Collection, Collection)}.
     *
     * @param service the service
     * @param instances the instances; none means all of the service
     * @param names names of the entries
     * @return the future of those that were changed
     */
    public CompletableFuture<List<String>> removeMetadataAsync(
            ServiceKey service, Collection<Instance> instances, Collection<String> names) {
        return removingMetadata(service, instances, names).async();
    }

    private Operation<Void> setting(int code, ServiceKey service, ServiceSettings settings) {
        Writer request = Wire.service(Names.present(service, "service"));
        float threshold = Names.present(settings, "settings").protectThreshold;
        if (Float.isNaN(threshold) || Float.isInfinite(threshold)) {
            throw new InvalidParameterException("Param 'protectThreshold' is illegal, it must be a finite number.");
        }
        Wire.settings(request, settings);
        return owner.operation(code, request);
    }

    private Operation<Void> deleting(ServiceKey service) {
        return owner.operation(Op.DELETE_SERVICE, Wire.service(Names.present(service, "service")));
    }

    private Operation<ServiceDetail> reading(ServiceKey service) {
        return owner.operation(Op.SERVICE, Wire.service(Names.present(service, "service")), Wire::readDetail);
    }

    private Operation<Void> overriding(ServiceKey service, Instance instance) {
        Writer request = Wire.service(Names.present(service, "service"));
        Names.present(instance, "instance").check(service);
        checkedWeight(instance.weight);
        Wire.instance(request, instance);
        return owner.operation(Op.UPDATE_INSTANCE, request);
    }

    static double checkedWeight(double weight) {
        if (weight >= 0 && weight <= 10_000) {
            return weight;
        }
        throw new InvalidParameterException("Param 'weight' is illegal, it must be between 0 and 10000.");
    }

    private Operation<Void> patching(ServiceKey service, Instance instance, InstancePatch patch) {
        Writer request = Wire.service(Names.present(service, "service"));
        Names.present(instance, "instance").check(service);
        Wire.instance(request, instance);
        request.optional(Names.present(patch, "patch").weight, Writer::f64)
                .optional(patch.enabled, Writer::bool)
                .optional(patch.metadata, Writer::map);
        return owner.operation(Op.PATCH_INSTANCE, request);
    }

    private static Writer members(ServiceKey service, Collection<Instance> instances) {
        Names.present(instances, "instances").forEach(instance -> Names.present(instance, "instance"));
        return Wire.service(Names.present(service, "service")).list(instances, Wire::instance);
    }

    private Operation<List<String>> addingMetadata(
            ServiceKey service, Collection<Instance> instances, Map<String, String> metadata) {
        Writer request = members(service, instances).map(Names.present(metadata, "metadata"));
        return owner.operation(Op.ADD_METADATA, request, Reader::strings);
    }

    private Operation<List<String>> removingMetadata(
            ServiceKey service, Collection<Instance> instances, Collection<String> names) {
        Writer request = members(service, instances).strings(Names.present(names, "names"));
        return owner.operation(Op.REMOVE_METADATA, request, Reader::strings);
    }
}
