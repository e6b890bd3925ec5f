package io.nacre.nacos;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;

/** TLS as the keys {@code nacos.remote.client.rpc.tls.*} say. */
final class TlsSettings {
    private static final String PREFIX = "nacos.remote.client.rpc.tls.";

    /** Whether any server is believed. */
    final boolean trustAll;
    /** Null when any server is believed. */
    final Path roots;
    /** Null unless the client proves who it is. */
    final Path certificates;

    final Path key;
    /** Null unless the key is encrypted. */
    final String password;

    private TlsSettings(boolean trustAll, Path roots, Path certificates, Path key, String password) {
        this.trustAll = trustAll;
        this.roots = roots;
        this.certificates = certificates;
        this.key = key;
        this.password = password;
    }

    /** Null when TLS is off. */
    static TlsSettings of(PropertySources sources) {
        if (!on(sources, "enable", false)) {
            return null;
        }
        boolean trustAll = on(sources, "trustAll", true);
        String roots = sources.exact(PREFIX + "trustCollectionChainPath");
        if (!trustAll && roots == null) {
            throw new IllegalArgumentException(PREFIX + "trustCollectionChainPath is required unless trustAll is on");
        }
        Path certificates = null;
        Path key = null;
        String password = null;
        if (on(sources, "mutualAuth", false)) {
            certificates = file(required(sources, "certChainFile"));
            key = file(required(sources, "certPrivateKey"));
            password = sources.exact(PREFIX + "certPrivateKeyPassword");
        }
        return new TlsSettings(trustAll, trustAll ? null : file(roots), certificates, key, password);
    }

    private static boolean on(PropertySources sources, String key, boolean otherwise) {
        String value = sources.exact(PREFIX + key);
        return value == null ? otherwise : Boolean.parseBoolean(value);
    }

    private static String required(PropertySources sources, String key) {
        String value = sources.exact(PREFIX + key);
        if (value == null) {
            throw new IllegalArgumentException(PREFIX + key + " is required with mutualAuth");
        }
        return value;
    }

    /** A path, a {@code file:} URL, or a class-path resource, which is copied to a temporary file. */
    private static Path file(String location) {
        if (location.startsWith("file:")) {
            return Paths.get(URI.create(location));
        }
        String name = location.startsWith("classpath:") ? location.substring("classpath:".length()) : location;
        Path path = Paths.get(name);
        if (name.equals(location) && Files.exists(path)) {
            return path;
        }
        URL resource = TlsSettings.class.getClassLoader().getResource(name);
        if (resource == null) {
            throw new IllegalArgumentException(location + " is neither a file nor a class-path resource");
        }
        try (InputStream input = resource.openStream()) {
            Path copy = Files.createTempFile("nacre-tls-", ".pem");
            copy.toFile().deleteOnExit();
            Files.copy(input, copy, StandardCopyOption.REPLACE_EXISTING);
            return copy;
        } catch (IOException e) {
            throw new IllegalArgumentException(location + " cannot be read", e);
        }
    }
}
