package com.alibaba.nacos.client.config.impl;

import com.alibaba.nacos.api.config.ConfigChangeItem;
import com.alibaba.nacos.common.utils.StringUtils;
import java.io.IOException;
import java.io.StringReader;
import java.util.Map;
import java.util.Properties;

/** Tells which keys of a config in properties format changed. */
public class PropertiesChangeParser extends AbstractConfigChangeParser {
    /** Makes the parser. */
    public PropertiesChangeParser() {
        super("properties");
    }

    @Override
    public Map<String, ConfigChangeItem> doParse(String oldContent, String newContent, String type) throws IOException {
        return filterChangeData(parse(oldContent), parse(newContent));
    }

    private static Properties parse(String content) throws IOException {
        Properties properties = new Properties();
        if (StringUtils.isNotBlank(content)) {
            properties.load(new StringReader(content));
        }
        return properties;
    }
}
