package io.nacre.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.exception.runtime.NacosRuntimeException;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.listener.AbstractFuzzyWatchEventWatcher;
import com.alibaba.nacos.api.naming.listener.FuzzyWatchChangeEvent;
import org.junit.jupiter.api.Test;

/** What 3.x clients can and the server does not offer yet: the client says so at once instead of waiting. */
class MissingAbilityTest {
    @Test
    void fuzzyWatchIsRefusedByTheClient() throws Exception {
        NamingService naming = Server.naming(null);
        NacosRuntimeException refused = assertThrows(
                NacosRuntimeException.class, () -> naming.fuzzyWatch("DEFAULT_GROUP", new AbstractFuzzyWatchEventWatcher() {
                    @Override
                    public void onEvent(FuzzyWatchChangeEvent event) {
                        throw new IllegalStateException("no event can come: " + event);
                    }
                }));
        assertEquals(NacosException.SERVER_NOT_IMPLEMENTED, refused.getErrCode());
        naming.shutDown();
    }
}
