package com.alibaba.nacos.client.config.filter.impl;

import com.alibaba.nacos.api.config.filter.IConfigFilter;
import com.alibaba.nacos.api.config.filter.IConfigFilterChain;
import com.alibaba.nacos.api.config.filter.IConfigRequest;
import com.alibaba.nacos.api.config.filter.IConfigResponse;
import com.alibaba.nacos.api.exception.NacosException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.ServiceLoader;

/** The config filters of a service: those of the class path, and those that the application added. */
public class ConfigFilterChainManager implements IConfigFilterChain {
    private final Properties initProperty;
    private volatile List<IConfigFilter> filters = new ArrayList<>();

    /**
     * A chain with the filters of the class path.
     *
     * @param properties what the filters are initialized with
     */
    public ConfigFilterChainManager(Properties properties) {
        this.initProperty = properties;
        addFilter(new ConfigEncryptionFilter());
        for (IConfigFilter filter : ServiceLoader.load(IConfigFilter.class)) {
            addFilter(filter);
        }
    }

    /**
     * Adds a filter at the place that its order gives, unless there is one with its name.
     *
     * @param filter the filter
     * @return this
     */
    public synchronized ConfigFilterChainManager addFilter(IConfigFilter filter) {
        filter.init(initProperty);
        for (IConfigFilter present : filters) {
            if (present.getFilterName().equals(filter.getFilterName())) {
                return this;
            }
        }
        List<IConfigFilter> changed = new ArrayList<>(filters);
        changed.add(filter);
        changed.sort(Comparator.comparingInt(IConfigFilter::getOrder));
        filters = changed;
        return this;
    }

    @Override
    public void doFilter(IConfigRequest request, IConfigResponse response) throws NacosException {
        new Chain(filters).doFilter(request, response);
    }

    /** One way through the filters as they were when it began. */
    private static final class Chain implements IConfigFilterChain {
        private final List<IConfigFilter> filters;
        private int next;

        Chain(List<IConfigFilter> filters) {
            this.filters = filters;
        }

        @Override
        public void doFilter(IConfigRequest request, IConfigResponse response) throws NacosException {
            if (next < filters.size()) {
                filters.get(next++).doFilter(request, response, this);
            }
        }
    }
}
