package io.nacre.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The process {@code nacre-harness serve}, which starts servers, proxies and stubs; {@code tests/cases/README.md} lists
 * what it can do. The environment variable {@code NACRE_HARNESS} names the program and {@code NACRE_SERVER} the server
 * that it starts. It ends with this JVM.
 */
public final class Harness {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final AtomicLong SCOPES = new AtomicLong();
    private static Harness shared;

    private final OutputStream input;
    private final Map<Long, CompletableFuture<JsonNode>> waiting = new ConcurrentHashMap<>();
    private final AtomicLong last = new AtomicLong();

    private Harness(Process process) throws IOException {
        input = process.getOutputStream();
        BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String ready = output.readLine();
        if (ready == null || JSON.readTree(ready).at("/ready/protocol").asInt() != 1) {
            throw new IOException("the harness said " + ready);
        }
        Thread reader = new Thread(() -> read(output), "harness");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * The process that all tests of this JVM share; started by the first call.
     *
     * @return the harness
     */
    public static synchronized Harness shared() {
        if (shared == null) {
            String program = System.getenv("NACRE_HARNESS");
            if (program == null || program.isEmpty() || program.startsWith("$")) {
                throw new IllegalStateException("set NACRE_HARNESS and NACRE_SERVER to the programs, or use make java");
            }
            try {
                shared = new Harness(new ProcessBuilder(program, "serve")
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start());
            } catch (IOException e) {
                throw new IllegalStateException("cannot start " + program, e);
            }
        }
        return shared;
    }

    /**
     * A new scope: what is made in it goes when it is closed.
     *
     * @return the scope
     */
    public Scope scope() {
        return new Scope(this, "j" + ProcessId.TEXT + "-" + SCOPES.incrementAndGet());
    }

    /**
     * An empty object, to be filled with arguments.
     *
     * @return the object
     */
    public static ObjectNode args() {
        return JSON.createObjectNode();
    }

    JsonNode ask(String scope, String operation, JsonNode args, long limitMillis) {
        long id = last.incrementAndGet();
        ObjectNode request = JSON.createObjectNode();
        request.put("id", id);
        request.put("scope", scope);
        request.put("do", operation);
        request.set("args", args);
        request.put("limit_ms", limitMillis);
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        waiting.put(id, answer);
        try {
            byte[] line = JSON.writeValueAsBytes(request);
            synchronized (input) {
                input.write(line);
                input.write('\n');
                input.flush();
            }
            return answer.get(limitMillis + 10_000, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException(operation + ": " + e.getCause().getMessage());
        } catch (IOException | TimeoutException e) {
            throw new IllegalStateException("the harness does not answer " + operation, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } finally {
            waiting.remove(id);
        }
    }

    private void read(BufferedReader output) {
        try {
            String line = output.readLine();
            while (line != null) {
                JsonNode answer = JSON.readTree(line);
                CompletableFuture<JsonNode> future =
                        waiting.remove(answer.path("id").asLong());
                if (future != null && answer.has("error")) {
                    future.completeExceptionally(
                            new IllegalStateException(answer.get("error").asText()));
                } else if (future != null) {
                    future.complete(answer.path("value"));
                }
                line = output.readLine();
            }
        } catch (IOException e) {
            waiting.values().forEach(future -> future.completeExceptionally(e));
        }
        waiting.values().forEach(future -> future.completeExceptionally(new IOException("the harness ended")));
    }

    private static final class ProcessId {
        /** {@code pid@host} on all JVMs; the number keeps scopes of several JVMs apart in logs. */
        static final String TEXT = java.lang.management.ManagementFactory.getRuntimeMXBean()
                .getName()
                .replaceAll("@.*", "");
    }
}
