package io.nacre.spring.tests.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Tells how often its process has started it, and what the client in it has. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@RestController
public class Restarted {
    private static final String STARTS = "starts";
    private static final Path THREADS = Path.of("/proc/self/task");

    private final Environment environment;

    Restarted(Environment environment) {
        this.environment = environment;
    }

    @GetMapping("/state")
    Map<String, String> state() throws IOException {
        List<String> threads = threads();
        return Map.of(
                STARTS, System.getProperty(STARTS),
                "loader", getClass().getClassLoader().getClass().getSimpleName(),
                "greeting", environment.getProperty("greeting", "none"),
                "pumps", count(threads, "nacre-pump"),
                "workers", count(threads, "nacre-worker"));
    }

    private static String count(List<String> threads, String name) {
        return String.valueOf(
                threads.stream().filter(thread -> thread.startsWith(name)).count());
    }

    /** Also those of the engine, where the system lists them. */
    private static List<String> threads() throws IOException {
        if (!Files.isDirectory(THREADS)) {
            return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).toList();
        }
        try (Stream<Path> all = Files.list(THREADS)) {
            return all.map(Restarted::name).toList();
        }
    }

    private static String name(Path thread) {
        try {
            return Files.readString(thread.resolve("comm"));
        } catch (IOException e) {
            return "ended meanwhile";
        }
    }

    /**
     * Runs as a process of its own.
     *
     * @param args its settings
     */
    public static void main(String[] args) {
        System.setProperty(STARTS, String.valueOf(Integer.getInteger(STARTS, 0) + 1));
        SpringApplication.run(Restarted.class, args);
    }
}
