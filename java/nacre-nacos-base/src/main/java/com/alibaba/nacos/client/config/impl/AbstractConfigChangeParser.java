package com.alibaba.nacos.client.config.impl;

import com.alibaba.nacos.api.config.ConfigChangeItem;
import com.alibaba.nacos.api.config.PropertyChangeType;
import com.alibaba.nacos.api.config.listener.ConfigChangeParser;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** Base of parsers that tell which keys of a config changed; compares two flat maps. */
public abstract class AbstractConfigChangeParser implements ConfigChangeParser {
    private final String configType;

    /**
     * A parser for one type of configs.
     *
     * @param configType the type, compared without regard to case
     */
    public AbstractConfigChangeParser(String configType) {
        this.configType = configType;
    }

    @Override
    public boolean isResponsibleFor(String type) {
        return configType.equalsIgnoreCase(type);
    }

    /**
     * Compares two flat maps.
     *
     * @param oldMap keys and values before
     * @param newMap keys and values now
     * @return the keys that were added, removed or have another value
     */
    protected Map<String, ConfigChangeItem> filterChangeData(Map<?, ?> oldMap, Map<?, ?> newMap) {
        Map<String, ConfigChangeItem> changes = new HashMap<>(16);
        for (Map.Entry<?, ?> before : oldMap.entrySet()) {
            String key = (String) before.getKey();
            if (newMap.containsKey(before.getKey())) {
                Object now = newMap.get(before.getKey());
                if (!Objects.equals(before.getValue(), now)) {
                    changes.put(key, item(key, before.getValue(), now, PropertyChangeType.MODIFIED));
                }
            } else {
                changes.put(key, item(key, before.getValue(), null, PropertyChangeType.DELETED));
            }
        }
        for (Map.Entry<?, ?> now : newMap.entrySet()) {
            if (!oldMap.containsKey(now.getKey())) {
                String key = (String) now.getKey();
                changes.put(key, item(key, null, now.getValue(), PropertyChangeType.ADDED));
            }
        }
        return changes;
    }

    private static ConfigChangeItem item(String key, Object before, Object now, PropertyChangeType type) {
        ConfigChangeItem item = new ConfigChangeItem(
                key, before == null ? null : before.toString(), now == null ? null : now.toString());
        item.setType(type);
        return item;
    }
}
