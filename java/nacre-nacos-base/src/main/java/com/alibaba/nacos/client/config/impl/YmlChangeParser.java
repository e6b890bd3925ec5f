package com.alibaba.nacos.client.config.impl;

import com.alibaba.nacos.api.config.ConfigChangeItem;
import com.alibaba.nacos.common.utils.StringUtils;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * Tells which keys of a config in YAML format changed. Nested keys are joined with a dot, places in lists are written
 * {@code [0]}, a key without a value has an empty one. Tags that name Java classes are refused.
 */
public class YmlChangeParser extends AbstractConfigChangeParser {
    /** Makes the parser. */
    public YmlChangeParser() {
        super("yaml");
    }

    @Override
    public boolean isResponsibleFor(String type) {
        return "yml".equalsIgnoreCase(type) || super.isResponsibleFor(type);
    }

    @Override
    public Map<String, ConfigChangeItem> doParse(String oldContent, String newContent, String type) {
        return filterChangeData(parse(oldContent), parse(newContent));
    }

    private static Map<String, Object> parse(String content) {
        if (StringUtils.isEmpty(content)) {
            return Collections.emptyMap();
        }
        Object document = new Yaml(new SafeConstructor(new LoaderOptions())).load(content);
        if (!(document instanceof Map)) {
            return Collections.emptyMap();
        }
        Map<String, Object> flat = new LinkedHashMap<>();
        flatten(flat, "", (Map<?, ?>) document);
        return flat;
    }

    private static void flatten(Map<String, Object> flat, String path, Map<?, ?> map) {
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            String key = String.valueOf(entry.getKey());
            String name = path.isEmpty() || key.startsWith("[") ? path + key : path + "." + key;
            put(flat, name, entry.getValue());
        }
    }

    private static void put(Map<String, Object> flat, String name, Object value) {
        if (value instanceof Map) {
            flatten(flat, name, (Map<?, ?>) value);
        } else if (value instanceof Collection) {
            int index = 0;
            for (Object element : (Collection<?>) value) {
                put(flat, name + "[" + index++ + "]", element);
            }
        } else {
            flat.put(name, value == null ? "" : value);
        }
    }
}
