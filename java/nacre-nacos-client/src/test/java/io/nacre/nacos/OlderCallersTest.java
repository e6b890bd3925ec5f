package io.nacre.nacos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nacre.testkit.TestServer;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import java.util.Properties;
import java.util.function.Function;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs that were compiled against older clients run with the drop-in in their place. */
class OlderCallersTest {
    private static Services services;
    private static TestServer server;

    @BeforeAll
    static void start() {
        services = new Services();
        server = services.server();
    }

    @AfterAll
    static void stop() throws Exception {
        services.close();
    }

    @ParameterizedTest
    @CsvSource({"2.2.4, Caller, done", "2.3.3, Caller, done", "2.4.3, Caller, done", "2.4.3, SelectorCaller, 10.0.0.2"})
    void runs(String version, String program, String answer, @TempDir Path classes) throws Exception {
        Path jar = Paths.get("target/older/nacos-client-" + version + ".jar");
        compile(Paths.get("src/test/callers", program + ".java"), jar, classes);
        Properties properties = services.properties(server.address());
        properties.setProperty("caller.name", Services.unique("older"));
        // The old jar was for the compiler only: behind the program is the class path of this test.
        URL[] urls = {classes.toUri().toURL()};
        try (URLClassLoader loader = new URLClassLoader(urls, getClass().getClassLoader())) {
            @SuppressWarnings("unchecked")
            Function<Properties, String> caller = (Function<Properties, String>)
                    loader.loadClass(program).getDeclaredConstructor().newInstance();
            assertEquals(answer, caller.apply(properties));
        }
    }

    private static void compile(Path source, Path jar, Path classes) throws Exception {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(problems, null, null)) {
            List<String> options =
                    List.of("-cp", jar.toString(), "-d", classes.toString(), "--release", "8", "-proc:none");
            boolean compiled = compiler.getTask(
                            null, files, problems, options, null, files.getJavaFileObjects(source.toFile()))
                    .call();
            assertTrue(compiled, problems.getDiagnostics().toString());
        }
    }
}
