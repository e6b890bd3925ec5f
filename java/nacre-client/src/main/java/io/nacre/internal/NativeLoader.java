package io.nacre.internal;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds and loads the native library: the file that the system property {@code io.nacre.library} names; {@code
 * java.library.path}; the resource {@code /META-INF/native/OS-ARCH[-musl]/}, unpacked into the folder of {@code
 * io.nacre.workdir}, of {@code java.io.tmpdir}, or the user's cache.
 */
final class NativeLoader {
    /** Number of the encoding of {@link Op}; rises with each change of it. */
    static final int FORMAT = 1;

    // Joined at run time: tools that move classes to another package change constants that look like names of it.
    static final String LIBRARY = String.join(".", "io", "nacre", "library");
    static final String WORKDIR = String.join(".", "io", "nacre", "workdir");
    private static final String NATIVE_CLASS = "nacre.native.class";
    private static final String FOLDER = "META-INF/native/";

    private static boolean loaded;
    private static UnsatisfiedLinkError failure;

    private NativeLoader() {}

    /** Loads the library once; a failure is told each time. */
    static synchronized void load() {
        if (loaded) {
            return;
        }
        if (failure != null) {
            UnsatisfiedLinkError again = new UnsatisfiedLinkError(failure.getMessage());
            again.initCause(failure);
            throw again;
        }
        try {
            new Attempt(Platform.current()).run();
            loaded = true;
        } catch (UnsatisfiedLinkError missing) {
            failure = missing;
            throw missing;
        }
    }

    /** The version that the library must have. */
    static String version() {
        return Version.NUMBER + "/" + FORMAT;
    }

    /** One search, with what it tried. */
    static final class Attempt {
        private final Platform platform;
        private final List<String> tried = new ArrayList<>();
        private Throwable last;

        Attempt(Platform platform) {
            this.platform = platform;
        }

        void run() {
            String named = System.getProperty(LIBRARY);
            if (named != null) {
                // Whoever names a file wants no other.
                File file = new File(named).getAbsoluteFile();
                if (!file.isFile()) {
                    tried.add(file + " (" + LIBRARY + "): no such file");
                    throw error();
                }
                if (!open(file + " (" + LIBRARY + ")", () -> System.load(file.getPath()))) {
                    throw error();
                }
                return;
            }
            for (String folder : System.getProperty("java.library.path", "").split(File.pathSeparator)) {
                File file = new File(folder, platform.fileName()).getAbsoluteFile();
                if (!folder.isEmpty() && file.isFile() && open(file.getPath(), () -> System.load(file.getPath()))) {
                    return;
                }
            }
            tried.add("java.library.path: " + System.getProperty("java.library.path", ""));
            if (!unpack()) {
                throw error();
            }
        }

        private boolean unpack() {
            String resource = FOLDER + platform.folder() + "/" + platform.fileName();
            ClassLoader loader = NativeLoader.class.getClassLoader();
            for (Path folder : folders()) {
                Path file = null;
                try (InputStream library = loader.getResourceAsStream(resource)) {
                    if (library == null) {
                        tried.add("resource " + resource + ": not on the class path");
                        return false;
                    }
                    file = copy(library, folder);
                    String path = file.toString();
                    if (open(path, () -> System.load(path))) {
                        return true;
                    }
                } catch (IOException | RuntimeException unwritable) {
                    tried.add(folder + ": " + unwritable);
                    last = unwritable;
                } finally {
                    remove(file);
                }
            }
            return false;
        }

        /** A file of its own: the JVM gives one file to one class loader only. */
        private Path copy(InputStream library, Path folder) throws IOException {
            Files.createDirectories(folder);
            Path own;
            if (platform.isWindows()) {
                own = Files.createTempDirectory(folder, "nacre-");
            } else {
                own = Files.createTempDirectory(
                        folder,
                        "nacre-",
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            Path file = own.resolve(platform.fileName());
            try {
                Files.copy(library, file, StandardCopyOption.REPLACE_EXISTING);
                if (!platform.isWindows()) {
                    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
                }
            } catch (IOException unwritable) {
                remove(file);
                throw unwritable;
            }
            return file;
        }

        /** A loaded file can go at once, except on Windows. */
        private void remove(Path file) {
            if (file == null) {
                return;
            }
            try {
                Files.deleteIfExists(file);
                Files.deleteIfExists(file.getParent());
            } catch (IOException inUse) {
                file.getParent().toFile().deleteOnExit();
                file.toFile().deleteOnExit();
            }
        }

        private static List<Path> folders() {
            List<Path> folders = new ArrayList<>();
            String own = System.getProperty(WORKDIR);
            if (own != null) {
                folders.add(Paths.get(own));
                return folders;
            }
            folders.add(Paths.get(System.getProperty("java.io.tmpdir", "/tmp")));
            String home = System.getProperty("user.home");
            if (home != null) {
                folders.add(Paths.get(home, ".cache", "nacre"));
            }
            return folders;
        }

        private boolean open(String place, Runnable load) {
            try {
                synchronized (Runtime.getRuntime()) {
                    // Read by the library: in a shaded jar the class has another name.
                    System.setProperty(NATIVE_CLASS, Native.class.getName().replace('.', '/'));
                    try {
                        load.run();
                    } finally {
                        System.clearProperty(NATIVE_CLASS);
                    }
                }
                String found = Native.version();
                if (found.equals(NativeLoader.version())) {
                    return true;
                }
                tried.add(place + ": version " + found + ", but these classes need " + NativeLoader.version());
            } catch (UnsatisfiedLinkError | RuntimeException unusable) {
                tried.add(place + ": " + unusable.getMessage());
                last = unusable;
            }
            return false;
        }

        private UnsatisfiedLinkError error() {
            StringBuilder text = new StringBuilder("the native library of Nacre cannot be loaded (");
            text.append(platform).append("). Tried:");
            for (String place : tried) {
                text.append("\n  ").append(place);
            }
            text.append("\nAdd the jar io.nacre:nacre-client:").append(Version.NUMBER).append(':');
            text.append(platform.folder()).append(" to the class path, or name the file with -D").append(LIBRARY);
            text.append("=PATH. Where the temporary folder is read-only or mounted noexec, name another with -D");
            text.append(WORKDIR).append("=FOLDER.");
            UnsatisfiedLinkError error = new UnsatisfiedLinkError(text.toString());
            error.initCause(last);
            return error;
        }
    }
}
