package io.nacre.cases;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import java.util.Iterator;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Whether a value is as a case expects it. Answers null, or where they differ. */
final class Matcher {
    private static final int SHOWN = 400;

    private Matcher() {}

    static boolean matches(JsonNode expected, JsonNode actual) {
        return compare(expected, actual, "") == null;
    }

    static String complaint(JsonNode expected, JsonNode actual) {
        return compare(expected, actual, "");
    }

    static String shown(JsonNode value) {
        String text = String.valueOf(value);
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "... (" + text.length() + " characters)";
    }

    private static String compare(JsonNode expected, JsonNode actual, String path) {
        String differs = path + ": expected " + shown(expected) + ", got " + shown(actual);
        if (expected.isObject()) {
            boolean operators = false;
            for (Iterator<String> names = expected.fieldNames(); names.hasNext(); ) {
                operators |= names.next().startsWith("$");
            }
            if (!operators && !actual.isObject()) {
                return differs;
            }
            for (Map.Entry<String, JsonNode> member : expected.properties()) {
                String name = member.getKey();
                JsonNode found = actual.has(name) ? actual.get(name) : NullNode.instance;
                String complaint = operators
                        ? operator(name, member.getValue(), actual, path + name)
                        : compare(member.getValue(), found, path + "." + name);
                if (complaint != null) {
                    return complaint;
                }
            }
            return null;
        }
        if (expected.isArray()) {
            if (!actual.isArray() || actual.size() != expected.size()) {
                return differs;
            }
            for (int i = 0; i < expected.size(); i++) {
                String complaint = compare(expected.get(i), actual.get(i), path + "[" + i + "]");
                if (complaint != null) {
                    return complaint;
                }
            }
            return null;
        }
        if (expected.isNumber()) {
            return actual.isNumber() && expected.asDouble() == actual.asDouble() ? null : differs;
        }
        return expected.equals(actual) ? null : differs;
    }

    private static String operator(String name, JsonNode operand, JsonNode actual, String path) {
        String wrong = path + " " + shown(operand) + ": got " + shown(actual);
        switch (name) {
            case "$unordered":
                return holds(
                        actual.isArray() && actual.size() == operand.size()
                                && place(operand, 0, actual, new boolean[actual.size()]),
                        wrong);
            case "$contains":
                return holds(
                        actual.isArray()
                                && every(operand).allMatch(item -> every(actual).anyMatch(one -> matches(item, one))),
                        wrong);
            case "$each":
                return holds(actual.isArray() && every(actual).allMatch(one -> matches(operand, one)), wrong);
            case "$length":
                return holds(actual.isArray() && actual.size() == operand.asInt(), wrong);
            case "$min":
                return holds(actual.isNumber() && actual.asDouble() >= operand.asDouble(), wrong);
            case "$starts_with":
                return holds(actual.isTextual() && actual.asText().startsWith(operand.asText()), wrong);
            case "$any_of":
                return holds(every(operand).anyMatch(item -> matches(item, actual)), wrong);
            case "$all_of":
                return holds(every(operand).allMatch(item -> matches(item, actual)), wrong);
            case "$not":
                return holds(!matches(operand, actual), wrong);
            default:
                throw new IllegalStateException(path + " is no matcher");
        }
    }

    private static String holds(boolean holds, String wrong) {
        return holds ? null : wrong;
    }

    private static Stream<JsonNode> every(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false);
    }

    /** Whether each item can be paired with an element of its own. */
    private static boolean place(JsonNode items, int at, JsonNode elements, boolean[] taken) {
        if (at == items.size()) {
            return true;
        }
        for (int i = 0; i < elements.size(); i++) {
            if (!taken[i] && matches(items.get(at), elements.get(i))) {
                taken[i] = true;
                if (place(items, at + 1, elements, taken)) {
                    return true;
                }
                taken[i] = false;
            }
        }
        return false;
    }
}
