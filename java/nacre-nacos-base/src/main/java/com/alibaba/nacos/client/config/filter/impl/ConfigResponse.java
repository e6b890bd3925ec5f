package com.alibaba.nacos.client.config.filter.impl;

import com.alibaba.nacos.api.config.filter.IConfigContext;
import com.alibaba.nacos.api.config.filter.IConfigResponse;
import java.util.HashMap;
import java.util.Map;

/** What filters see of a config that is read. */
public class ConfigResponse implements IConfigResponse {
    private final Map<String, Object> parameters = new HashMap<>();
    private final IConfigContext context = new ConfigContext();

    /** An empty one. */
    public ConfigResponse() {}

    /**
     * Namespace.
     *
     * @return the value, null when it was not set
     */
    public String getTenant() {
        return (String) parameters.get("tenant");
    }

    /**
     * Sets the namespace.
     *
     * @param value the value
     */
    public void setTenant(String value) {
        parameters.put("tenant", value);
    }

    /**
     * Data id.
     *
     * @return the value, null when it was not set
     */
    public String getDataId() {
        return (String) parameters.get("dataId");
    }

    /**
     * Sets the data id.
     *
     * @param value the value
     */
    public void setDataId(String value) {
        parameters.put("dataId", value);
    }

    /**
     * Group.
     *
     * @return the value, null when it was not set
     */
    public String getGroup() {
        return (String) parameters.get("group");
    }

    /**
     * Sets the group.
     *
     * @param value the value
     */
    public void setGroup(String value) {
        parameters.put("group", value);
    }

    /**
     * Content.
     *
     * @return the value, null when it was not set
     */
    public String getContent() {
        return (String) parameters.get("content");
    }

    /**
     * Sets the content.
     *
     * @param value the value
     */
    public void setContent(String value) {
        parameters.put("content", value);
    }

    /**
     * Type of the config.
     *
     * @return the value, null when it was not set
     */
    public String getConfigType() {
        return (String) parameters.get("configType");
    }

    /**
     * Sets the type of the config.
     *
     * @param value the value
     */
    public void setConfigType(String value) {
        parameters.put("configType", value);
    }

    /**
     * Key with which the content is encrypted, itself encrypted.
     *
     * @return the value, null when it was not set
     */
    public String getEncryptedDataKey() {
        return (String) parameters.get("encryptedDataKey");
    }

    /**
     * Sets the key with which the content is encrypted, itself encrypted.
     *
     * @param value the value
     */
    public void setEncryptedDataKey(String value) {
        parameters.put("encryptedDataKey", value);
    }

    @Override
    public Object getParameter(String key) {
        return parameters.get(key);
    }

    @Override
    public void putParameter(String key, Object value) {
        parameters.put(key, value);
    }

    @Override
    public IConfigContext getConfigContext() {
        return context;
    }
}
