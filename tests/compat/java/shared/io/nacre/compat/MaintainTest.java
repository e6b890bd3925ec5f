package io.nacre.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.nacos.api.naming.NamingMaintainFactory;
import com.alibaba.nacos.api.naming.NamingMaintainService;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.naming.pojo.Service;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The maintain service, which speaks the v1 HTTP API in every client version. */
@SuppressWarnings("deprecation") // 3.x names another artifact for this, and keeps it working
class MaintainTest {
    private static final String GROUP = "DEFAULT_GROUP";

    @Test
    void serviceIsCreatedUpdatedAndDeleted() throws Exception {
        NamingMaintainService maintain = NamingMaintainFactory.createMaintainService(Server.properties(null));
        String name = Server.unique("maintained");
        maintain.createService(name, GROUP, 0.25f);
        Service created = maintain.queryService(name, GROUP);
        assertEquals(0.25f, created.getProtectThreshold());
        assertEquals(GROUP, created.getGroupName());

        maintain.updateService(name, GROUP, 0.5f, Map.of("team", "shop"));
        Service updated = maintain.queryService(name, GROUP);
        assertEquals(0.5f, updated.getProtectThreshold());
        assertEquals(Map.of("team", "shop"), updated.getMetadata());
        assertTrue(maintain.deleteService(name, GROUP));
        maintain.shutDown();
    }

    @Test
    void instanceIsUpdatedOverHttp() throws Exception {
        NamingMaintainService maintain = NamingMaintainFactory.createMaintainService(Server.properties(null));
        NamingService naming = Server.naming(null);
        String service = Server.unique("updated");
        Instance instance = NamingTest.instance("127.0.0.1", Server.livePort(), Map.of("version", "1"));
        instance.setEphemeral(false);
        naming.registerInstance(service, GROUP, instance);
        instance.setWeight(4);
        instance.setMetadata(Map.of("version", "2"));
        maintain.updateInstance(service, GROUP, instance);
        assertEquals(
                List.of("127.0.0.1:" + Server.livePort() + " DEFAULT 4.0 {version=2}"),
                NamingTest.listed(naming, service, GROUP));
        naming.shutDown();
        maintain.shutDown();
    }
}
