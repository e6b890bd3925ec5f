package io.nacre.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The runner notices what is wrong. */
class RunnerTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text.replace('\'', '"'));
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '"',
            value = {
                "1; 1.0; 2",
                "null; null; 0",
                "{'a': null}; {'b': 1}; {'a': 1}",
                "{'a': {'b': 1}}; {'a': {'b': 1, 'c': 2}}; {'a': {}}",
                "[1, 2]; [1, 2]; [2, 1]",
                "[1]; [1]; [1, 1]",
                "{'$unordered': [{'a': 1}, {}]}; [{'b': 2}, {'a': 1}]; [{'b': 2}, {'b': 1}]",
                "{'$contains': [1]}; [2, 1]; [2]",
                "{'$each': {'a': 1}}; [{'a': 1}]; [{'a': 1}, {}]",
                "{'$length': 0}; []; [1]",
                "{'$min': 2}; 2.5; 1",
                "{'$starts_with': 'a'}; 'ab'; 'b'",
                "{'$any_of': [1, 2]}; 2; 3",
                "{'$all_of': [{'a': 1}, {'b': 2}]}; {'a': 1, 'b': 2}; {'a': 1}",
                "{'$not': []}; [1]; []"
            })
    void everyMatcherAcceptsAndRefuses(String expected, String good, String bad) {
        assertTrue(Matcher.matches(json(expected), json(good)));
        assertFalse(Matcher.matches(json(expected), json(bad)));
    }

    @Test
    void variablesAndTextsAreExpanded() {
        Map<String, JsonNode> known = Map.of("run", json("'r1'"), "p", json("{'port': 7, 'host': 'h'}"));
        assertEquals(
                json("['a-r1-h:7', 7, {'k': 'r1'}]"),
                Expander.variables(json("['a-${run}-${p.host}:${p.port}', '${p.port}', {'k': '${run}'}]"), known));
        assertThrows(IllegalStateException.class, () -> Expander.variables(json("'${p.nothing}'"), known));
        assertEquals(
                json("['abab', '\u00e4', '6654c734ccab8f440ff0825eb443dc7f']"),
                Expander.texts(json(
                        "[{'repeat': 'ab', 'times': 2}, {'base64': 'w6Q='}, {'md5': {'repeat': 'v1', 'times': 1}}]")));
    }

    @Test
    void orderLetsEventsBeSkippedButNotGoBack() throws Exception {
        assertEquals(null, seen("[1, 3]"));
        assertEquals(null, seen("[3]"));
        assertTrue(seen("[2, 1, 3]").startsWith("out of order"));
        assertTrue(seen("[1, 2]").startsWith("only up to"));
        assertTrue(seen("[]").startsWith("only up to"));
    }

    private static String seen(String events) throws InterruptedException {
        Recorder recorder = new Recorder();
        json(events).forEach(recorder::tell);
        return recorder.expect(json("{'order': [1, 2, 3], 'within_ms': 1}"), 1);
    }

    @Test
    void whatMustNeverComeIsLookedForFromNowOn() throws Exception {
        Recorder recorder = new Recorder();
        json("[1]").forEach(recorder::tell);
        assertEquals(null, recorder.expect(json("{'never': 1, 'for_ms': 20}"), 1));
        Thread telling = new Thread(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                recorder.tell(json("1"));
                LockSupport.parkNanos(1_000_000);
            }
        });
        telling.start();
        try {
            assertTrue(recorder.expect(json("{'never': 1, 'for_ms': 20000}"), 1).contains("must not"));
        } finally {
            telling.interrupt();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'op': 'config.get', 'on': 'a', 'args': {'data_id': 'x'}, 'expect': {'value': {'content': 'x'}}}",
                "{'op': 'config.get', 'on': 'a', 'args': {'data_id': 'x'}, 'expect': {'error': {'kind': 'closed'}}}",
                "{'op': 'config.get', 'on': 'a', 'args': {'data_id': 'a b'}}",
                "{'op': 'config.get', 'on': 'a', 'args': {'data_id': 'x'},"
                        + " 'expect': {'eventually': {'content': 'x'}, 'within_ms': 100}}",
                "{'op': 'config.get', 'on': 'b', 'args': {'data_id': 'x'}}",
                "{'do': 'file.read', 'args': {'path': 'none'}, 'expect': {'value': 'text'}}",
                "{'events': 'w', 'expect': {'last': {'value': {'content': 'x'}}, 'within_ms': 100}}",
                "{'race': [{'op': 'config.get', 'on': 'a', 'args': {'data_id': 'x'}}], 'expect': {'succeed': 0}}"
            })
    void aBrokenPromiseIsNoticed(String step) {
        for (Face face : Face.values()) {
            assertThrows(AssertionError.class, () -> play(face, step), face + " " + step);
        }
    }

    @ParameterizedTest
    @EnumSource(Face.class)
    void aKeptPromisePasses(Face face) throws Exception {
        play(face, "{'op': 'config.get', 'on': 'a', 'args': {'data_id': 'x'}, 'expect': {'value': null}}");
    }

    private static void play(Face face, String step) throws Exception {
        String watch = "{'op': 'config.watch', 'on': 'a', 'args': {'data_id': 'x'}, 'as': 'w'}";
        JsonNode test = json("{'limit_ms': 10000, 'clients': {'a': {}}, 'steps': [" + watch + ", " + step + "]}");
        try (Scope scope = Harness.shared().scope();
                Stage stage = new Stage(new Operations(face))) {
            stage.play(test, scope.server().address());
        }
    }
}
