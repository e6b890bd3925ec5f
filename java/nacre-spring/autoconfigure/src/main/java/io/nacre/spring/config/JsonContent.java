package io.nacre.spring.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.boot.json.JsonParserFactory;

/** Makes properties of JSON with comments. */
final class JsonContent {
    private static final String VALUE = ".value";

    private JsonContent() {}

    static Map<String, Object> parse(String content) {
        Map<String, Object> properties = new LinkedHashMap<>();
        flatten("", JsonParserFactory.getJsonParser().parseMap(withoutComments(content)), properties);
        Map<String, Object> shorter = new LinkedHashMap<>();
        properties.forEach((key, value) -> {
            if (key.endsWith(VALUE)) {
                shorter.put(key.substring(0, key.length() - VALUE.length()), value);
            }
        });
        shorter.forEach(properties::putIfAbsent);
        return properties;
    }

    private static void flatten(String path, Object value, Map<String, Object> properties) {
        if (value instanceof Map<?, ?> map) {
            map.forEach((key, each) -> flatten(path.isEmpty() ? key.toString() : path + "." + key, each, properties));
        } else if (value instanceof List<?> list) {
            for (int i = 0; i < list.size(); i++) {
                flatten(path + "[" + i + "]", list.get(i), properties);
            }
        } else {
            properties.put(path, value == null ? "" : value);
        }
    }

    /** Blanks in the place of comments, so that messages name the right column. */
    static String withoutComments(String content) {
        StringBuilder text = new StringBuilder(content);
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i);
            if (c == '"') {
                i = afterString(text, i);
            } else if (c == '/' && text.indexOf("//", i) == i) {
                i = blank(text, i, end(text, "\n", i));
            } else if (c == '/' && text.indexOf("/*", i) == i) {
                int end = text.indexOf("*/", i + 2);
                i = blank(text, i, end < 0 ? text.length() : end + 2);
            } else {
                i++;
            }
        }
        return text.toString();
    }

    private static int afterString(StringBuilder text, int start) {
        int i = start + 1;
        while (i < text.length() && text.charAt(i) != '"') {
            i += text.charAt(i) == '\\' ? 2 : 1;
        }
        return i + 1;
    }

    private static int end(StringBuilder text, String mark, int from) {
        int end = text.indexOf(mark, from);
        return end < 0 ? text.length() : end;
    }

    private static int blank(StringBuilder text, int from, int to) {
        for (int i = from; i < to; i++) {
            if (text.charAt(i) != '\n') {
                text.setCharAt(i, ' ');
            }
        }
        return to;
    }
}
