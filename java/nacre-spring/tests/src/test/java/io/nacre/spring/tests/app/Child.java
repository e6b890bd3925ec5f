package io.nacre.spring.tests.app;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.springframework.boot.WebApplicationType;

/** An application in a process of its own, which can be killed. */
public final class Child implements AutoCloseable {
    private final Process process;

    private Child(Process process) {
        this.process = process;
    }

    /**
     * Starts a provider.
     *
     * @param name its name
     * @param server address of the registry
     * @param more further arguments
     * @return the process, which may not be ready yet
     * @throws IOException when it cannot be started
     */
    public static Child provider(String name, String server, String... more) throws IOException {
        List<String> command = command(List.of(), Provider.class, name, server, more);
        return new Child(new ProcessBuilder(command).inheritIO().start());
    }

    /**
     * Starts an application in a folder of its own: for home, temporary files and working directory.
     *
     * @param folder where it runs; its output goes to the file {@code output} there
     * @param main what is started
     * @param options of the virtual machine
     * @param name of the application
     * @param server address of the registry
     * @param more further arguments
     * @return the process, which may not be ready yet
     * @throws IOException when it cannot be started
     */
    public static Child in(
            Path folder, Class<?> main, List<String> options, String name, String server, String... more)
            throws IOException {
        List<String> all = new ArrayList<>(List.of("-Duser.home=" + folder, "-Djava.io.tmpdir=" + folder));
        all.addAll(options);
        return new Child(new ProcessBuilder(command(all, main, name, server, more))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output").toFile())
                .start());
    }

    private static List<String> command(
            List<String> options, Class<?> main, String name, String server, String... more) {
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java",
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path")));
        String library = System.getProperty("io.nacre.library");
        if (library != null) {
            command.add("-Dio.nacre.library=" + library);
        }
        command.addAll(options);
        command.add(main.getName());
        command.addAll(List.of(Run.arguments(WebApplicationType.SERVLET, name, server, more)));
        return command;
    }

    /** Kills it, without a chance to say goodbye. */
    public void kill() {
        process.destroyForcibly();
    }

    /** Ends it as an operator does, and waits. */
    public void terminate() {
        process.destroy();
        await();
    }

    /**
     * Waits until it has ended by itself.
     *
     * @return its exit code
     */
    public int exitCode() {
        await();
        return process.exitValue();
    }

    private void await() {
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                throw new AssertionError("the process does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    @Override
    public void close() {
        kill();
        await();
    }
}
