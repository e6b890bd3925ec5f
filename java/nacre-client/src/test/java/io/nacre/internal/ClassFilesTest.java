package io.nacre.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ClassFilesTest {
    /** Java 8. */
    private static final int MAJOR = 52;

    @Test
    void everyClassIsOfJavaEight() throws Exception {
        Path classes = Paths.get(
                Native.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        List<Path> files;
        try (Stream<Path> all = Files.walk(classes)) {
            files = all.filter(file -> file.toString().endsWith(".class")).collect(Collectors.toList());
        }
        assertTrue(files.size() > 50, "only " + files.size());
        for (Path file : files) {
            try (DataInputStream input = new DataInputStream(Files.newInputStream(file))) {
                assertEquals(0xcafebabe, input.readInt(), file.toString());
                input.readUnsignedShort();
                assertEquals(MAJOR, input.readUnsignedShort(), file.toString());
            }
        }
    }

    @Test
    void platformsHaveTheNamesOfTheirFolders() {
        assertEquals("linux", Platform.os("Linux"));
        assertEquals("osx", Platform.os("Mac OS X"));
        assertEquals("windows", Platform.os("Windows Server 2022"));
        assertEquals("x86_64", Platform.arch("amd64"));
        assertEquals("aarch_64", Platform.arch("aarch64"));
        assertEquals("linux-x86_64-musl", new Platform("linux", "x86_64", true).folder());
        assertEquals("nacre_jni.dll", new Platform("windows", "x86_64", false).fileName());
        assertEquals("libnacre_jni.dylib", new Platform("osx", "aarch_64", false).fileName());
    }
}
