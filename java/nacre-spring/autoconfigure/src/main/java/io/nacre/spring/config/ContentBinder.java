package io.nacre.spring.config;

import java.time.temporal.TemporalAmount;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.springframework.beans.BeanUtils;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.convert.ApplicationConversionService;
import org.springframework.core.ResolvableType;
import org.springframework.core.convert.ConversionService;
import org.springframework.util.StringUtils;
import org.springframework.util.unit.DataSize;

/** Makes values for fields, parameters and beans of a content or of one of its properties. */
final class ContentBinder {
    private static final String ROOT = "root";

    private final String dataId;
    private final String extension;

    /** {@code extension} may be one that is not known: then it is guessed. */
    ContentBinder(String dataId, String extension) {
        this.dataId = dataId;
        this.extension = extension.toLowerCase(Locale.ROOT);
    }

    /** The text of a content, or of one of its properties; null when there is none. A sub-tree has no text. */
    String text(String content, String key) {
        if (content == null || key.isEmpty()) {
            return content;
        }
        return properties(content).get(key);
    }

    /** All properties of a content. */
    Map<String, String> properties(String content) {
        Map<String, String> texts = new LinkedHashMap<>();
        if (content != null) {
            flat(content, extension).forEach((key, value) -> texts.put(key, String.valueOf(value)));
        }
        return texts;
    }

    /** Null when there is no value. */
    Object value(String content, String key, String otherwise, ResolvableType type) {
        String text = text(content, key);
        if (StringUtils.hasText(text)) {
            return convert(text, key.isEmpty() ? extension : "json", type);
        }
        if (!key.isEmpty() && content != null && !isSimple(type.toClass())) {
            Object tree = bind(flat(content, extension), key, Bindable.of(type));
            if (tree != null) {
                return tree;
            }
        }
        return StringUtils.hasText(otherwise) ? convert(otherwise, "json", type) : null;
    }

    /** Sets the properties of a bean that the content has. */
    void bindTo(Object bean, String content, String key, String otherwise) {
        Object source = content == null || text(content, key) == null && !key.isEmpty() ? null : content;
        Bindable<?> target = Bindable.ofInstance(bean);
        if (source == null && content != null) {
            bind(flat(content, extension), key, target);
        } else if (content != null && key.isEmpty()) {
            bind(rooted(content, extension), ROOT, target);
        } else if (content != null) {
            bind(rooted(text(content, key), "json"), ROOT, target);
        } else if (StringUtils.hasText(otherwise)) {
            bind(rooted(otherwise, "json"), ROOT, target);
        }
    }

    private Object convert(String text, String format, ResolvableType type) {
        Class<?> raw = type.toClass();
        if (raw == String.class || raw == Object.class || raw == CharSequence.class) {
            return text;
        }
        if (raw == Properties.class) {
            Properties properties = new Properties();
            flat(text, format).forEach((key, value) -> properties.setProperty(key, String.valueOf(value)));
            return properties;
        }
        ConversionService conversions = ApplicationConversionService.getSharedInstance();
        if (isSimple(raw)) {
            return conversions.convert(text.trim(), raw);
        }
        return bind(rooted(text, format), ROOT, Bindable.of(type));
    }

    private static boolean isSimple(Class<?> type) {
        return BeanUtils.isSimpleValueType(type)
                || TemporalAmount.class.isAssignableFrom(type)
                || type == DataSize.class;
    }

    private static Object bind(Map<String, Object> properties, String name, Bindable<?> target) {
        return new Binder(new MapConfigurationPropertySource(properties)).bind(name, target).orElse(null);
    }

    /** Below a name of our own, so that a list can be the whole content. */
    private Map<String, Object> rooted(String text, String format) {
        if (isJson(text, format)) {
            return JsonContent.parse("{\"" + ROOT + "\":" + text + "}");
        }
        Map<String, Object> all = new LinkedHashMap<>();
        flat(text, format).forEach((key, value) -> all.put(ROOT + "." + key, value));
        return all;
    }

    private static boolean isJson(String text, String format) {
        String begin = text.stripLeading();
        return format.equals("json") && (begin.startsWith("{") || begin.startsWith("["));
    }

    private Map<String, Object> flat(String text, String format) {
        if (format.equals("json") && !isJson(text, format) || !ConfigContent.isKnown(format)) {
            return guess(text);
        }
        return ConfigContent.parse(dataId, format, dataId, text, profiles -> true);
    }

    /** YAML, and properties where that fails or finds a single text. */
    private Map<String, Object> guess(String text) {
        try {
            Map<String, Object> yaml = ConfigContent.parse(dataId, "yaml", dataId, text, profiles -> true);
            if (!yaml.containsKey("document")) {
                return yaml;
            }
        } catch (ConfigContentException e) {
            return ConfigContent.parse(dataId, "properties", dataId, text, profiles -> true);
        }
        return ConfigContent.parse(dataId, "properties", dataId, text, profiles -> true);
    }
}
