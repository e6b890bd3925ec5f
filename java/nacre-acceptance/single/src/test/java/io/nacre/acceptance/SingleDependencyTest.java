package io.nacre.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A project whose single dependency is the drop-in, resolved from a repository into which it was installed, runs. */
class SingleDependencyTest {
    private static final Path INSTALLED = Paths.get(System.getProperty("installed.repository"));

    @TempDir
    Path folder;

    @Test
    void runs() throws Exception {
        assertTrue(Files.isDirectory(INSTALLED.resolve("io/nacre/nacre-nacos-client")), "it is installed");
        try (Scope scope = Harness.shared().scope()) {
            Path output = folder.resolve("output");
            ProcessBuilder maven = new ProcessBuilder(
                    Paths.get("run.sh").toAbsolutePath().toString(),
                    INSTALLED.toString(),
                    scope.server().address(),
                    folder.toString());
            maven.environment().put("MAVEN_PROGRAM", System.getProperty("maven.program"));
            maven.environment().put("MAVEN_KNOWN", System.getProperty("maven.repository"));
            Process process = maven.redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            boolean ended = process.waitFor(180, TimeUnit.SECONDS);
            process.destroyForcibly();
            List<String> lines = Files.readAllLines(output);
            String all = String.join("\n", lines);
            assertTrue(ended, () -> "it does not end: " + all);
            assertEquals(0, process.exitValue(), all);
            List<String> said =
                    lines.stream().filter(line -> line.startsWith("read ")).collect(Collectors.toList());
            assertEquals(List.of("read hello, status UP"), said, all);
        }
    }
}
