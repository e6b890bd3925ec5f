package io.nacre.nacos;

import com.alibaba.nacos.api.common.Constants;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.listener.EventListener;
import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.naming.pojo.ListView;
import com.alibaba.nacos.api.naming.pojo.ServiceInfo;
import com.alibaba.nacos.api.naming.selector.NamingSelector;
import com.alibaba.nacos.api.naming.utils.NamingUtils;
import com.alibaba.nacos.api.selector.AbstractSelector;
import com.alibaba.nacos.client.naming.selector.NamingSelectorFactory;
import io.nacre.NacreClient;
import io.nacre.NacreException;
import io.nacre.ServiceKey;
import io.nacre.ServicePage;
import java.util.Collections;
import java.util.List;
import java.util.Properties;

/**
 * The naming service without the methods that differ between the lines of nacos-api. Short overloads fill in: the
 * group {@code DEFAULT_GROUP}, no clusters, {@code subscribe} true, the cluster {@code DEFAULT}.
 */
public abstract class BaseNamingService {
    private static final String GROUP = Constants.DEFAULT_GROUP;

    private final NacreClient client;
    private final Registry registry;

    /**
     * Connects, or goes on connecting when no server can be reached.
     *
     * @param properties the settings, keys of {@code PropertyKeyConst}
     * @throws NacosException when a setting is invalid
     */
    protected BaseNamingService(Properties properties) throws NacosException {
        Properties copy = Settings.copy(properties);
        client = Engine.connect(ClientSettings.ofProcess(ClientSettings.Kind.NAMING, copy), copy);
        registry = new Registry(client);
    }

    /**
     * The engine's client, for methods that only one line has.
     *
     * @return the client
     */
    protected final NacreClient client() {
        return client;
    }

    /**
     * Registers an ephemeral instance in place of what this object registered for the service.
     *
     * @param serviceName name of the service
     * @param ip IP address or host name
     * @param port port
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void registerInstance(String serviceName, String ip, int port) throws NacosException {
        registerInstance(serviceName, GROUP, instance(ip, port, Constants.DEFAULT_CLUSTER_NAME));
    }

    /**
     * Registers an ephemeral instance in place of what this object registered for the service.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param ip IP address or host name
     * @param port port
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void registerInstance(String serviceName, String groupName, String ip, int port) throws NacosException {
        registerInstance(serviceName, groupName, instance(ip, port, Constants.DEFAULT_CLUSTER_NAME));
    }

    /**
     * Registers an ephemeral instance in place of what this object registered for the service.
     *
     * @param serviceName name of the service
     * @param ip IP address or host name
     * @param port port
     * @param clusterName cluster of the instance
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void registerInstance(String serviceName, String ip, int port, String clusterName) throws NacosException {
        registerInstance(serviceName, GROUP, instance(ip, port, clusterName));
    }

    /**
     * Registers an ephemeral instance in place of what this object registered for the service.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param ip IP address or host name
     * @param port port
     * @param clusterName cluster of the instance
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void registerInstance(String serviceName, String groupName, String ip, int port, String clusterName)
            throws NacosException {
        registerInstance(serviceName, groupName, instance(ip, port, clusterName));
    }

    /**
     * Registers an instance: an ephemeral one in place of what this object registered for the service.
     *
     * @param serviceName name of the service
     * @param instance the instance
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void registerInstance(String serviceName, Instance instance) throws NacosException {
        registerInstance(serviceName, GROUP, instance);
    }

    /**
     * Registers an instance: an ephemeral one in place of what this object registered for the service.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param instance the instance
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void registerInstance(String serviceName, String groupName, Instance instance) throws NacosException {
        checked(() -> {
            NamingUtils.checkInstanceIsLegal(instance);
            stripGroup(instance, groupName);
            registry.naming().register(key(serviceName, groupName), Convert.toNacre(instance));
        });
    }

    /**
     * Deregisters what this object registered for the service.
     *
     * @param serviceName name of the service
     * @param ip IP address or host name
     * @param port port
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void deregisterInstance(String serviceName, String ip, int port) throws NacosException {
        deregisterInstance(serviceName, GROUP, instance(ip, port, Constants.DEFAULT_CLUSTER_NAME));
    }

    /**
     * Deregisters what this object registered for the service.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param ip IP address or host name
     * @param port port
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void deregisterInstance(String serviceName, String groupName, String ip, int port) throws NacosException {
        deregisterInstance(serviceName, groupName, instance(ip, port, Constants.DEFAULT_CLUSTER_NAME));
    }

    /**
     * Deregisters what this object registered for the service.
     *
     * @param serviceName name of the service
     * @param ip IP address or host name
     * @param port port
     * @param clusterName cluster of the instance
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void deregisterInstance(String serviceName, String ip, int port, String clusterName) throws NacosException {
        deregisterInstance(serviceName, GROUP, instance(ip, port, clusterName));
    }

    /**
     * Deregisters what this object registered for the service.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param ip IP address or host name
     * @param port port
     * @param clusterName cluster of the instance
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void deregisterInstance(String serviceName, String groupName, String ip, int port, String clusterName)
            throws NacosException {
        deregisterInstance(serviceName, groupName, instance(ip, port, clusterName));
    }

    /**
     * Deregisters an instance: of ephemeral ones whatever this object registered for the service.
     *
     * @param serviceName name of the service
     * @param instance the instance
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void deregisterInstance(String serviceName, Instance instance) throws NacosException {
        deregisterInstance(serviceName, GROUP, instance);
    }

    /**
     * Deregisters an instance: of ephemeral ones whatever this object registered for the service.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param instance the instance
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void deregisterInstance(String serviceName, String groupName, Instance instance) throws NacosException {
        checked(() -> {
            required(instance);
            stripGroup(instance, groupName);
            registry.naming().deregister(key(serviceName, groupName), Convert.toNacre(instance));
        });
    }

    /**
     * Registers ephemeral instances in place of what this object registered for the service.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param instances the instances
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void batchRegisterInstance(String serviceName, String groupName, List<Instance> instances)
            throws NacosException {
        checked(() -> {
            NamingUtils.batchCheckInstanceIsLegal(instances);
            for (Instance instance : instances) {
                stripGroup(instance, groupName);
            }
            registry.naming().registerBatch(key(serviceName, groupName), Convert.allToNacre(instances));
        });
    }

    /**
     * Takes instances out of the batch that this object registered for the service.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param instances the instances
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void batchDeregisterInstance(String serviceName, String groupName, List<Instance> instances)
            throws NacosException {
        checked(() -> {
            if (instances == null || instances.isEmpty()) {
                throw new NacosException(NacosException.INVALID_PARAM, "there are no instances to deregister");
            }
            for (Instance instance : instances) {
                required(instance);
                stripGroup(instance, groupName);
            }
            registry.naming().deregisterBatch(key(serviceName, groupName), Convert.allToNacre(instances));
        });
    }

    /**
     * All instances of a service, whatever their state.
     *
     * @param serviceName name of the service
     * @return the instances, a list of the caller's own; empty when there are none
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public List<Instance> getAllInstances(String serviceName) throws NacosException {
        return getAllInstances(serviceName, GROUP, Collections.emptyList(), true);
    }

    /**
     * All instances of a service, whatever their state.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @return the instances, a list of the caller's own; empty when there are none
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public List<Instance> getAllInstances(String serviceName, String groupName) throws NacosException {
        return getAllInstances(serviceName, groupName, Collections.emptyList(), true);
    }

    /**
     * All instances of a service, whatever their state.
     *
     * @param serviceName name of the service
     * @param subscribe whether the list is kept and updated in memory
     * @return the instances, a list of the caller's own; empty when there are none
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public List<Instance> getAllInstances(String serviceName, boolean subscribe) throws NacosException {
        return getAllInstances(serviceName, GROUP, Collections.emptyList(), subscribe);
    }

    /**
     * All instances of a service, whatever their state.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param subscribe whether the list is kept and updated in memory
     * @return the instances, a list of the caller's own; empty when there are none
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public List<Instance> getAllInstances(String serviceName, String groupName, boolean subscribe)
            throws NacosException {
        return getAllInstances(serviceName, groupName, Collections.emptyList(), subscribe);
    }

    /**
     * All instances of a service, whatever their state.
     *
     * @param serviceName name of the service
     * @param clusters names of clusters, none for all
     * @return the instances, a list of the caller's own; empty when there are none
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public List<Instance> getAllInstances(String serviceName, List<String> clusters) throws NacosException {
        return getAllInstances(serviceName, GROUP, clusters, true);
    }

    /**
     * All instances of a service, whatever their state.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param clusters names of clusters, none for all
     * @return the instances, a list of the caller's own; empty when there are none
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public List<Instance> getAllInstances(String serviceName, String groupName, List<String> clusters)
            throws NacosException {
        return getAllInstances(serviceName, groupName, clusters, true);
    }

    /**
     * All instances of a service, whatever their state.
     *
     * @param serviceName name of the service
     * @param clusters names of clusters, none for all
     * @param subscribe whether the list is kept and updated in memory
     * @return the instances, a list of the caller's own; empty when there are none
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public List<Instance> getAllInstances(String serviceName, List<String> clusters, boolean subscribe)
            throws NacosException {
        return getAllInstances(serviceName, GROUP, clusters, subscribe);
    }

    /**
     * All instances of a service, whatever their state.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param clusters names of clusters, none for all
     * @param subscribe whether the list is kept and updated in memory
     * @return the instances, a list of the caller's own; empty when there are none
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public List<Instance> getAllInstances(
            String serviceName, String groupName, List<String> clusters, boolean subscribe) throws NacosException {
        return registry.instances(queried(serviceName, groupName, subscribe), clusters, subscribe);
    }

    /**
     * The enabled instances of a service with a positive weight that are healthy, or are not.
     *
     * @param serviceName name of the service
     * @param healthy whether healthy or unhealthy instances are wanted
     * @return the instances, a list of the caller's own; empty when there are none
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public List<Instance> selectInstances(String serviceName, boolean healthy) throws NacosException {
        return selectInstances(serviceName, GROUP, Collections.emptyList(), healthy, true);
    }

    /**
     * The enabled instances of a service with a positive weight that are healthy, or are not.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param healthy whether healthy or unhealthy instances are wanted
     * @return the instances, a list of the caller's own; empty when there are none
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public List<Instance> selectInstances(String serviceName, String groupName, boolean healthy) throws NacosException {
        return selectInstances(serviceName, groupName, Collections.emptyList(), healthy, true);
    }

    /**
     * The enabled instances of a service with a positive weight that are healthy, or are not.
     *
     * @param serviceName name of the service
     * @param healthy whether healthy or unhealthy instances are wanted
     * @param subscribe whether the list is kept and updated in memory
     * @return the instances, a list of the caller's own; empty when there are none
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public List<Instance> selectInstances(String serviceName, boolean healthy, boolean subscribe)
            throws NacosException {
        return selectInstances(serviceName, GROUP, Collections.emptyList(), healthy, subscribe);
    }

    /**
     * The enabled instances of a service with a positive weight that are healthy, or are not.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param healthy whether healthy or unhealthy instances are wanted
     * @param subscribe whether the list is kept and updated in memory
     * @return the instances, a list of the caller's own; empty when there are none
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public List<Instance> selectInstances(String serviceName, String groupName, boolean healthy, boolean subscribe)
            throws NacosException {
        return selectInstances(serviceName, groupName, Collections.emptyList(), healthy, subscribe);
    }

    /**
     * The enabled instances of a service with a positive weight that are healthy, or are not.
     *
     * @param serviceName name of the service
     * @param clusters names of clusters, none for all
     * @param healthy whether healthy or unhealthy instances are wanted
     * @return the instances, a list of the caller's own; empty when there are none
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public List<Instance> selectInstances(String serviceName, List<String> clusters, boolean healthy)
            throws NacosException {
        return selectInstances(serviceName, GROUP, clusters, healthy, true);
    }

    /**
     * The enabled instances of a service with a positive weight that are healthy, or are not.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param clusters names of clusters, none for all
     * @param healthy whether healthy or unhealthy instances are wanted
     * @return the instances, a list of the caller's own; empty when there are none
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public List<Instance> selectInstances(String serviceName, String groupName, List<String> clusters, boolean healthy)
            throws NacosException {
        return selectInstances(serviceName, groupName, clusters, healthy, true);
    }

    /**
     * The enabled instances of a service with a positive weight that are healthy, or are not.
     *
     * @param serviceName name of the service
     * @param clusters names of clusters, none for all
     * @param healthy whether healthy or unhealthy instances are wanted
     * @param subscribe whether the list is kept and updated in memory
     * @return the instances, a list of the caller's own; empty when there are none
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public List<Instance> selectInstances(String serviceName, List<String> clusters, boolean healthy, boolean subscribe)
            throws NacosException {
        return selectInstances(serviceName, GROUP, clusters, healthy, subscribe);
    }

    /**
     * The enabled instances of a service with a positive weight that are healthy, or are not.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param clusters names of clusters, none for all
     * @param healthy whether healthy or unhealthy instances are wanted
     * @param subscribe whether the list is kept and updated in memory
     * @return the instances, a list of the caller's own; empty when there are none
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public List<Instance> selectInstances(
            String serviceName, String groupName, List<String> clusters, boolean healthy, boolean subscribe)
            throws NacosException {
        return registry.select(queried(serviceName, groupName, subscribe), clusters, healthy, subscribe);
    }

    /**
     * One healthy instance of a service, by weighted random choice; {@link IllegalStateException} when there is none.
     *
     * @param serviceName name of the service
     * @return the instance
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public Instance selectOneHealthyInstance(String serviceName) throws NacosException {
        return selectOneHealthyInstance(serviceName, GROUP, Collections.emptyList(), true);
    }

    /**
     * One healthy instance of a service, by weighted random choice; {@link IllegalStateException} when there is none.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @return the instance
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public Instance selectOneHealthyInstance(String serviceName, String groupName) throws NacosException {
        return selectOneHealthyInstance(serviceName, groupName, Collections.emptyList(), true);
    }

    /**
     * One healthy instance of a service, by weighted random choice; {@link IllegalStateException} when there is none.
     *
     * @param serviceName name of the service
     * @param subscribe whether the list is kept and updated in memory
     * @return the instance
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public Instance selectOneHealthyInstance(String serviceName, boolean subscribe) throws NacosException {
        return selectOneHealthyInstance(serviceName, GROUP, Collections.emptyList(), subscribe);
    }

    /**
     * One healthy instance of a service, by weighted random choice; {@link IllegalStateException} when there is none.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param subscribe whether the list is kept and updated in memory
     * @return the instance
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public Instance selectOneHealthyInstance(String serviceName, String groupName, boolean subscribe)
            throws NacosException {
        return selectOneHealthyInstance(serviceName, groupName, Collections.emptyList(), subscribe);
    }

    /**
     * One healthy instance of a service, by weighted random choice; {@link IllegalStateException} when there is none.
     *
     * @param serviceName name of the service
     * @param clusters names of clusters, none for all
     * @return the instance
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public Instance selectOneHealthyInstance(String serviceName, List<String> clusters) throws NacosException {
        return selectOneHealthyInstance(serviceName, GROUP, clusters, true);
    }

    /**
     * One healthy instance of a service, by weighted random choice; {@link IllegalStateException} when there is none.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param clusters names of clusters, none for all
     * @return the instance
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public Instance selectOneHealthyInstance(String serviceName, String groupName, List<String> clusters)
            throws NacosException {
        return selectOneHealthyInstance(serviceName, groupName, clusters, true);
    }

    /**
     * One healthy instance of a service, by weighted random choice; {@link IllegalStateException} when there is none.
     *
     * @param serviceName name of the service
     * @param clusters names of clusters, none for all
     * @param subscribe whether the list is kept and updated in memory
     * @return the instance
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public Instance selectOneHealthyInstance(String serviceName, List<String> clusters, boolean subscribe)
            throws NacosException {
        return selectOneHealthyInstance(serviceName, GROUP, clusters, subscribe);
    }

    /**
     * One healthy instance of a service, by weighted random choice; {@link IllegalStateException} when there is none.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param clusters names of clusters, none for all
     * @param subscribe whether the list is kept and updated in memory
     * @return the instance
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public Instance selectOneHealthyInstance(
            String serviceName, String groupName, List<String> clusters, boolean subscribe) throws NacosException {
        return registry.selectOne(queried(serviceName, groupName, subscribe), clusters, subscribe);
    }

    /**
     * Tells a listener about changes of a service; first the list as it is, unless it is empty.
     *
     * @param serviceName name of the service
     * @param listener the listener
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void subscribe(String serviceName, EventListener listener) throws NacosException {
        subscribe(serviceName, GROUP, Collections.emptyList(), listener);
    }

    /**
     * Tells a listener about changes of a service; first the list as it is, unless it is empty.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param listener the listener
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void subscribe(String serviceName, String groupName, EventListener listener) throws NacosException {
        subscribe(serviceName, groupName, Collections.emptyList(), listener);
    }

    /**
     * Tells a listener about changes of a service; first the list as it is, unless it is empty.
     *
     * @param serviceName name of the service
     * @param clusters names of clusters, none for all
     * @param listener the listener
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void subscribe(String serviceName, List<String> clusters, EventListener listener) throws NacosException {
        subscribe(serviceName, GROUP, clusters, listener);
    }

    /**
     * Tells a listener about changes of a service; first the list as it is, unless it is empty.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param clusters names of clusters, none for all
     * @param listener the listener
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void subscribe(String serviceName, String groupName, List<String> clusters, EventListener listener)
            throws NacosException {
        subscribe(serviceName, groupName, NamingSelectorFactory.newClusterSelector(clusters), listener);
    }

    /**
     * Tells a listener about changes of a service; first the list as it is, unless it is empty.
     *
     * @param serviceName name of the service
     * @param selector selects the instances that the listener is told of
     * @param listener the listener
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void subscribe(String serviceName, NamingSelector selector, EventListener listener) throws NacosException {
        subscribe(serviceName, GROUP, selector, listener);
    }

    /**
     * Tells a listener about changes of a service; first the list as it is, unless it is empty.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param selector selects the instances that the listener is told of
     * @param listener the listener
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void subscribe(String serviceName, String groupName, NamingSelector selector, EventListener listener)
            throws NacosException {
        if (selector != null && listener != null) {
            registry.subscribe(checkedKey(serviceName, groupName), selector, listener);
        }
    }

    /**
     * Stops telling a listener.
     *
     * @param serviceName name of the service
     * @param listener the listener
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void unsubscribe(String serviceName, EventListener listener) throws NacosException {
        unsubscribe(serviceName, GROUP, Collections.emptyList(), listener);
    }

    /**
     * Stops telling a listener.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param listener the listener
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void unsubscribe(String serviceName, String groupName, EventListener listener) throws NacosException {
        unsubscribe(serviceName, groupName, Collections.emptyList(), listener);
    }

    /**
     * Stops telling a listener.
     *
     * @param serviceName name of the service
     * @param clusters names of clusters, none for all
     * @param listener the listener
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void unsubscribe(String serviceName, List<String> clusters, EventListener listener) throws NacosException {
        unsubscribe(serviceName, GROUP, clusters, listener);
    }

    /**
     * Stops telling a listener.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param clusters names of clusters, none for all
     * @param listener the listener
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void unsubscribe(String serviceName, String groupName, List<String> clusters, EventListener listener)
            throws NacosException {
        unsubscribe(serviceName, groupName, NamingSelectorFactory.newClusterSelector(clusters), listener);
    }

    /**
     * Stops telling a listener.
     *
     * @param serviceName name of the service
     * @param selector selects the instances that the listener is told of
     * @param listener the listener
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void unsubscribe(String serviceName, NamingSelector selector, EventListener listener) throws NacosException {
        unsubscribe(serviceName, GROUP, selector, listener);
    }

    /**
     * Stops telling a listener.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param selector selects the instances that the listener is told of
     * @param listener the listener
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public void unsubscribe(String serviceName, String groupName, NamingSelector selector, EventListener listener)
            throws NacosException {
        if (selector != null && listener != null) {
            registry.unsubscribe(checkedKey(serviceName, groupName), selector, listener);
        }
    }

    /**
     * One page of the names of the services of a group.
     *
     * @param pageNo number of the page, from 1
     * @param pageSize most names on it
     * @return the names, and how many there are on all pages
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public ListView<String> getServicesOfServer(int pageNo, int pageSize) throws NacosException {
        return getServicesOfServer(pageNo, pageSize, GROUP, (AbstractSelector) null);
    }

    /**
     * One page of the names of the services of a group.
     *
     * @param pageNo number of the page, from 1
     * @param pageSize most names on it
     * @param groupName group of the service
     * @return the names, and how many there are on all pages
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public ListView<String> getServicesOfServer(int pageNo, int pageSize, String groupName) throws NacosException {
        return getServicesOfServer(pageNo, pageSize, groupName, (AbstractSelector) null);
    }

    /**
     * One page of the names of the services of a group.
     *
     * @param pageNo number of the page, from 1
     * @param pageSize most names on it
     * @param selector not sent: servers answer alike for all
     * @return the names, and how many there are on all pages
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public ListView<String> getServicesOfServer(int pageNo, int pageSize, AbstractSelector selector)
            throws NacosException {
        return getServicesOfServer(pageNo, pageSize, GROUP, selector);
    }

    /**
     * One page of the names of the services of a group. Servers answer alike for all selectors, so it is not sent.
     *
     * @param pageNo number of the page, from 1
     * @param pageSize most names on it
     * @param groupName group of the service
     * @param selector not sent: servers answer alike for all
     * @return the names, and how many there are on all pages
     * @throws NacosException when an argument is invalid, or the server cannot be reached in time or refuses
     */
    public ListView<String> getServicesOfServer(int pageNo, int pageSize, String groupName, AbstractSelector selector)
            throws NacosException {
        try {
            ServicePage page = registry.naming().services(groupName, Math.max(1, pageNo), pageSize);
            ListView<String> view = new ListView<>();
            view.setCount(page.count());
            view.setData(new java.util.ArrayList<>(page.names()));
            return view;
        } catch (NacreException e) {
            throw Engine.failure(e);
        } catch (IllegalArgumentException e) {
            throw Engine.failure(e);
        }
    }

    /**
     * The services that have listeners.
     *
     * @return name, group and clusters of each
     * @throws NacosException never; the interface has it
     */
    public List<ServiceInfo> getSubscribeServices() throws NacosException {
        return registry.subscribed();
    }

    /**
     * Whether the server can be used.
     *
     * @return {@code UP} or {@code DOWN}
     */
    public String getServerStatus() {
        if (Engine.isConnected(client)) {
            return "UP";
        }
        try {
            return registry.naming().isServerUp() ? "UP" : "DOWN";
        } catch (NacreException e) {
            return "DOWN";
        }
    }

    /**
     * Takes back what this object registered and subscribed, and ends its part of the connection. Later calls fail;
     * calling it again does nothing.
     *
     * @throws NacosException never; the interface has it
     */
    public void shutDown() throws NacosException {
        registry.close();
    }

    private interface Action {
        void run() throws NacosException, NacreException;
    }

    private static void checked(Action action) throws NacosException {
        try {
            action.run();
        } catch (NacreException e) {
            throw Engine.failure(e);
        } catch (Settings.BlankName e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw Engine.failure(e);
        }
    }

    private static ServiceKey key(String serviceName, String groupName) {
        Settings.checkNames(serviceName, groupName);
        return ServiceKey.of(groupName, serviceName);
    }

    private static ServiceKey checkedKey(String serviceName, String groupName) throws NacosException {
        Settings.checkNames(serviceName, groupName);
        try {
            return ServiceKey.of(groupName, serviceName);
        } catch (IllegalArgumentException e) {
            throw Engine.failure(e);
        }
    }

    /** As the original, a query that does not subscribe leaves the check of blank names to the server's rules. */
    private static ServiceKey queried(String serviceName, String groupName, boolean subscribe) throws NacosException {
        if (subscribe) {
            return checkedKey(serviceName, groupName);
        }
        try {
            return ServiceKey.of(groupName, serviceName);
        } catch (IllegalArgumentException e) {
            throw Engine.failure(e);
        }
    }

    private static Instance instance(String ip, int port, String clusterName) {
        Instance instance = new Instance();
        instance.setIp(ip);
        instance.setPort(port);
        instance.setWeight(1.0);
        instance.setClusterName(clusterName);
        return instance;
    }

    private static void required(Instance instance) throws NacosException {
        if (instance == null) {
            throw new NacosException(NacosException.INVALID_PARAM, "the instance must not be null");
        }
    }

    /** An instance may name its service with the group before it, which has to be the group of the call. */
    private static void stripGroup(Instance instance, String groupName) throws NacosException {
        String serviceName = instance.getServiceName();
        if (serviceName == null || !serviceName.contains(Constants.SERVICE_INFO_SPLITER)) {
            return;
        }
        String group = NamingUtils.getGroupName(serviceName);
        if (!group.equals(groupName)) {
            throw new NacosException(
                    NacosException.CLIENT_INVALID_PARAM,
                    "the instance names the group " + group + ", the call the group " + groupName);
        }
        instance.setServiceName(NamingUtils.getServiceName(serviceName));
    }
}
