package com.alibaba.nacos.client.config.impl;

import com.alibaba.nacos.api.config.ConfigChangeItem;
import com.alibaba.nacos.api.config.listener.ConfigChangeParser;
import com.alibaba.nacos.common.spi.NacosServiceLoader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Finds the parser for a type of configs; parsers of the application come before those of the client. */
public class ConfigChangeHandler {
    private final List<ConfigChangeParser> parsers = new ArrayList<>();

    private ConfigChangeHandler() {
        parsers.addAll(NacosServiceLoader.load(ConfigChangeParser.class));
        parsers.add(new PropertiesChangeParser());
        parsers.add(new YmlChangeParser());
    }

    /**
     * The only instance.
     *
     * @return the instance
     */
    public static ConfigChangeHandler getInstance() {
        return Holder.INSTANCE;
    }

    /**
     * Tells which keys changed.
     *
     * @param oldContent content before, may be null
     * @param newContent content now, may be null
     * @param type type of the config
     * @return the changed keys; none for a type without a parser
     * @throws IOException when a content cannot be parsed
     */
    public Map<String, ConfigChangeItem> parseChangeData(String oldContent, String newContent, String type)
            throws IOException {
        for (ConfigChangeParser parser : parsers) {
            if (parser.isResponsibleFor(type)) {
                return parser.doParse(oldContent, newContent, type);
            }
        }
        return Collections.emptyMap();
    }

    private static final class Holder {
        private static final ConfigChangeHandler INSTANCE = new ConfigChangeHandler();
    }
}
