package com.alibaba.nacos.client.config.listener.impl;

import com.alibaba.nacos.api.config.listener.AbstractListener;
import com.alibaba.nacos.common.utils.StringUtils;
import java.io.IOException;
import java.io.StringReader;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A config listener that gets the content as {@link Properties}. Empty content is not passed on. */
public abstract class PropertiesListener extends AbstractListener {
    private static final Logger LOGGER = LoggerFactory.getLogger(PropertiesListener.class);

    /** Makes a listener. */
    public PropertiesListener() {}

    @Override
    public void receiveConfigInfo(String configInfo) {
        if (StringUtils.isEmpty(configInfo)) {
            return;
        }
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(configInfo));
            innerReceive(properties);
        } catch (IOException | IllegalArgumentException e) {
            LOGGER.error("content is not in properties format", e);
        }
    }

    /**
     * Called with the parsed content.
     *
     * @param properties the content
     */
    public abstract void innerReceive(Properties properties);
}
