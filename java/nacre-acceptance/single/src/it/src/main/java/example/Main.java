package example;

import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.naming.NamingService;

/** Nothing but nacos-api; the server is the argument. */
public class Main {
    public static void main(String[] args) throws Exception {
        ConfigService config = NacosFactory.createConfigService(args[0]);
        config.publishConfig("single", "DEFAULT_GROUP", "hello");
        NamingService naming = NacosFactory.createNamingService(args[0]);
        naming.registerInstance("single", "10.0.0.1", 80);
        System.out.println("read " + config.getConfig("single", "DEFAULT_GROUP", 3000) + ", status "
                + naming.getServerStatus());
        // Neither is shut down: the process ends by itself.
    }
}
