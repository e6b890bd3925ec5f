package io.nacre.spring.discovery;

import java.util.Set;

/** The settings that change a registration while the application runs. */
final class RegistrationKeys {
    private static final Set<String> PLAIN =
            Set.of("service", "weight", "cluster-name", "group", "register-enabled", "secure", "instance-enabled");

    private RegistrationKeys() {}

    static boolean concern(String key) {
        String prefix = NacreDiscoveryProperties.PREFIX + ".";
        if (!key.startsWith(prefix)) {
            return false;
        }
        String rest = key.substring(prefix.length());
        return PLAIN.contains(dashed(rest)) || rest.startsWith("metadata");
    }

    private static String dashed(String name) {
        return name.replaceAll("([A-Z])", "-$1").toLowerCase(java.util.Locale.ROOT);
    }
}
