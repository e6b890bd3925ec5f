package io.nacre.nacos;

import com.alibaba.nacos.client.utils.ParamUtil;
import com.alibaba.nacos.common.utils.MD5Utils;
import io.nacre.ConfigKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The failover and snapshot files of configs, read to know what a new listener knows already. The engine writes them;
 * the places are those of its {@code config/files.rs}, which are those of the original.
 */
final class LocalConfigs {
    private static final Logger LOGGER = LoggerFactory.getLogger(LocalConfigs.class);
    private static final int NAME_LENGTH = 255;
    private static final int KEPT_LENGTH = 200;
    private static final boolean WINDOWS =
            System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("windows");

    /** A text and the key with which it is encrypted, itself encrypted; empty for a text that is not. */
    static final class Text {
        final String content;
        final String dataKey;

        Text(String content, String dataKey) {
            this.content = content;
            this.dataKey = dataKey;
        }

        String md5() {
            return MD5Utils.md5Hex(content, "UTF-8");
        }
    }

    private final List<Path> folders;
    /** Spellings of the namespace as a part of paths; empty: no such part. */
    private final List<String> tenants;

    LocalConfigs(ClientSettings settings) {
        Path root = Paths.get(settings.directory, "nacos", "config");
        folders = names(settings).stream()
                .map(name -> root.resolve(ParamUtil.simplyEnvNameIfOverLimit(name) + "_nacos"))
                .collect(Collectors.toList());
        boolean isDefault = settings.namespace.isEmpty() || settings.namespace.equals("public");
        tenants = isDefault ? Arrays.asList("", "public") : Collections.singletonList(settings.namespace);
    }

    /** What a listener that is added now knows: the failover file, else the snapshot, else null. */
    Text known(ConfigKey key) {
        Text failover = find(key, "data/config-data", "encrypted-data-key/failover");
        return failover == null ? find(key, "snapshot", "encrypted-data-key/snapshot") : failover;
    }

    private Text find(ConfigKey key, String contents, String dataKeys) {
        for (Path folder : folders) {
            for (String tenant : tenants) {
                String content = read(path(folder, contents, tenant, key));
                if (content != null) {
                    String dataKey = read(path(folder, dataKeys, tenant, key));
                    return new Text(content, dataKey == null ? "" : dataKey);
                }
            }
        }
        return null;
    }

    private static Path path(Path folder, String tree, String tenant, ConfigKey key) {
        Path place = tenant.isEmpty()
                ? folder.resolve(tree)
                : folder.resolve(tree + "-tenant").resolve(file(tenant));
        return place.resolve(file(key.group())).resolve(file(key.dataId()));
    }

    private static String read(Path path) {
        try {
            return new String(Files.readAllBytes(path), StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            LOGGER.warn("{} cannot be read", path, e);
            return null;
        }
    }

    /** Deletes all snapshots of this service. */
    void deleteSnapshots() {
        for (Path folder : folders) {
            for (String tree : Arrays.asList(
                    "snapshot",
                    "snapshot-tenant",
                    "encrypted-data-key/snapshot",
                    "encrypted-data-key/snapshot-tenant")) {
                delete(folder.resolve(tree));
            }
        }
    }

    private static void delete(Path tree) {
        if (!Files.isDirectory(tree)) {
            return;
        }
        try (Stream<Path> found = Files.walk(tree)) {
            for (Path path : found.sorted(Collections.reverseOrder()).collect(Collectors.toList())) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            LOGGER.warn("snapshots under {} cannot be deleted", tree, e);
        }
    }

    /** Names of the folder: the one that is written first, then those that other versions of the original wrote. */
    private static List<String> names(ClientSettings settings) {
        boolean isDefault = settings.namespace.isEmpty() || settings.namespace.equals("public");
        String namespace = isDefault ? "public" : settings.namespace;
        List<String> names = new ArrayList<>();
        if (settings.environmentName != null) {
            names.add(plain(settings.environmentName));
        } else if (settings.endpoint != null) {
            ClientSettings.Address address = settings.endpoint;
            String name = plain(
                    "custom-" + address.host + "_" + address.port + "_" + address.contextPath + "_" + address.list);
            if (isDefault) {
                names.add(name);
            }
            names.add(name + "_" + namespace);
        } else {
            String suffix = settings.servers.stream()
                    .map(server -> address(server, settings.defaultPort))
                    .collect(Collectors.joining("-"));
            if (isDefault) {
                names.add("fixed-" + suffix);
            }
            names.add("fixed-" + namespace + "-" + suffix);
        }
        List<String> all = new ArrayList<>();
        names.forEach(name -> all.add("Config-" + name));
        all.addAll(names);
        return all;
    }

    private static String address(String server, int defaultPort) {
        if (server.startsWith("http://") || server.startsWith("https://")) {
            return plain(server.substring(server.indexOf("//") + 2));
        }
        return server.indexOf(':') >= 0 ? plain(server) : plain(server) + "_" + defaultPort;
    }

    private static String plain(String name) {
        return name.replace(':', '_').replace('/', '_');
    }

    /** A checked name as the name of a file. */
    private static String file(String name) {
        String text = name;
        if (name.equals(".") || name.equals("..")) {
            text = name.replace(".", "%2E");
        } else if (WINDOWS) {
            text = name.replace(":", "%3A");
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= NAME_LENGTH) {
            return text;
        }
        int end = KEPT_LENGTH;
        while ((bytes[end] & 0xc0) == 0x80) {
            end--;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8) + "%" + MD5Utils.md5Hex(name, "UTF-8");
    }
}
