package io.nacre.internal;

import java.io.File;
import java.util.Locale;

/** Operating system, architecture and C library, as the folders of the native libraries are named. */
final class Platform {
    private final String os;
    private final String arch;
    private final boolean musl;

    Platform(String os, String arch, boolean musl) {
        this.os = os;
        this.arch = arch;
        this.musl = musl;
    }

    /** The one that this process runs on. */
    static Platform current() {
        String os = os(System.getProperty("os.name", ""));
        return new Platform(os, arch(System.getProperty("os.arch", "")), os.equals("linux") && isMusl());
    }

    static String os(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (lower.startsWith("linux")) {
            return "linux";
        } else if (lower.startsWith("mac") || lower.startsWith("darwin")) {
            return "osx";
        } else if (lower.startsWith("windows")) {
            return "windows";
        }
        return lower.replaceAll("[^a-z0-9]+", "");
    }

    static String arch(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (lower.equals("amd64") || lower.equals("x86_64") || lower.equals("x64")) {
            return "x86_64";
        } else if (lower.equals("aarch64") || lower.equals("arm64")) {
            return "aarch_64";
        }
        return lower.replaceAll("[^a-z0-9_]+", "");
    }

    /** The name of the folder, which is the classifier of the jar too: {@code linux-x86_64-musl}. */
    String folder() {
        return os + "-" + arch + (musl ? "-musl" : "");
    }

    String fileName() {
        return os.equals("windows") ? "nacre_jni.dll" : os.equals("osx") ? "libnacre_jni.dylib" : "libnacre_jni.so";
    }

    boolean isWindows() {
        return os.equals("windows");
    }

    @Override
    public String toString() {
        String libc = os.equals("linux") ? musl ? ", musl" : ", glibc" : "";
        return "operating system " + os + ", architecture " + arch + libc;
    }

    private static boolean isMusl() {
        String[] loaders = new File("/lib").list((folder, name) -> name.startsWith("ld-musl-"));
        String[] glibc = new File("/lib64").list((folder, name) -> name.startsWith("ld-linux-"));
        // A glibc system may have musl beside it.
        return loaders != null && loaders.length > 0 && (glibc == null || glibc.length == 0);
    }
}
