package io.nacre.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The program that the README shows. */
class ExampleTest {
    private static String between(String text, String begin, String end) {
        int from = text.indexOf(begin) + begin.length();
        return text.substring(from, text.indexOf(end, from)).stripIndent().strip();
    }

    @Test
    void theReadmeShowsTheExample() throws IOException {
        Path root = CaseFiles.folder().getParent().getParent();
        String readme = Files.readString(root.resolve("java/nacre-client/README.md"));
        String program = Files.readString(root.resolve("examples/java-plain/src/main/java/example/Main.java"));
        assertEquals(
                between(program, "// README begin\n", "// README end"),
                between(readme.substring(readme.indexOf("## Usage")), "```java\n", "```"));
    }

    @Test
    void theExampleRunsAndEnds() throws Exception {
        try (Scope scope = Harness.shared().scope()) {
            String java = Paths.get(System.getProperty("java.home"), "bin", "java").toString();
            Path output = scope.directory().resolve("output");
            Process process = new ProcessBuilder(
                            java,
                            "-Xcheck:jni",
                            "-cp",
                            System.getProperty("java.class.path"),
                            "example.Main",
                            scope.server().address())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            boolean ended = process.waitFor(60, TimeUnit.SECONDS);
            process.destroyForcibly();
            String text = Files.readString(output, StandardCharsets.UTF_8);
            assertTrue(ended, text);
            assertEquals(0, process.exitValue(), text);
            for (String line : List.of("call 10.0.0.11:8080", "greeting: hello", "there: false")) {
                assertTrue(text.contains(line), text);
            }
        }
    }
}
