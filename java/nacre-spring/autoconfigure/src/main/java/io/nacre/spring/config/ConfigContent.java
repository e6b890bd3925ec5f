package io.nacre.spring.config;

import io.nacre.ConfigValue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.springframework.boot.env.PropertySourceLoader;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.support.SpringFactoriesLoader;

/**
 * Makes properties of a config's text. Properties and YAML are read by Spring Boot's loaders, JSON and XML by our own,
 * other formats by whichever {@link PropertySourceLoader} knows their extension.
 */
final class ConfigContent {
    private static final String ACTIVATE = "spring.config.activate.";

    private ConfigContent() {}

    /** {@code accepts} says whether documents for these profiles count. */
    static Map<String, Object> parse(String name, ConfigSpec spec, ConfigValue value, Predicate<String[]> accepts) {
        String extension = spec.extension().toLowerCase(Locale.ROOT);
        if (!isKnown(extension) && value.type() != null && isKnown(value.type())) {
            extension = value.type().toLowerCase(Locale.ROOT);
        }
        return parse(name, extension, spec.key().dataId(), value.content(), accepts);
    }

    static Map<String, Object> parse(
            String name, String extension, String dataId, String content, Predicate<String[]> accepts) {
        if (content.isBlank()) {
            return Map.of();
        }
        try {
            return switch (extension) {
                case "json" -> JsonContent.parse(content);
                case "xml" -> XmlContent.parse(content);
                case "txt", "text", "plain" -> Map.of(dataId, content);
                case "properties" -> loaded(name, extension, ascii(content), accepts);
                default -> loaded(name, extension, content, accepts);
            };
        } catch (Exception e) {
            throw new ConfigContentException(name, extension, e);
        }
    }

    static boolean isKnown(String extension) {
        return switch (extension.toLowerCase(Locale.ROOT)) {
            case "json", "xml", "txt", "text", "plain" -> true;
            default -> loader(extension) != null;
        };
    }

    private static PropertySourceLoader loader(String extension) {
        List<PropertySourceLoader> loaders =
                SpringFactoriesLoader.loadFactories(PropertySourceLoader.class, ConfigContent.class.getClassLoader());
        for (PropertySourceLoader loader : loaders) {
            for (String each : loader.getFileExtensions()) {
                if (each.equalsIgnoreCase(extension)) {
                    return loader;
                }
            }
        }
        return null;
    }

    private static Map<String, Object> loaded(
            String name, String extension, String content, Predicate<String[]> accepts) throws IOException {
        PropertySourceLoader loader = loader(extension);
        if (loader == null) {
            return Map.of();
        }
        ByteArrayResource resource = new ByteArrayResource(content.getBytes(StandardCharsets.UTF_8), name) {
            @Override
            public String getFilename() {
                return "config." + extension;
            }
        };
        Map<String, Object> all = new LinkedHashMap<>();
        for (PropertySource<?> document : loader.load(name, resource)) {
            if (document instanceof EnumerablePropertySource<?> source && isActive(source, accepts)) {
                merge(all, source);
            }
        }
        return all;
    }

    /** A later document takes the place of a list of an earlier one, as its other values do. */
    private static void merge(Map<String, Object> all, EnumerablePropertySource<?> source) {
        Object raw = source.getSource();
        for (String key : source.getPropertyNames()) {
            int bracket = key.indexOf("[0]");
            if (bracket > 0) {
                String list = key.substring(0, bracket) + "[";
                all.keySet().removeIf(each -> each.startsWith(list) && !source.containsProperty(each));
            }
        }
        for (String key : source.getPropertyNames()) {
            if (!key.startsWith(ACTIVATE)) {
                all.put(key, raw instanceof Map<?, ?> map ? map.get(key) : source.getProperty(key));
            }
        }
    }

    private static boolean isActive(EnumerablePropertySource<?> document, Predicate<String[]> accepts) {
        Map<String, Object> profiles = new LinkedHashMap<>();
        for (String key : document.getPropertyNames()) {
            if (key.equals(ACTIVATE + "on-profile") || key.startsWith(ACTIVATE + "on-profile[")) {
                profiles.put(key, document.getProperty(key));
            }
        }
        if (profiles.isEmpty()) {
            return true;
        }
        String[] expressions = profiles.values().stream()
                .flatMap(value -> List.of(value.toString().split(",")).stream())
                .map(String::trim)
                .filter(text -> !text.isEmpty())
                .toArray(String[]::new);
        return expressions.length > 0 && accepts.test(expressions);
    }

    /** Boot's loader takes properties for ISO 8859-1. */
    private static String ascii(String content) {
        StringBuilder text = new StringBuilder(content.length());
        for (int i = 0; i < content.length(); i++) {
            char c = content.charAt(i);
            if (c < 0x80) {
                text.append(c);
            } else {
                text.append(String.format("\\u%04x", (int) c));
            }
        }
        return text.toString();
    }
}
