package io.nacre.spring.config;

import io.nacre.ConfigKey;
import io.nacre.spring.config.NacreConfigProperties.Preference;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.springframework.util.StringUtils;

/**
 * What one location asks for: {@code nacos:DATA_ID[?group=..&refreshEnabled=..&preference=..&namespace=..&profiles=..]}.
 *
 * @param key the config
 * @param namespace its namespace, null for the one of the settings
 * @param extension its format
 * @param refresh whether it is followed
 * @param preference whether it wins over local files
 * @param profiles whether variants of the active profiles are imported with it
 */
record ConfigImport(
        ConfigKey key, String namespace, String extension, boolean refresh, Preference preference, boolean profiles) {
    private static final Set<String> KNOWN =
            Set.of("group", "refreshEnabled", "preference", "namespace", "profiles");

    /** The location without its prefix. Settings give what it leaves out. */
    static ConfigImport parse(String location, NacreConfigProperties settings) {
        int question = location.indexOf('?');
        String dataId = question < 0 ? location : location.substring(0, question);
        Options options = new Options(location, settings);
        if (question >= 0) {
            for (String pair : location.substring(question + 1).split("&")) {
                options.take(pair);
            }
        }
        if (dataId.startsWith("/")) {
            dataId = dataId.substring(1);
        }
        if (dataId.contains("/")) {
            throw new ConfigImportException(
                    location, "a data id has no \"/\"", "Name the group as \"?group=...\" and write one import per data id");
        }
        try {
            return new ConfigImport(
                    ConfigKey.of(options.group, dataId),
                    options.namespace,
                    extension(dataId, settings),
                    options.refresh,
                    options.preference,
                    options.profiles);
        } catch (IllegalArgumentException e) {
            throw new ConfigImportException(
                    location, e.getMessage(), "Use letters, digits and the characters _ - . : in data ids and groups");
        }
    }

    /** What follows the last dot, else what the settings say. */
    static String extension(String dataId, NacreConfigProperties settings) {
        int dot = dataId.lastIndexOf('.');
        return dot < 0 || dot == dataId.length() - 1 ? settings.getFileExtension() : dataId.substring(dot + 1);
    }

    /** The variant of a profile: {@code app-dev.yaml} of {@code app.yaml}. */
    ConfigImport ofProfile(String profile) {
        String dataId = key.dataId();
        int dot = dataId.lastIndexOf('.');
        String variant = dot < 0
                ? dataId + "-" + profile
                : dataId.substring(0, dot) + "-" + profile + dataId.substring(dot);
        return new ConfigImport(ConfigKey.of(key.group(), variant), namespace, extension, refresh, preference, false);
    }

    /** What stands behind the question mark. */
    private static final class Options {
        private final String location;
        private String group;
        private String namespace;
        private boolean refresh;
        private Preference preference;
        private boolean profiles;

        Options(String location, NacreConfigProperties settings) {
            this.location = location;
            this.group = settings.getGroup();
            this.refresh = settings.isRefreshEnabled();
            this.preference = settings.getPreference();
        }

        void take(String pair) {
            int equals = pair.indexOf('=');
            String name = equals < 0 ? pair : pair.substring(0, equals);
            String value = equals < 0 ? "" : URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8);
            switch (name) {
                case "" -> {}
                case "group" -> group = value;
                case "namespace" -> namespace = value;
                case "refreshEnabled" -> refresh = flag(name, value);
                case "profiles" -> profiles = flag(name, value);
                case "preference" -> preference = preference(value);
                default ->
                    throw new ConfigImportException(location, "\"" + name + "\" is not known", action(name));
            }
        }

        private static String action(String name) {
            return switch (StringUtils.replace(name, "-", "").toLowerCase(java.util.Locale.ROOT)) {
                case "refresh", "autorefresh", "refreshenabled" -> "Write \"refreshEnabled=" + true + "\"";
                case "serveraddr", "username", "password" ->
                    "Set spring.cloud.nacos.config." + name + " instead: all imports share one server";
                case "groupid" -> "Write \"group=...\"";
                case "tenant", "namespaceid" -> "Write \"namespace=...\"";
                default -> "Use one of " + KNOWN.stream().sorted().toList();
            };
        }

        private boolean flag(String name, String value) {
            return switch (value) {
                case "true" -> true;
                case "false" -> false;
                default ->
                    throw new ConfigImportException(
                            location, "\"" + value + "\" is no value of " + name, "Write \"true\" or \"false\"");
            };
        }

        private Preference preference(String value) {
            for (Preference each : Preference.values()) {
                if (each.name().equalsIgnoreCase(value)) {
                    return each;
                }
            }
            throw new ConfigImportException(
                    location, "\"" + value + "\" is no value of preference", "Write \"local\" or \"remote\"");
        }
    }
}
