package io.nacre.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import java.io.File;
import java.nio.charset.StandardCharsets;
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
    private static final Path PROJECT = Paths.get("src/it");
    private static final Path INSTALLED = Paths.get(System.getProperty("installed.repository"));

    @TempDir
    Path folder;

    /** What the machine has already need not come over the network again. */
    private Path settings() throws Exception {
        String known = Paths.get(System.getProperty("maven.repository")).toUri().toString();
        String repository = "<id>known</id><url>" + known + "</url>";
        String text = "<settings><activeProfiles><activeProfile>known</activeProfile></activeProfiles>"
                + "<profiles><profile><id>known</id>"
                + "<repositories><repository>" + repository + "</repository></repositories>"
                + "<pluginRepositories><pluginRepository>" + repository + "</pluginRepository></pluginRepositories>"
                + "</profile></profiles></settings>";
        return Files.write(folder.resolve("settings.xml"), text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void runs() throws Exception {
        assertTrue(Files.isDirectory(INSTALLED.resolve("io/nacre/nacre-nacos-client")), "it is installed");
        try (Scope scope = Harness.shared().scope()) {
            Path output = folder.resolve("output");
            ProcessBuilder maven = new ProcessBuilder(
                    System.getProperty("maven.program"),
                    "-B",
                    "-q",
                    "-s",
                    settings().toString(),
                    "-Dmaven.repo.local=" + INSTALLED,
                    "-Dserver=" + scope.server().address(),
                    "-DbuildDirectory=" + folder,
                    "compile",
                    "exec:exec");
            maven.environment().put("MAVEN_OPTS", "-Duser.home=" + folder);
            File here = PROJECT.toFile();
            Process process = maven.directory(here)
                    .redirectErrorStream(true)
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
