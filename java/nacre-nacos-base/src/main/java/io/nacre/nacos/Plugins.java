package io.nacre.nacos;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Names the plug-ins on the class path that this client does not load, once per process. */
final class Plugins {
    private static final Logger LOGGER = LoggerFactory.getLogger(Plugins.class);
    private static final List<String> SERVICES = Arrays.asList(
            "com.alibaba.nacos.plugin.auth.spi.client.AbstractClientAuthService",
            "com.alibaba.nacos.client.address.ServerListProvider",
            "com.alibaba.nacos.client.naming.backups.FailoverDataSource");
    private static final AtomicBoolean DONE = new AtomicBoolean();

    private Plugins() {}

    static void warn() {
        if (DONE.compareAndSet(false, true)) {
            for (String plugin : found(Plugins.class.getClassLoader())) {
                LOGGER.warn("the plug-in {} is not loaded: this client does not support its kind", plugin);
            }
        }
    }

    /** The plug-ins, each as {@code class (kind)}. Read as text: their classes need those of the original. */
    static List<String> found(ClassLoader loader) {
        List<String> found = new ArrayList<>();
        for (String service : SERVICES) {
            try {
                for (URL file : Collections.list(loader.getResources("META-INF/services/" + service))) {
                    for (String name : names(file)) {
                        found.add(name + " (" + service + ")");
                    }
                }
            } catch (IOException e) {
                LOGGER.debug("plug-ins of {} cannot be listed", service, e);
            }
        }
        return found;
    }

    private static List<String> names(URL file) throws IOException {
        List<String> names = new ArrayList<>();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(file.openStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                int comment = line.indexOf('#');
                String name = (comment < 0 ? line : line.substring(0, comment)).trim();
                if (!name.isEmpty()) {
                    names.add(name);
                }
            }
        }
        return names;
    }
}
