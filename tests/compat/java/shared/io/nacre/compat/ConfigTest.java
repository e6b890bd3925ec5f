package io.nacre.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.nacos.api.config.ConfigService;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Configuration as every Java client since 1.4 offers it. */
class ConfigTest {
    private static final String GROUP = "DEFAULT_GROUP";
    private static final long TIMEOUT_MS = 5_000;

    @Test
    void publishedConfigIsReadBackAndRemoved() throws Exception {
        ConfigService config = Server.config(null);
        String dataId = Server.unique("read-back");
        String content = "# größe 中 \uD83D\uDE00\nname: nacre\r\nspaces:   kept \n\ttab=%20&+\n";
        assertNull(config.getConfig(dataId, GROUP, TIMEOUT_MS));
        assertTrue(config.publishConfig(dataId, GROUP, content));
        assertEquals(content, config.getConfig(dataId, GROUP, TIMEOUT_MS));
        assertTrue(config.publishConfig(dataId, GROUP, "{\"second\":2}", "json"));
        assertEquals("{\"second\":2}", config.getConfig(dataId, GROUP, TIMEOUT_MS));
        assertTrue(config.removeConfig(dataId, GROUP));
        assertNull(config.getConfig(dataId, GROUP, TIMEOUT_MS));
        config.shutDown();
    }

    @Test
    void largeConfigKeepsEveryCharacter() throws Exception {
        ConfigService config = Server.config(null);
        String dataId = Server.unique("large");
        StringBuilder content = new StringBuilder();
        for (int line = 0; content.length() < 100_000; line++) {
            content.append("key.").append(line).append("=wert-ä-").append(line * 31).append('\n');
        }
        assertTrue(config.publishConfig(dataId, GROUP, content.toString()));
        assertEquals(content.toString(), config.getConfig(dataId, GROUP, TIMEOUT_MS));
        config.shutDown();
    }

    @Test
    void groupsAndNamespacesAreSeparate() throws Exception {
        String dataId = Server.unique("separate");
        ConfigService none = Server.config(null);
        ConfigService red = Server.config("red");
        assertTrue(none.publishConfig(dataId, "one", "group one"));
        assertTrue(none.publishConfig(dataId, "two", "group two"));
        assertTrue(red.publishConfig(dataId, "one", "red, group one"));
        assertEquals("group one", none.getConfig(dataId, "one", TIMEOUT_MS));
        assertEquals("group two", none.getConfig(dataId, "two", TIMEOUT_MS));
        assertEquals("red, group one", red.getConfig(dataId, "one", TIMEOUT_MS));
        assertNull(red.getConfig(dataId, "two", TIMEOUT_MS));
        none.shutDown();
        red.shutDown();
    }

    @Test
    void listenerSeesChangesRemovalAndReturn() throws Exception {
        ConfigService writer = Server.config(null);
        ConfigService reader = Server.config(null);
        String dataId = Server.unique("listen");
        assertTrue(writer.publishConfig(dataId, GROUP, "one"));
        ConfigRecorder recorder = new ConfigRecorder();
        assertEquals("one", reader.getConfigAndSignListener(dataId, GROUP, TIMEOUT_MS, recorder));

        assertTrue(writer.publishConfig(dataId, GROUP, "two"));
        Wait.until("two", recorder::latest);
        assertTrue(writer.removeConfig(dataId, GROUP));
        Wait.until(ConfigRecorder.REMOVED, recorder::latest);
        assertTrue(writer.publishConfig(dataId, GROUP, "three"));
        Wait.until("three", recorder::latest);
        assertEquals(List.of("two", ConfigRecorder.REMOVED, "three"), recorder.all());
        writer.shutDown();
        reader.shutDown();
    }

    @Test
    void listenerOnAKeyCreatedLaterIsCalled() throws Exception {
        ConfigService writer = Server.config("later");
        ConfigService reader = Server.config("later");
        String dataId = Server.unique("created-later");
        ConfigRecorder recorder = new ConfigRecorder();
        reader.addListener(dataId, "fresh", recorder);
        assertNull(reader.getConfig(dataId, "fresh", TIMEOUT_MS));
        assertTrue(writer.publishConfig(dataId, "fresh", "born"));
        Wait.until("born", recorder::latest);
        writer.shutDown();
        reader.shutDown();
    }

    @Test
    void removedListenerIsNotCalled() throws Exception {
        ConfigService config = Server.config(null);
        String dataId = Server.unique("stop");
        ConfigRecorder kept = new ConfigRecorder();
        ConfigRecorder stopped = new ConfigRecorder();
        assertTrue(config.publishConfig(dataId, GROUP, "one"));
        config.getConfigAndSignListener(dataId, GROUP, TIMEOUT_MS, kept);
        config.getConfigAndSignListener(dataId, GROUP, TIMEOUT_MS, stopped);
        assertTrue(config.publishConfig(dataId, GROUP, "two"));
        Wait.until("two", kept::latest);
        Wait.until("two", stopped::latest);
        config.removeListener(dataId, GROUP, stopped);
        assertTrue(config.publishConfig(dataId, GROUP, "three"));
        Wait.until("three", kept::latest);
        assertEquals("two", stopped.latest());
        config.shutDown();
    }

    @Test
    void changeMadeOverPlainHttpReachesTheListener() throws Exception {
        ConfigService reader = Server.config(null);
        String dataId = Server.unique("over-http");
        ConfigRecorder recorder = new ConfigRecorder();
        reader.addListener(dataId, GROUP, recorder);
        assertEquals("true", Server.http("POST", path(dataId) + "&content=from%20curl").body());
        Wait.until("from curl", recorder::latest);
        assertEquals("from curl", Server.http("GET", path(dataId)).body());
        assertEquals("true", Server.http("DELETE", path(dataId)).body());
        Wait.until(ConfigRecorder.REMOVED, recorder::latest);
        assertEquals(404, Server.http("GET", path(dataId)).statusCode());
        reader.shutDown();
    }

    private static String path(String dataId) {
        return "/nacos/v1/cs/configs?group=" + GROUP + "&dataId=" + dataId;
    }
}
