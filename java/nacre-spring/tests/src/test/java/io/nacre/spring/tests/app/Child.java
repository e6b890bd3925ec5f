package io.nacre.spring.tests.app;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A provider in a process of its own, which can be killed. */
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
        command.addAll(List.of(Provider.class.getName(), name, server));
        command.addAll(List.of(more));
        return new Child(new ProcessBuilder(command).inheritIO().start());
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
