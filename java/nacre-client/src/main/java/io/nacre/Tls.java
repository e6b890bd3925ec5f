package io.nacre;

import java.nio.file.Path;

/** TLS of the connection. Files are PEM and are read anew for each connection. */
public final class Tls {
    int roots = PUBLIC;
    Path rootsFile;
    Path certificates;
    Path key;
    String password;
    String serverName;
    boolean http;

    static final int PUBLIC = 0;
    static final int FILE = 1;
    static final int ANY = 2;

    private Tls(int roots, Path rootsFile) {
        this.roots = roots;
        this.rootsFile = rootsFile;
    }

    /**
     * Believes the public authorities that browsers trust.
     *
     * @return the settings
     */
    public static Tls publicRoots() {
        return new Tls(PUBLIC, null);
    }

    /**
     * Believes the certificates of a PEM file.
     *
     * @param file the file
     * @return the settings
     */
    public static Tls roots(Path file) {
        return new Tls(FILE, Names.present(file, "file"));
    }

    /**
     * Believes any server. An attacker on the way can read and change everything.
     *
     * @return the settings
     */
    public static Tls trustAny() {
        return new Tls(ANY, null);
    }

    /**
     * Sets the certificate with which the client proves who it is (mutual TLS).
     *
     * @param certificates certificate chain, the client's own first
     * @param key private key: PKCS#8, PKCS#1 or SEC1, not encrypted
     * @return this
     */
    public Tls identity(Path certificates, Path key) {
        this.certificates = Names.present(certificates, "certificates");
        this.key = Names.present(key, "key");
        return this;
    }

    /**
     * Sets the certificate with which the client proves who it is (mutual TLS).
     *
     * @param certificates certificate chain, the client's own first
     * @param key private key: encrypted PKCS#8
     * @param password of the key
     * @return this
     */
    public Tls identity(Path certificates, Path key, String password) {
        this.password = Names.present(password, "password");
        return identity(certificates, key);
    }

    /**
     * Name that the server's certificate must have.
     *
     * @param serverName default: the host of the address
     * @return this
     */
    public Tls serverName(String serverName) {
        this.serverName = serverName;
        return this;
    }

    /**
     * Whether HTTP requests (login, maintenance) to addresses without a scheme use TLS too.
     *
     * @param http default false: the main port of a Nacos server speaks plain HTTP even where its gRPC port speaks
     *     TLS
     * @return this
     */
    public Tls http(boolean http) {
        this.http = http;
        return this;
    }
}
