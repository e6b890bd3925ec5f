package io.nacre.nacos;

import com.alibaba.nacos.api.common.Constants;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.selector.AbstractSelector;
import com.alibaba.nacos.api.selector.ExpressionSelector;
import com.alibaba.nacos.api.selector.NoneSelector;
import io.nacre.MaintenanceClient;
import io.nacre.NacreClient;
import io.nacre.NacreException;
import io.nacre.ServiceDetail;
import io.nacre.ServiceKey;
import io.nacre.ServiceSettings;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

/** The maintenance of services over HTTP, without the models that differ between the lines of nacos-api. */
public abstract class BaseMaintainService {
    private static final String GROUP = Constants.DEFAULT_GROUP;

    private final NacreClient client;
    private final MaintenanceClient maintenance;

    /**
     * Makes a service; requests find the server.
     *
     * @param properties the settings, keys of {@code PropertyKeyConst}
     * @throws NacosException when a setting is invalid
     */
    protected BaseMaintainService(Properties properties) throws NacosException {
        Properties copy = Settings.copy(properties);
        client = Engine.open(ClientSettings.ofProcess(ClientSettings.Kind.NAMING, copy), copy);
        maintenance = client.naming().maintenance();
    }

    private interface Action<T> {
        T run() throws NacreException, NacosException;
    }

    private static <T> T checked(Action<T> action) throws NacosException {
        try {
            return action.run();
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

    /**
     * Changes weight, metadata and whether an instance of the default group is enabled.
     *
     * @param serviceName name of the service
     * @param instance the instance as it is to be
     * @throws NacosException when an argument is invalid or the server refuses
     */
    public void updateInstance(String serviceName, Instance instance) throws NacosException {
        updateInstance(serviceName, GROUP, instance);
    }

    /**
     * Changes weight, metadata and whether an instance is enabled.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param instance the instance as it is to be
     * @throws NacosException when an argument is invalid or the server refuses
     */
    public void updateInstance(String serviceName, String groupName, Instance instance) throws NacosException {
        checked(() -> {
            com.alibaba.nacos.api.naming.utils.NamingUtils.checkInstanceIsLegal(instance);
            maintenance.updateInstance(key(serviceName, groupName), Convert.toNacre(instance));
            return null;
        });
    }

    /**
     * What the server knows of a service.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @return the service
     * @throws NacosException when there is none
     */
    protected final ServiceDetail detail(String serviceName, String groupName) throws NacosException {
        return checked(() -> maintenance.service(key(serviceName, groupName)));
    }

    /**
     * Creates a service of the default group.
     *
     * @param serviceName name of the service
     * @throws NacosException when it exists or the server refuses
     */
    public void createService(String serviceName) throws NacosException {
        createService(serviceName, GROUP);
    }

    /**
     * Creates a service.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @throws NacosException when it exists or the server refuses
     */
    public void createService(String serviceName, String groupName) throws NacosException {
        createService(serviceName, groupName, Constants.DEFAULT_PROTECT_THRESHOLD);
    }

    /**
     * Creates a service.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param protectThreshold share of healthy instances below which all are shown
     * @throws NacosException when it exists or the server refuses
     */
    public void createService(String serviceName, String groupName, float protectThreshold) throws NacosException {
        create(serviceName, groupName, protectThreshold, new HashMap<>(), new NoneSelector());
    }

    /**
     * Creates a service whose instances are selected by an expression.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param protectThreshold share of healthy instances below which all are shown
     * @param expression the expression
     * @throws NacosException when it exists or the server refuses
     */
    public void createService(String serviceName, String groupName, float protectThreshold, String expression)
            throws NacosException {
        ExpressionSelector selector = new ExpressionSelector();
        selector.setExpression(expression);
        create(serviceName, groupName, protectThreshold, new HashMap<>(), selector);
    }

    /**
     * Creates a service.
     *
     * @param name name of the service
     * @param group group of the service
     * @param threshold share of healthy instances below which all are shown
     * @param metadata its metadata
     * @param selector its selector
     * @throws NacosException when it exists or the server refuses
     */
    protected final void create(
            String name, String group, float threshold, Map<String, String> metadata, AbstractSelector selector)
            throws NacosException {
        checked(() -> {
            maintenance.createService(key(name, group), settings(threshold, metadata, selector));
            return null;
        });
    }

    /**
     * Deletes a service of the default group.
     *
     * @param serviceName name of the service
     * @return true
     * @throws NacosException when it does not exist or has instances
     */
    public boolean deleteService(String serviceName) throws NacosException {
        return deleteService(serviceName, GROUP);
    }

    /**
     * Deletes a service.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @return true
     * @throws NacosException when it does not exist or has instances
     */
    public boolean deleteService(String serviceName, String groupName) throws NacosException {
        return checked(() -> {
            maintenance.deleteService(key(serviceName, groupName));
            return true;
        });
    }

    /**
     * Replaces the settings of a service.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param protectThreshold share of healthy instances below which all are shown
     * @throws NacosException when it does not exist or the server refuses
     */
    public void updateService(String serviceName, String groupName, float protectThreshold) throws NacosException {
        update(serviceName, groupName, protectThreshold, new HashMap<>(), new NoneSelector());
    }

    /**
     * Replaces the settings of a service.
     *
     * @param serviceName name of the service
     * @param groupName group of the service
     * @param protectThreshold share of healthy instances below which all are shown
     * @param metadata its metadata
     * @throws NacosException when it does not exist or the server refuses
     */
    public void updateService(
            String serviceName, String groupName, float protectThreshold, Map<String, String> metadata)
            throws NacosException {
        update(serviceName, groupName, protectThreshold, metadata, new NoneSelector());
    }

    /**
     * Replaces the settings of a service.
     *
     * @param name name of the service
     * @param group group of the service
     * @param threshold share of healthy instances below which all are shown
     * @param metadata its metadata
     * @param selector its selector
     * @throws NacosException when it does not exist or the server refuses
     */
    protected final void update(
            String name, String group, float threshold, Map<String, String> metadata, AbstractSelector selector)
            throws NacosException {
        checked(() -> {
            maintenance.updateService(key(name, group), settings(threshold, metadata, selector));
            return null;
        });
    }

    private static ServiceSettings settings(float threshold, Map<String, String> metadata, AbstractSelector selector) {
        Map<String, String> known = new HashMap<>(metadata == null ? new HashMap<>() : metadata);
        known.values().removeIf(value -> value == null);
        ServiceSettings settings =
                ServiceSettings.create().protectThreshold(threshold).metadata(known);
        if (selector instanceof ExpressionSelector) {
            settings.labelSelector(((ExpressionSelector) selector).getExpression());
        }
        return settings;
    }

    /**
     * Ends this object's part of the connection; calling it again does nothing.
     *
     * @throws NacosException never; the interface has it
     */
    public void shutDown() throws NacosException {
        client.close();
    }
}
