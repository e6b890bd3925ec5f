package io.nacre.spring.config;

import io.nacre.ConfigKey;
import io.nacre.spring.client.ConnectionSettings;
import io.nacre.spring.config.NacreConfigProperties.Config;
import java.util.ArrayList;
import java.util.List;
import org.springframework.util.StringUtils;

/** The configs that {@code spring.cloud.nacos.config} lists, each of which wins over those before it. */
final class ListedConfigs {
    private ListedConfigs() {}

    static List<ConfigSpec> of(
            NacreConfigProperties properties, ConnectionSettings settings, String application, List<String> profiles) {
        List<ConfigSpec> specs = new ArrayList<>();
        add(specs, properties, settings, "shared-configs", properties.shared());
        add(specs, properties, settings, "extension-configs", properties.extensions());
        String prefix = firstText(properties.getPrefix(), properties.getName(), application);
        if (prefix != null) {
            String extension = properties.getFileExtension();
            List<String> names = new ArrayList<>(List.of(prefix, prefix + "." + extension));
            profiles.forEach(profile -> names.add(prefix + "-" + profile + "." + extension));
            for (String name : names) {
                ConfigKey key = ConfigKey.of(properties.getGroup(), name);
                specs.add(new ConfigSpec(settings, key, extension, properties.isRefreshEnabled()));
            }
        }
        return specs;
    }

    private static void add(
            List<ConfigSpec> specs,
            NacreConfigProperties properties,
            ConnectionSettings settings,
            String list,
            List<Config> configs) {
        for (Config config : configs) {
            if (!StringUtils.hasText(config.getDataId())) {
                throw new ConfigImportException(
                        "An entry of " + NacreConfigProperties.PREFIX + "." + list + " has no data id",
                        "Set its data-id, or take the entry out");
            }
            String extension = ConfigImport.extension(config.getDataId(), properties);
            boolean refresh = config.isRefresh() && properties.isRefreshEnabled();
            ConfigKey key = ConfigKey.of(config.getGroup(), config.getDataId());
            specs.add(new ConfigSpec(settings, key, extension, refresh));
        }
    }

    private static String firstText(String... texts) {
        for (String text : texts) {
            if (StringUtils.hasText(text)) {
                return text;
            }
        }
        return null;
    }
}
