package io.nacre.spring.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.springframework.core.ResolvableType;

class ConfigContentTest {
    private static Map<String, Object> parse(String extension, String content) {
        return ConfigContent.parse(
                "nacos:test", extension, "test." + extension, content, profiles -> Arrays.asList(profiles).contains("dev"));
    }

    private static String text(Map<String, Object> properties, String key) {
        return new NacosPropertySource("x", properties, null).getProperty(key).toString();
    }

    @Test
    void laterDocumentsWinAndProfilesChooseThem() {
        Map<String, Object> yaml = parse(
                "yml",
                "a: 1\nb: 1\nlist: [x, y, z]\n---\na: 2\nlist: [q]\n---\nspring.config.activate.on-profile: dev, other\n"
                        + "b: 2\n---\nspring.config.activate.on-profile: prod\nb: 3");
        assertEquals("2", text(yaml, "a"));
        assertEquals("2", text(yaml, "b"));
        assertEquals("q", text(yaml, "list[0]"));
        assertFalse(yaml.containsKey("list[1]"), yaml.toString());
        assertFalse(yaml.containsKey("spring.config.activate.on-profile"));
        assertTrue(new NacosPropertySource("x", yaml, null).getOrigin("a").toString().contains("nacos:test"));
    }

    @Test
    void propertiesAreUtf8() {
        assertEquals("\u00e9\ud83e\udd80", text(parse("properties", "k=\u00e9\ud83e\udd80"), "k"));
    }

    @Test
    void jsonHasComments() {
        Map<String, Object> json = parse(
                "json",
                "// first\n{\"a\": \"http://x/*no*/\", \"b\": {\"value\": 1}, \"c\": [1, {\"d\": null}], \"q\": \"\\\"//\"} /* last");
        assertEquals("http://x/*no*/", json.get("a"));
        assertEquals(1, json.get("b"));
        assertEquals(1, json.get("c[0]"));
        assertEquals("", json.get("c[1].d"));
        assertEquals("\"//", json.get("q"));
        assertThrows(ConfigContentException.class, () -> parse("json", "[1]"));
        assertThrows(ConfigContentException.class, () -> parse("json", "{\"a\": "));
    }

    @Test
    void xmlHasPathsAndNoEntities() {
        Map<String, Object> xml = parse("xml", "<a b='1'><c>text</c><d><![CDATA[<x>]]></d><!-- no --></a>");
        assertEquals(Map.of("a.b", "1", "a.c", "text", "a.d", "<x>"), xml);
        ConfigContentException refused = assertThrows(
                ConfigContentException.class,
                () -> parse("xml", "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/hostname'>]><a>&e;</a>"));
        assertTrue(refused.getMessage().contains("DOCTYPE"), refused.getMessage());
    }

    @Test
    void unknownFormatsHaveNoProperties() {
        assertTrue(parse("toml", "a = 1").isEmpty());
        assertTrue(parse("yaml", "  \n").isEmpty());
        assertEquals(Map.of("test.text", "a = 1"), parse("text", "a = 1"));
        assertFalse(ConfigContent.isKnown("toml"));
        assertTrue(ConfigContent.isKnown("YAML"));
    }

    @Test
    void partsOfContentsAreBound() {
        ContentBinder guess = new ContentBinder("app", "unknown");
        assertEquals("1", guess.text("a.b=1", "a.b"));
        assertEquals("1", guess.text("a:\n  b: 1", "a.b"));
        assertEquals(5, guess.value("a: 1", "b", "5", ResolvableType.forClass(int.class)));
        ContentBinder properties = new ContentBinder("app.properties", "properties");
        Properties all = (Properties) properties.value("a=1\nb=2", "", "", ResolvableType.forClass(Properties.class));
        assertEquals("2", all.getProperty("b"));
        assertEquals(
                Map.of("x", 1, "y", 2),
                properties.value(
                        "m.x=1\nm.y=2", "m", "", ResolvableType.forClassWithGenerics(Map.class, String.class, Integer.class)));
    }
}
