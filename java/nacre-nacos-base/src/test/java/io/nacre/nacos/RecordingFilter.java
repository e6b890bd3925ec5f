package io.nacre.nacos;

import com.alibaba.nacos.api.config.filter.AbstractConfigFilter;
import com.alibaba.nacos.api.config.filter.IConfigFilterChain;
import com.alibaba.nacos.api.config.filter.IConfigRequest;
import com.alibaba.nacos.api.config.filter.IConfigResponse;
import com.alibaba.nacos.api.exception.NacosException;
import java.util.List;
import java.util.Properties;

/** A filter that an application adds; tells when it runs. */
final class RecordingFilter extends AbstractConfigFilter {
    private final String name;
    private final int order;
    private final List<String> calls;

    RecordingFilter(String name, int order, List<String> calls) {
        this.name = name;
        this.order = order;
        this.calls = calls;
    }

    @Override
    public void init(Properties properties) {}

    @Override
    public void doFilter(IConfigRequest request, IConfigResponse response, IConfigFilterChain chain)
            throws NacosException {
        calls.add(name);
        chain.doFilter(request, response);
    }

    @Override
    public int getOrder() {
        return order;
    }

    @Override
    public String getFilterName() {
        return name;
    }
}
