package io.nacre.spring.client;

import io.nacre.NacreClient;
import io.nacre.Tls;
import java.nio.file.Path;
import org.springframework.boot.context.properties.bind.Binder;

/**
 * TLS of a connection, {@code nacre.client.tls.*}.
 *
 * @param enabled whether it is used
 * @param trustAny whether every certificate is accepted
 * @param rootFile certificates that are trusted, PEM, or empty for the public ones
 * @param certificateFile the client's own certificates, PEM, or empty
 * @param keyFile the key of these, PEM, or empty
 * @param keyPassword the key's password, or empty
 * @param serverName the name that the certificate must have, or empty for the server's address
 */
record TlsSettings(
        boolean enabled,
        boolean trustAny,
        String rootFile,
        String certificateFile,
        String keyFile,
        String keyPassword,
        String serverName) {
    private static final String PREFIX = "nacre.client.tls.";

    static TlsSettings read(Binder binder) {
        return new TlsSettings(
                ConnectionSettings.flag(binder, PREFIX + "enabled"),
                ConnectionSettings.flag(binder, PREFIX + "trust-any"),
                ConnectionSettings.text(binder, PREFIX + "root-file"),
                ConnectionSettings.text(binder, PREFIX + "certificate-file"),
                ConnectionSettings.text(binder, PREFIX + "key-file"),
                ConnectionSettings.text(binder, PREFIX + "key-password"),
                ConnectionSettings.text(binder, PREFIX + "server-name"));
    }

    void applyTo(NacreClient.Builder builder) {
        if (!enabled) {
            return;
        }
        Tls tls;
        if (trustAny) {
            tls = Tls.trustAny();
        } else if (rootFile.isEmpty()) {
            tls = Tls.publicRoots();
        } else {
            tls = Tls.roots(Path.of(rootFile));
        }
        if (!certificateFile.isEmpty()) {
            tls = keyPassword.isEmpty()
                    ? tls.identity(Path.of(certificateFile), Path.of(keyFile))
                    : tls.identity(Path.of(certificateFile), Path.of(keyFile), keyPassword);
        }
        if (!serverName.isEmpty()) {
            tls = tls.serverName(serverName);
        }
        builder.tls(tls);
    }
}
