package io.nacre.nacos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.alibaba.nacos.api.config.ConfigChangeItem;
import com.alibaba.nacos.client.config.impl.ConfigChangeHandler;
import com.alibaba.nacos.client.config.listener.impl.PropertiesListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.error.YAMLException;

class ConfigChangesTest {
    private static Map<String, String> changes(String before, String now, String type) throws Exception {
        Map<String, String> texts = new TreeMap<>();
        for (Map.Entry<String, ConfigChangeItem> each : ConfigChangeHandler.getInstance()
                .parseChangeData(before, now, type)
                .entrySet()) {
            ConfigChangeItem item = each.getValue();
            texts.put(each.getKey(), item.getType() + " " + item.getOldValue() + " " + item.getNewValue());
        }
        return texts;
    }

    @Test
    void propertiesAreComparedKeyByKey() throws Exception {
        assertEquals(
                Map.of("b", "MODIFIED 2 3", "c", "DELETED 4 null", "d", "ADDED null 5"),
                changes("a=1\nb=2\nc=4", "a=1\nb=3\nd=5", "properties"));
        assertEquals(Map.of("a", "ADDED null 1"), changes(null, "a=1", "PROPERTIES"));
        assertEquals(Map.of("a", "DELETED 1 null"), changes("a=1", null, "properties"));
    }

    @Test
    void yamlIsFlattened() throws Exception {
        assertEquals(
                Map.of("a.b[0]", "MODIFIED 1 2", "a.c[1].d", "ADDED null x", "e", "ADDED null "),
                changes("a: {b: [1]}", "a: {b: [2], c: [{}, {d: x}]}\ne:", "yaml"));
        assertEquals(Map.of("a", "MODIFIED 1 true"), changes("a: 1", "a: true", "yml"));
        assertEquals(Map.of(), changes("just text", "other text", "yaml"));
    }

    @Test
    void yamlTagsThatNameClassesAreRefused() {
        assertThrows(YAMLException.class, () -> changes("", "a: !!javax.script.ScriptEngineManager []", "yaml"));
    }

    @Test
    void otherTypesHaveNoChanges() throws Exception {
        assertEquals(Map.of(), changes("a", "b", "text"));
        assertEquals(Map.of(), changes("a", "b", null));
    }

    @Test
    void propertiesListenerSkipsWhatItCannotParse() {
        List<Properties> seen = new ArrayList<>();
        PropertiesListener listener = new PropertiesListener() {
            @Override
            public void innerReceive(Properties properties) {
                seen.add(properties);
            }
        };
        listener.receiveConfigInfo("");
        listener.receiveConfigInfo("a=\\u12");
        listener.receiveConfigInfo("a=1");
        assertEquals(1, seen.size());
        assertEquals("1", seen.get(0).getProperty("a"));
    }
}
