package io.nacre.cases;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/** Runs one case. */
public final class Stage implements AutoCloseable {
    /** Limits of waiting are for a machine that does nothing else; this many times as long is granted. */
    private static final double SLACK =
            Double.parseDouble(System.getenv().getOrDefault("NACRE_SLACK", "2"));

    private static final long AGAIN = 40;
    private static final AtomicLong RUNS = new AtomicLong();

    private final String run =
            Long.toHexString(ProcessHandle.current().pid()) + Long.toHexString(RUNS.incrementAndGet());
    private final Map<String, JsonNode> variables = new ConcurrentHashMap<>();
    private final Map<String, Recorder> watches = new ConcurrentHashMap<>();
    private final Map<String, Future<Outcome>> background = new ConcurrentHashMap<>();
    private final Scope scope = Harness.shared().scope();
    private final Subject subject;

    /** What a call has given: a value or a failure. */
    private record Outcome(JsonNode value, Failure failure) {}

    /**
     * A stage with nothing on it.
     *
     * @param subject what is tested
     */
    public Stage(Subject subject) {
        this.subject = subject;
    }

    /**
     * Runs a case.
     *
     * @param test the file
     * @param sharedServer the server of cases that have none of their own, {@code host:port}
     * @throws Exception or an error when a promise is broken
     */
    public void play(JsonNode test, String sharedServer) throws Exception {
        String server = sharedServer;
        if (test.path("server").isObject()) {
            JsonNode settings = test.get("server").get("own");
            server = scope.ask("server.start", Harness.args().set("settings", settings))
                    .get("address")
                    .asText();
        } else if (test.path("server").asText().equals("none")) {
            server = null;
        }
        variables.put("run", TextNode.valueOf(run));
        variables.put("namespace", TextNode.valueOf("case-" + run));
        variables.put("dir", TextNode.valueOf(scope.directory().toString()));
        variables.put("server", server == null ? NullNode.instance : TextNode.valueOf(server));
        String port = server == null ? "" : server.substring(server.lastIndexOf(':') + 1);
        variables.put("server_port", TextNode.valueOf(port));
        FutureTask<Void> played = new FutureTask<>(() -> {
            for (JsonNode step : test.path("before")) {
                step(step);
            }
            for (Map.Entry<String, JsonNode> client : test.path("clients").properties()) {
                subject.perform("client.connect", client.getKey(), connecting(expanded(client.getValue())), null);
            }
            for (JsonNode step : test.get("steps")) {
                try {
                    step(step);
                } catch (Exception | AssertionError e) {
                    throw new AssertionError(Matcher.shown(step) + "\n  " + e.getMessage(), e);
                }
            }
            return null;
        });
        start(played);
        long limit = (long) (test.get("limit_ms").asLong() * SLACK);
        try {
            played.get(limit, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause().getMessage(), e.getCause());
        } catch (TimeoutException e) {
            played.cancel(true);
            throw new AssertionError("not done within " + limit + " ms", e);
        }
    }

    /** Ends what runs before the servers go, so that nothing complains about them. */
    @Override
    public void close() {
        background.values().forEach(task -> task.cancel(true));
        watches.values().forEach(Recorder::stop);
        subject.close();
        scope.close();
    }

    private void step(JsonNode step) throws Exception {
        if (step.has("op")) {
            if (step.has("background")) {
                start(step.get("background").asText(), () -> once(step));
            } else {
                call(step);
            }
        } else if (step.has("do")) {
            if (step.has("background")) {
                start(step.get("background").asText(), () -> new Outcome(errand(step), null));
            } else {
                errand(step);
            }
        } else if (step.has("await")) {
            judge(step.get("expect"), background.remove(step.get("await").asText()).get());
        } else if (step.has("race")) {
            race(step.get("race"), step.get("expect"));
        } else if (step.has("events")) {
            String complaint = watches.get(step.get("events").asText()).expect(expected(step.get("expect")), SLACK);
            check(complaint == null, complaint);
        } else {
            watches.get(step.get("stop").asText()).stop();
        }
    }

    /** The arguments of {@code client.connect}, with what belongs to this case. */
    private JsonNode connecting(JsonNode given) {
        ObjectNode options = given.deepCopy();
        for (String name : new String[] {"server", "namespace"}) {
            if (!options.has(name)) {
                options.put(name, variables.get(name).asText());
            }
        }
        if (options.has("pool")) {
            // Pools are the process's; a case has its own.
            options.put("pool", run + options.get("pool").asText());
        }
        return Harness.args().set("options", options);
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "case");
        thread.setDaemon(true);
        thread.start();
    }

    private void start(String name, Callable<Outcome> step) {
        FutureTask<Outcome> task = new FutureTask<>(step);
        background.put(name, task);
        start(task);
    }

    private JsonNode errand(JsonNode step) throws Exception {
        JsonNode args = step.has("args") ? expanded(step.get("args")) : Harness.args();
        JsonNode value = scope.ask(step.get("do").asText(), args, step.path("limit_ms").asLong(30_000));
        keep(step, value);
        judge(step.get("expect"), new Outcome(value, null));
        return value;
    }

    private void call(JsonNode call) throws Exception {
        JsonNode expect = call.path("expect");
        if (!expect.has("eventually") && !expect.has("eventually_error")) {
            judge(call.get("expect"), once(call));
            return;
        }
        long deadline = System.nanoTime()
                + TimeUnit.MILLISECONDS.toNanos((long) (expect.get("within_ms").asLong() * SLACK));
        while (true) {
            String complaint = complaint(expect, once(call));
            if (complaint == null) {
                return;
            }
            check(System.nanoTime() < deadline, complaint);
            Thread.sleep(AGAIN);
        }
    }

    private String complaint(JsonNode expect, Outcome outcome) {
        if (expect.has("eventually_error")) {
            JsonNode wanted = expect.get("eventually_error");
            return outcome.failure != null && outcome.failure.is(wanted)
                    ? null
                    : "expected " + wanted + ", got " + shown(outcome);
        }
        return outcome.failure != null
                ? outcome.failure.getMessage()
                : Matcher.complaint(expected(expect.get("eventually")), outcome.value);
    }

    private void race(JsonNode calls, JsonNode expect) throws Exception {
        List<FutureTask<Outcome>> tasks = new ArrayList<>();
        for (JsonNode call : calls) {
            FutureTask<Outcome> task = new FutureTask<>(() -> once(call));
            tasks.add(task);
            start(task);
        }
        int succeeded = 0;
        for (FutureTask<Outcome> task : tasks) {
            Outcome outcome = task.get();
            if (outcome.failure == null) {
                succeeded++;
            } else {
                check(
                        expect.has("error") && outcome.failure.is(expect.get("error")),
                        "expected " + expect + ", got " + shown(outcome));
            }
        }
        check(succeeded == expect.get("succeed").asInt(), succeeded + " of " + calls.size() + " succeeded");
    }

    /** Calls, as often as {@code times} says. */
    private Outcome once(JsonNode call) throws Exception {
        String operation = call.get("op").asText();
        JsonNode given = Expander.texts(expanded(call.path("args")));
        JsonNode args = operation.equals("client.connect") ? connecting(given.path("options")) : given;
        long begun = System.nanoTime();
        ArrayNode values = JsonNodeFactory.instance.arrayNode();
        Outcome outcome = null;
        for (int i = 0; i < call.path("times").asInt(1); i++) {
            Recorder recorder = new Recorder();
            try {
                JsonNode value = subject.perform(operation, call.get("on").asText(), args, recorder);
                values.add(value);
                if (call.has("as")) {
                    watches.put(call.get("as").asText(), recorder);
                }
            } catch (Failure failure) {
                outcome = new Outcome(null, failure);
                break;
            }
        }
        if (outcome == null) {
            JsonNode value = call.has("times") ? values : values.get(0);
            keep(call, value);
            outcome = new Outcome(value, null);
        }
        long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
        check(
                !call.has("within_ms") || took <= call.get("within_ms").asLong() * SLACK,
                "took " + took + " ms, not " + call.get("within_ms"));
        return outcome;
    }

    private void judge(JsonNode expect, Outcome outcome) {
        if (expect != null && expect.has("any")) {
            return;
        }
        if (expect != null && expect.has("error")) {
            check(
                    outcome.failure != null && outcome.failure.is(expect.get("error")),
                    "expected " + expect + ", got " + shown(outcome));
            return;
        }
        if (outcome.failure != null) {
            throw new AssertionError(outcome.failure.getMessage(), outcome.failure);
        }
        if (expect != null) {
            String complaint = Matcher.complaint(expected(expect.get("value")), outcome.value);
            check(complaint == null, complaint);
        }
    }

    private static String shown(Outcome outcome) {
        return outcome.failure != null ? outcome.failure.getMessage() : Matcher.shown(outcome.value);
    }

    private static void check(boolean holds, String complaint) {
        if (!holds) {
            throw new AssertionError(complaint);
        }
    }

    private void keep(JsonNode step, JsonNode value) {
        if (step.has("save")) {
            variables.put(step.get("save").asText(), value);
        }
    }

    private JsonNode expanded(JsonNode value) {
        return Expander.variables(value, variables);
    }

    private JsonNode expected(JsonNode value) {
        return Expander.texts(expanded(value));
    }
}
