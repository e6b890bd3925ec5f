package io.nacre.nacos;

import com.alibaba.nacos.api.config.filter.AbstractConfigFilter;
import com.alibaba.nacos.api.config.filter.IConfigFilterChain;
import com.alibaba.nacos.api.config.filter.IConfigRequest;
import com.alibaba.nacos.api.config.filter.IConfigResponse;
import com.alibaba.nacos.api.exception.NacosException;
import java.util.Properties;

/** A filter of the class path: configs whose data id begins with {@code suffix-} lie on the server with a suffix. */
public class SuffixFilter extends AbstractConfigFilter {
    static final String SUFFIX = "#stored";

    private Properties properties;

    @Override
    public void init(Properties given) {
        properties = given;
    }

    @Override
    public void doFilter(IConfigRequest request, IConfigResponse response, IConfigFilterChain chain)
            throws NacosException {
        if (request != null && isMine(request.getParameter("dataId"))) {
            request.putParameter("content", request.getParameter("content") + SUFFIX);
        }
        chain.doFilter(request, response);
        if (response != null && isMine(response.getParameter("dataId"))) {
            String content = (String) response.getParameter("content");
            if (content != null && content.endsWith(SUFFIX)) {
                response.putParameter("content", content.substring(0, content.length() - SUFFIX.length()));
            }
        }
    }

    private boolean isMine(Object dataId) {
        return properties != null && dataId != null && dataId.toString().startsWith("suffix-");
    }

    @Override
    public int getOrder() {
        return 5;
    }

    @Override
    public String getFilterName() {
        return "suffix";
    }
}
