import com.alibaba.nacos.api.config.ConfigFactory;
import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.config.filter.AbstractConfigFilter;
import com.alibaba.nacos.api.config.filter.IConfigFilterChain;
import com.alibaba.nacos.api.config.filter.IConfigRequest;
import com.alibaba.nacos.api.config.filter.IConfigResponse;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.NamingFactory;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.selector.NamingSelector;
import com.alibaba.nacos.client.naming.listener.AbstractNamingChangeListener;
import com.alibaba.nacos.client.naming.listener.NamingChangeEvent;
import com.alibaba.nacos.client.naming.selector.NamingSelectorFactory;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** What came with 2.3 and 2.4: filters of one service, selectors, and events that tell the difference. */
public class SelectorCaller implements Function<Properties, String> {
    @Override
    public String apply(Properties properties) {
        String name = properties.getProperty("caller.name");
        try {
            filtered(properties, name);
            NamingService naming = NamingFactory.createNamingService(properties);
            try {
                BlockingQueue<String> added = new LinkedBlockingQueue<>();
                NamingSelector selector = NamingSelectorFactory.newIpSelector("10\\.0\\.0\\..*");
                naming.subscribe(name, "OLD", selector, new AbstractNamingChangeListener() {
                    @Override
                    public void onChange(NamingChangeEvent event) {
                        event.getAddedInstances().forEach(one -> added.add(one.getIp()));
                    }
                });
                naming.registerInstance(name, "OLD", "10.0.0.2", 80);
                return added.poll(20, TimeUnit.SECONDS);
            } finally {
                naming.shutDown();
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static void filtered(Properties properties, String dataId) throws NacosException {
        ConfigService config = ConfigFactory.createConfigService(properties);
        try {
            config.addConfigFilter(new AbstractConfigFilter() {
                @Override
                public void init(Properties settings) {}

                @Override
                public void doFilter(IConfigRequest request, IConfigResponse response, IConfigFilterChain chain)
                        throws NacosException {
                    if (request != null) {
                        request.putParameter("content", request.getParameter("content") + "!");
                    }
                    chain.doFilter(request, response);
                }

                @Override
                public int getOrder() {
                    return 1;
                }

                @Override
                public String getFilterName() {
                    return "marks";
                }
            });
            config.publishConfig(dataId, "OLD", "a");
            String content = config.getConfig(dataId, "OLD", 3000);
            if (!"a!".equals(content)) {
                throw new AssertionError("not a! but " + content);
            }
        } finally {
            config.shutDown();
        }
    }
}
