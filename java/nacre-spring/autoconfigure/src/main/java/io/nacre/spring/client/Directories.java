package io.nacre.spring.client;

import java.nio.file.Path;
import org.springframework.boot.context.properties.bind.Binder;

/** Where caches and snapshots are kept. */
final class Directories {
    private Directories() {}

    /** The folder that {@code nacre.client.directory} names, else Nacos's; none when files are switched off. */
    static String choose(Binder binder) {
        if (!binder.bind("nacre.client.files", Boolean.class).orElse(true)) {
            return "";
        }
        String own = ConnectionSettings.text(binder, "nacre.client.directory");
        if (!own.isEmpty()) {
            return own;
        }
        String base = System.getProperty("JM.SNAPSHOT.PATH", System.getProperty("user.home"));
        return base == null ? "" : Path.of(base, "nacos").toString();
    }
}
