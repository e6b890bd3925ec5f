package io.nacre.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What needs a process of its own: loading, and its end. */
class ChildTest {
    private static final String LIBRARY = "-D" + NativeLoader.LIBRARY + "=";
    private static final String WORKDIR = "-D" + NativeLoader.WORKDIR + "=";

    @TempDir
    Path folder;

    @Test
    void theProcessEndsByItselfWithAnOpenClient() throws Exception {
        try (ServerSocket server = Fixture.silentServer()) {
            for (int round = 0; round < 20; round++) {
                Output output = run(Arrays.asList(), "exit", "127.0.0.1:" + server.getLocalPort());
                assertEquals(0, output.code, "round " + round + ": " + output.text);
                assertFalse(output.text.contains("WARNING"), output.text);
            }
        }
    }

    @Test
    void theLibraryComesFromTheClassPathAndLeavesNoFile() throws Exception {
        Output output = run(Arrays.asList(WORKDIR + folder), "load");
        assertEquals("loaded " + NativeLoader.version(), output.text.trim());
        try (DirectoryStream<Path> left = Files.newDirectoryStream(folder)) {
            assertFalse(left.iterator().hasNext(), "removed at once");
        }
    }

    @Test
    void theLibraryComesFromTheLibraryPath() throws Exception {
        Files.copy(library(), folder.resolve(library().getFileName()));
        Output output =
                run(Arrays.asList("-Djava.library.path=" + folder, WORKDIR + "/proc/nowhere"), "load");
        assertEquals("loaded " + NativeLoader.version(), output.text.trim());
    }

    @Test
    void aMissingLibraryIsExplained() throws Exception {
        Path missing = folder.resolve("missing.so");
        Output output = run(Arrays.asList(LIBRARY + missing), "load");
        assertTrue(output.text.contains(missing + " (io.nacre.library): no such file"), output.text);
        assertTrue(output.text.contains(Platform.current().toString()), output.text);
        assertTrue(output.text.contains("io.nacre:nacre-client:" + Version.NUMBER), output.text);
        assertTrue(output.text.endsWith("told again\n"), output.text);
    }

    @Test
    void aFileThatIsNoLibraryIsExplained() throws Exception {
        Path file = folder.resolve("text.so");
        Files.write(file, "no library".getBytes(StandardCharsets.UTF_8));
        Output output = run(Arrays.asList(LIBRARY + file), "load");
        assertTrue(output.text.contains(file.toString()) && output.text.contains("Tried:"), output.text);
    }

    @Test
    void aLibraryOfAnotherVersionIsRefused() throws Exception {
        byte[] bytes = Files.readAllBytes(library());
        byte[] version = NativeLoader.version().getBytes(StandardCharsets.US_ASCII);
        int places = 0;
        for (int at = 0; at + version.length <= bytes.length; at++) {
            if (matches(bytes, at, version)) {
                bytes[at] = '9';
                places++;
            }
        }
        assertTrue(places > 0, "the library has its version in it");
        Path other = folder.resolve("other.so");
        Files.write(other, bytes);
        Output output = run(Arrays.asList(LIBRARY + other), "load");
        String found = "9" + NativeLoader.version().substring(1);
        assertTrue(output.text.contains("version " + found + ", but these classes need"), output.text);
    }

    @Test
    void aFolderThatCannotBeWrittenIsExplained() throws Exception {
        Output output = run(Arrays.asList(WORKDIR + "/proc/nacre"), "load");
        assertTrue(output.text.contains("/proc/nacre"), output.text);
        assertTrue(output.text.contains("io.nacre.workdir"), output.text);
    }

    @Test
    void aTemporaryFolderThatCannotBeWrittenIsReplacedByTheCache() throws Exception {
        Output output =
                run(Arrays.asList("-Djava.io.tmpdir=/proc/nowhere", "-Duser.home=" + folder), "load");
        assertTrue(output.text.contains("loaded " + NativeLoader.version()), output.text);
    }

    @Test
    void aFolderMountedNoexecIsExplained() throws Exception {
        String[] mounted = {
            "unshare", "-rm", "sh", "-c", "mount -t tmpfs -o noexec tmpfs \"$0\" && exec \"$@\"", folder.toString()
        };
        List<String> probe = new ArrayList<>(Arrays.asList(mounted));
        probe.add("true");
        assumeTrue(run(probe).code == 0, "this machine lets nobody mount a folder");
        List<String> command = new ArrayList<>(Arrays.asList(mounted));
        command.addAll(java(classPath(), Arrays.asList(WORKDIR + folder), "load"));
        Output output = run(command);
        assertTrue(output.text.contains(folder.toString()), output.text);
        assertTrue(output.text.contains("noexec"), output.text);
        assertTrue(output.text.endsWith("told again\n"), output.text);
    }

    /** As tools that put a library into another jar do: the classes are moved, the library is not. */
    @Test
    void classesThatWereMovedToAnotherPackageFindTheirLibrary() throws Exception {
        for (Class<?> one : Arrays.<Class<?>>asList(Native.class, ChildMain.class)) {
            Path classes = Paths.get(
                    one.getProtectionDomain().getCodeSource().getLocation().toURI());
            List<Path> files;
            try (Stream<Path> all = Files.walk(classes)) {
                files = all.filter(Files::isRegularFile).collect(Collectors.toList());
            }
            for (Path file : files) {
                String name = classes.relativize(file).toString();
                boolean moved = name.startsWith("io/nacre/");
                Path to = folder.resolve(moved ? "my" + name.substring(2) : name);
                Files.createDirectories(to.getParent());
                Files.write(to, moved ? moved(Files.readAllBytes(file)) : Files.readAllBytes(file));
            }
        }
        try (ServerSocket server = Fixture.silentServer()) {
            List<String> command = java(
                    folder.toString(), Arrays.asList(), "open", "127.0.0.1:" + server.getLocalPort());
            command.set(command.indexOf(ChildMain.class.getName()), "my.nacre.internal.ChildMain");
            Output output = run(command);
            assertTrue(output.text.endsWith("closed\n"), output.text);
            assertEquals(0, output.code, output.text);
        }
    }

    private static byte[] moved(byte[] file) {
        String text = new String(file, StandardCharsets.ISO_8859_1);
        return text.replace("io/nacre/", "my/nacre/").replace("io.nacre.", "my.nacre.").getBytes(StandardCharsets.ISO_8859_1);
    }

    @Test
    void twoClassLoadersHaveTheirOwnLibrary() throws Exception {
        try (ServerSocket server = Fixture.silentServer()) {
            String address = "127.0.0.1:" + server.getLocalPort();
            Output output = run(Arrays.asList(), "loaders", address);
            assertEquals(0, output.code, output.text);
            assertEquals(3, output.text.split("servers \\[" + address + "\\]", -1).length - 1, output.text);
            assertEquals(3, output.text.split("closed", -1).length - 1, output.text);
        }
    }

    /** The library as this build put it on the class path. */
    private static Path library() throws Exception {
        Platform platform = Platform.current();
        String resource = "META-INF/native/" + platform.folder() + "/" + platform.fileName();
        return Paths.get(ChildTest.class.getClassLoader().getResource(resource).toURI());
    }

    private static boolean matches(byte[] bytes, int at, byte[] text) {
        for (int index = 0; index < text.length; index++) {
            if (bytes[at + index] != text[index]) {
                return false;
            }
        }
        return true;
    }

    private static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    private static List<String> java(String classPath, List<String> properties, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(Arrays.asList("-Xcheck:jni", "-Xmx64m", "-XX:TieredStopAtLevel=1", "-cp", classPath));
        command.addAll(properties);
        command.add(ChildMain.class.getName());
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    private static Output run(List<String> properties, String... arguments) throws Exception {
        return run(java(classPath(), properties, arguments));
    }

    private static Output run(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        Thread reading = new Thread(() -> {
            try (InputStream output = process.getInputStream()) {
                byte[] part = new byte[8192];
                for (int count = output.read(part); count >= 0; count = output.read(part)) {
                    text.write(part, 0, count);
                }
            } catch (java.io.IOException gone) {
                throw new java.io.UncheckedIOException(gone);
            }
        });
        reading.start();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the process did not end: " + text.toString("UTF-8"));
        }
        reading.join(20_000);
        return new Output(process.exitValue(), text.toString("UTF-8"));
    }

    private static final class Output {
        final int code;
        final String text;

        Output(int code, String text) {
            this.code = code;
            this.text = text;
        }
    }
}
