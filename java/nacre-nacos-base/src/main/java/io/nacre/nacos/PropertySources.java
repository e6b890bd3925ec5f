package io.nacre.nacos;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The three sources of settings in the order of the original: properties, system properties, environment, unless
 * {@code nacos.env.first} puts one of them first. The first source that has a key wins, also with an empty value,
 * which means "not set".
 */
final class PropertySources {
    private static final Logger LOGGER = LoggerFactory.getLogger(PropertySources.class);

    private final Function<String, String> properties;
    private final Map<String, String> jvm;
    private final Map<String, String> environment;
    private final List<Function<String, String>> order;
    private final List<Function<String, String>> exactOrder;

    PropertySources(Properties properties, Map<String, String> jvm, Map<String, String> environment) {
        this.properties = properties::getProperty;
        this.jvm = jvm;
        this.environment = environment;
        this.order = order(this::environment);
        this.exactOrder = order(environment::get);
    }

    /** The sources of this process. */
    static PropertySources ofProcess(Properties properties) {
        Properties system = System.getProperties();
        Map<String, String> jvm = new java.util.HashMap<>();
        for (String name : system.stringPropertyNames()) {
            jvm.put(name, system.getProperty(name));
        }
        return new PropertySources(properties, jvm, System.getenv());
    }

    private List<Function<String, String>> order(Function<String, String> env) {
        String first = jvm.get("nacos.env.first");
        if (isBlank(first)) {
            first = environment("nacos.env.first");
        }
        switch (isBlank(first) ? "properties" : first.trim().toLowerCase(Locale.ROOT)) {
            case "properties":
                break;
            case "jvm":
                return Arrays.asList(jvm::get, properties, env);
            case "env":
                return Arrays.asList(env, jvm::get, properties);
            default:
                LOGGER.warn("nacos.env.first is {}; it takes properties, jvm or env", first);
                break;
        }
        return Arrays.asList(properties, jvm::get, env);
    }

    private String environment(String key) {
        for (String base : Arrays.asList(key, key.toUpperCase(Locale.ROOT))) {
            for (String name : spellings(base)) {
                String value = environment.get(name);
                if (value != null) {
                    return value;
                }
            }
        }
        return null;
    }

    private static List<String> spellings(String key) {
        List<String> names = new ArrayList<>(4);
        names.add(key);
        names.add(key.replace('.', '_'));
        names.add(key.replace('-', '_'));
        names.add(key.replace('.', '_').replace('-', '_'));
        return names;
    }

    /** The value of a key, null when no source has it. */
    String raw(String key) {
        return first(order, key);
    }

    private static String first(List<Function<String, String>> sources, String key) {
        for (Function<String, String> source : sources) {
            String value = source.apply(key);
            if (value != null) {
                return value;
            }
        }
        return null;
    }

    /** The trimmed value of a key, null when it is not set or blank. */
    String text(String key) {
        return orNull(raw(key));
    }

    /** As {@link #text}, but the environment is asked for exactly this name. */
    String exact(String key) {
        return orNull(first(exactOrder, key));
    }

    String text(String key, String otherwise) {
        String value = text(key);
        return value == null ? otherwise : value;
    }

    /** The value of the first key that is set, null when none is. */
    String anyOf(String... keys) {
        for (String key : keys) {
            String value = text(key);
            if (value != null) {
                return value;
            }
        }
        return null;
    }

    String property(String key) {
        return orNull(properties.apply(key));
    }

    String jvm(String key) {
        return orNull(jvm.get(key));
    }

    String env(String key) {
        return orNull(environment.get(key));
    }

    /** A switch; words that mean neither on nor off are refused. */
    boolean flag(String key, boolean otherwise) {
        String value = text(key);
        if (value == null) {
            return otherwise;
        }
        switch (value.toLowerCase(Locale.ROOT)) {
            case "true":
            case "on":
            case "yes":
            case "1":
                return true;
            case "false":
            case "off":
            case "no":
            case "0":
                return false;
            default:
                throw new IllegalArgumentException(key + " is '" + value + "', which is neither true nor false");
        }
    }

    long number(String key, long otherwise) {
        return number(key, text(key), otherwise);
    }

    long exactNumber(String key, long otherwise) {
        return number(key, exact(key), otherwise);
    }

    private static long number(String key, String value, long otherwise) {
        if (value == null) {
            return otherwise;
        }
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            LOGGER.warn("{} is '{}', which is no number; {} is used", key, value, otherwise);
            return otherwise;
        }
    }

    static boolean isBlank(String text) {
        return text == null || text.trim().isEmpty();
    }

    private static String orNull(String text) {
        return isBlank(text) ? null : text.trim();
    }
}
