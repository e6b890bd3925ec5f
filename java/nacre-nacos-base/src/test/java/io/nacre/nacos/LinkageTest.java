package io.nacre.nacos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.nacos.api.NacosFactory;
import java.io.DataInputStream;
import java.io.File;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Everything links without gRPC, protobuf and javax.annotation. */
class LinkageTest {
    private static List<String> ours() throws Exception {
        Path classes = Paths.get("target/classes");
        try (Stream<Path> files = Files.walk(classes)) {
            return files.map(path -> classes.relativize(path).toString())
                    .filter(name -> name.endsWith(".class"))
                    .sorted()
                    .collect(Collectors.toList());
        }
    }

    private static List<String> api() throws Exception {
        URI jar = NacosFactory.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI();
        try (JarFile file = new JarFile(new File(jar))) {
            return Collections.list(file.entries()).stream()
                    .map(JarEntry::getName)
                    .filter(name -> name.endsWith(".class") && !name.contains("/api/grpc/"))
                    .collect(Collectors.toList());
        }
    }

    private static Class<?> load(String file) throws ClassNotFoundException {
        String name = file.substring(0, file.length() - ".class".length())
                .replace(File.separatorChar, '/')
                .replace('/', '.');
        return Class.forName(name, false, LinkageTest.class.getClassLoader());
    }

    @Test
    void methodsOfEveryClassOfOursCanBeListed() throws Exception {
        int count = 0;
        for (String file : ours()) {
            Class<?> type = load(file);
            count += type.getDeclaredMethods().length + type.getDeclaredConstructors().length;
            type.getDeclaredFields();
        }
        assertTrue(count > 500, "only " + count + " members");
    }

    @Test
    void everyClassOfTheApiLoads() throws Exception {
        List<String> failures = new ArrayList<>();
        int count = 0;
        for (String file : api()) {
            try {
                Class<?> type = load(file);
                type.getDeclaredMethods();
                type.getDeclaredFields();
                count++;
            } catch (LinkageError e) {
                failures.add(file + ": " + e);
            }
        }
        assertEquals(List.of(), failures);
        assertTrue(count > 150, "only " + count + " classes");
    }

    @Test
    void whatTheApiDragsInIsNotThere() {
        for (String name : List.of(
                "io.grpc.Channel",
                "com.google.protobuf.Message",
                "com.google.api.HttpBody",
                "javax.annotation.Generated")) {
            assertThrows(ClassNotFoundException.class, () -> Class.forName(name), name);
        }
    }

    @Test
    void classesRunOnJava8() throws Exception {
        for (String file : ours()) {
            try (DataInputStream input = new DataInputStream(Files.newInputStream(Paths.get("target/classes", file)))) {
                assertEquals(0xCAFEBABE, input.readInt());
                input.readUnsignedShort();
                assertEquals(52, input.readUnsignedShort(), file);
            }
        }
    }
}
