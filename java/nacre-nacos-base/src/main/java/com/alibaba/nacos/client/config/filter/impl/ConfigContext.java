package com.alibaba.nacos.client.config.filter.impl;

import com.alibaba.nacos.api.config.filter.IConfigContext;
import java.util.HashMap;
import java.util.Map;

/** Values that the filters of one operation share. */
public class ConfigContext implements IConfigContext {
    private final Map<String, Object> parameters = new HashMap<>();

    /** An empty context. */
    public ConfigContext() {}

    @Override
    public Object getParameter(String key) {
        return parameters.get(key);
    }

    @Override
    public void setParameter(String key, Object value) {
        parameters.put(key, value);
    }
}
