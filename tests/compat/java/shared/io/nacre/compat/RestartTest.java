package io.nacre.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.pojo.Instance;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** The server stops, or is killed, in the middle: its clients carry on by themselves and nothing is lost. */
@Isolated("no other test wants its server restarted")
class RestartTest {
    private static final String GROUP = "DEFAULT_GROUP";
    private static final long TIMEOUT_MS = 5_000;

    @Test
    void everythingIsThereAfterAnOrderlyRestart() throws Exception {
        survives(() -> {
            Server.restart();
            return null;
        });
    }

    @Test
    void everythingIsThereAfterAKill() throws Exception {
        survives(() -> {
            Server.killAndStart();
            return null;
        });
    }

    private static void survives(Callable<Void> interruption) throws Exception {
        String service = Server.unique("restart");
        String dataId = Server.unique("restart");
        NamingService provider = Server.naming("restart");
        NamingService keeper = Server.naming("restart");
        NamingService consumer = Server.naming("restart");
        ConfigService writer = Server.config("restart");
        ConfigService reader = Server.config("restart");

        provider.registerInstance(service, GROUP, NamingTest.instance("10.2.0.1", 80, Map.of("zone", "a")));
        Instance persistent = NamingTest.instance("127.0.0.1", Server.livePort(), Map.of("kind", "persistent"));
        persistent.setEphemeral(false);
        keeper.registerInstance(service + "-kept", GROUP, persistent);
        Subscriber subscriber = new Subscriber();
        consumer.subscribe(service, GROUP, subscriber);
        List<String> before = List.of("10.2.0.1:80 DEFAULT 1.0 {zone=a}");
        Wait.until(before, subscriber::latest);
        assertTrue(writer.publishConfig(dataId, GROUP, "before"));
        ConfigRecorder recorder = new ConfigRecorder();
        assertEquals("before", reader.getConfigAndSignListener(dataId, GROUP, TIMEOUT_MS, recorder));
        assertTrue(writer.publishConfig(dataId, GROUP, "watched"));
        Wait.until("watched", recorder::latest);

        interruption.call();

        Wait.until(before, () -> NamingTest.listed(consumer, service, GROUP));
        List<String> kept = List.of("127.0.0.1:" + Server.livePort() + " DEFAULT 1.0 {kind=persistent}");
        Wait.until(kept, () -> NamingTest.listed(consumer, service + "-kept", GROUP));
        Wait.until("watched", () -> reader.getConfig(dataId, GROUP, TIMEOUT_MS));

        Wait.until(true, () -> writer.publishConfig(dataId, GROUP, "after"));
        Wait.until("after", recorder::latest);
        assertEquals(List.of("watched", "after"), recorder.all());

        NamingService second = Server.naming("restart");
        second.registerInstance(service, GROUP, NamingTest.instance("10.2.0.2", 80, Map.of()));
        Wait.until(List.of("10.2.0.1:80 DEFAULT 1.0 {zone=a}", "10.2.0.2:80 DEFAULT 1.0 {}"), subscriber::latest);
        for (List<String> list : subscriber.all()) {
            assertTrue(list.containsAll(before), "the subscriber saw a list without the provider: " + list);
        }

        provider.deregisterInstance(service, GROUP, "10.2.0.1", 80);
        Wait.until(List.of("10.2.0.2:80 DEFAULT 1.0 {}"), subscriber::latest);
        provider.shutDown();
        keeper.shutDown();
        second.shutDown();
        consumer.shutDown();
        writer.shutDown();
        reader.shutDown();
    }
}
