package io.nacre.bench;

import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Measures both clients against one server and prints a table. */
public final class Main {
    private static final List<String> SIDES = List.of("nacre", "nacos");

    private final Map<String, Map<String, Double>> figures = new LinkedHashMap<>();
    private final Scope scope = Harness.shared().scope();

    private Main() {}

    public static void main(String[] args) throws Exception {
        Main main = new Main();
        try {
            main.run(List.of(args));
        } finally {
            main.scope.close();
        }
        System.exit(0);
    }

    private void run(List<String> chosen) throws Exception {
        TestServer server = scope.server();
        Side setUp = Side.of("nacre");
        setUp.open(server.address());
        setUp.publish("bench", "x".repeat(1_000));
        setUp.register("bench-100", 100);
        setUp.register("bench-10", 10);
        for (int i = 0; i < 100; i++) {
            setUp.register("bench-m" + i, 10);
        }
        // Starts differ by what the disk has cached: the middle of several counts.
        for (String what : List.of("start", "calls", "select", "threads", "memory", "changes")) {
            if (chosen.isEmpty() || chosen.contains(what)) {
                for (String side : SIDES) {
                    measure(side, what, server.address(), what.equals("start") ? 5 : 1);
                }
            }
        }
        setUp.close();
        if (chosen.isEmpty() || chosen.contains("outage")) {
            for (String side : SIDES) {
                outage(side);
            }
        }
        print();
    }

    private void measure(String side, String what, String server, int rounds) throws Exception {
        System.err.println(side + " " + what);
        Map<String, List<Double>> found = new LinkedHashMap<>();
        for (int i = 0; i < rounds; i++) {
            List<String> options = what.equals("memory")
                    ? List.of("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch")
                    : List.of("-Xmx512m");
            java.lang.Process process = child(side, what, server, options).start();
            try (BufferedReader lines = reader(process)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    int end = line.lastIndexOf(' ');
                    if (line.startsWith("= ")) {
                        found.computeIfAbsent(line.substring(2, end), name -> new ArrayList<>())
                                .add(Double.parseDouble(line.substring(end + 1)));
                    } else if (line.startsWith("  thread")) {
                        System.err.println(line);
                    }
                }
            }
            process.waitFor();
        }
        found.forEach((name, values) -> {
            values.sort(null);
            keep(name, side, values.get(values.size() / 2));
        });
    }

    private void keep(String name, String side, double value) {
        figures.computeIfAbsent(name, key -> new LinkedHashMap<>()).put(side, value);
    }

    private static BufferedReader reader(java.lang.Process process) {
        return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    private ProcessBuilder child(String side, String what, String server, List<String> options) {
        Path home = scope.directory().resolve(side);
        List<String> command = new ArrayList<>();
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        // The original limits the calls per second of a client; it writes below the user's home.
        command.add("-DlimitTime=10000000");
        command.add("-Duser.home=" + home);
        String seconds = System.getProperty("bench.seconds");
        if (seconds != null) {
            command.add("-Dbench.seconds=" + seconds);
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Measure.class.getName()));
        command.addAll(List.of(side, what, server));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
    }

    /** Kills the server under a client, and looks when what it had is there again. */
    private void outage(String side) throws Exception {
        System.err.println(side + " outage");
        TestServer server = scope.server("outage-" + side, true);
        java.lang.Process process =
                child(side, "outage", server.address(), List.of()).start();
        Map<String, Long> told = new ConcurrentHashMap<>();
        Thread reader = new Thread(() -> {
            try (BufferedReader lines = reader(process)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    told.put(line, System.nanoTime());
                }
            } catch (IOException e) {
                // Killed.
            }
        });
        reader.setDaemon(true);
        reader.start();
        try {
            waitFor(() -> told.containsKey("registered") && isRegistered(server));
            // Without its data the server knows nothing of the client when it is back.
            Path data = dataDirectory(server);
            server.kill();
            remove(data);
            Thread.sleep(3_000);
            server.up();
            long back = System.nanoTime();
            waitFor(() -> isRegistered(server));
            keep("registered again after s", side, (System.nanoTime() - back) / 1e9);
            Side writer = Side.of("nacre");
            writer.open(server.address());
            writer.publish("bench-outage", "back");
            waitFor(() -> told.containsKey("told back"));
            keep("listener told after s", side, (told.get("told back") - back) / 1e9);
            writer.close();
        } finally {
            process.destroyForcibly();
        }
    }

    /** What the server was started with. */
    private static Path dataDirectory(TestServer server) throws IOException {
        String port = server.address().substring(server.address().indexOf(':') + 1);
        try (var processes = Files.list(Paths.get("/proc"))) {
            for (Path process : processes.filter(path -> path.getFileName().toString().matches("\\d+")).toList()) {
                List<String> command;
                try {
                    command = List.of(Files.readString(process.resolve("cmdline")).split("\0"));
                } catch (IOException e) {
                    // Ended meanwhile.
                    continue;
                }
                int at = command.indexOf("--data-dir");
                if (at >= 0 && command.contains(port)) {
                    return Paths.get(command.get(at + 1));
                }
            }
        }
        throw new IllegalStateException("no server with port " + port);
    }

    private static void remove(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static boolean isRegistered(TestServer server) {
        try {
            var url = new URI("http://" + server.address() + "/nacos/v1/ns/instance/list?serviceName=bench-outage").toURL();
            HttpURLConnection connection = (HttpURLConnection) url.openConnection();
            connection.setReadTimeout(1_000);
            return new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8).contains("10.0.0.1");
        } catch (IOException | URISyntaxException e) {
            return false;
        }
    }

    private static void waitFor(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("not within a minute");
            }
            Thread.sleep(5);
        }
    }

    private void print() {
        System.out.printf("%-28s %12s %12s %8s%n", "", "nacre", "nacos-client", "ratio");
        figures.forEach((name, values) -> {
            double ours = values.getOrDefault("nacre", Double.NaN);
            double original = values.getOrDefault("nacos", Double.NaN);
            System.out.printf("%-28s %12.3f %12.3f %8.2f%n", name, ours, original, ours / original);
        });
    }
}
