package com.alibaba.nacos.common.labels;

import java.util.Map;
import java.util.Properties;

/** A plug-in that gives labels to the connection, which gray rules of configs may ask for. */
public interface LabelsCollector {
    /**
     * The labels.
     *
     * @param properties the properties of the service that connects
     * @return names and values
     */
    Map<String, String> collectLabels(Properties properties);

    /**
     * Where two collectors give the same label, the one with the higher order wins.
     *
     * @return the order
     */
    int getOrder();

    /**
     * Name of the collector.
     *
     * @return the name
     */
    String getName();
}
