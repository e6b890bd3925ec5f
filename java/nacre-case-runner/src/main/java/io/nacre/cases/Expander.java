package io.nacre.cases;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Replaces variables and generated texts. */
final class Expander {
    private Expander() {}

    static JsonNode variables(JsonNode value, Map<String, JsonNode> variables) {
        if (value.isTextual()) {
            return replaced(value.asText(), variables);
        }
        return mapped(value, member -> variables(member, variables));
    }

    private static JsonNode replaced(String text, Map<String, JsonNode> variables) {
        if (text.startsWith("${") && text.indexOf('}') == text.length() - 1) {
            return lookUp(text.substring(2, text.length() - 1), variables);
        }
        StringBuilder out = new StringBuilder();
        int at = 0;
        for (int start = text.indexOf("${"); start >= 0; start = text.indexOf("${", at)) {
            int end = text.indexOf('}', start);
            JsonNode found = lookUp(text.substring(start + 2, end), variables);
            out.append(text, at, start).append(found.isTextual() ? found.asText() : found.toString());
            at = end + 1;
        }
        return TextNode.valueOf(out.append(text.substring(at)).toString());
    }

    private static JsonNode lookUp(String name, Map<String, JsonNode> variables) {
        String[] parts = name.split("\\.");
        JsonNode found = variables.get(parts[0]);
        for (int i = 1; found != null && i < parts.length; i++) {
            found = found.get(parts[i]);
        }
        if (found == null) {
            throw new IllegalStateException("no variable " + name);
        }
        return found;
    }

    /** Replaces {@code repeat}, {@code base64} and {@code md5} at any depth. */
    static JsonNode texts(JsonNode value) {
        if (value.isObject()) {
            String generated = generated(value);
            if (generated != null) {
                return TextNode.valueOf(generated);
            }
        }
        return mapped(value, Expander::texts);
    }

    private static String generated(JsonNode value) {
        if (value.size() == 2 && value.has("repeat") && value.has("times")) {
            return texts(value.get("repeat")).asText().repeat(value.get("times").asInt());
        }
        if (value.size() == 1 && value.has("base64")) {
            return new String(Base64.getDecoder().decode(value.get("base64").asText()), StandardCharsets.UTF_8);
        }
        // A config's value has a member of this name as well, but never alone and with a text that is an md5.
        if (value.size() == 1 && value.has("md5") && !value.get("md5").asText().matches("[0-9a-f]{32}")) {
            return md5(texts(value.get("md5")).asText());
        }
        return null;
    }

    private static String md5(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
            return String.format("%032x", new BigInteger(1, digest));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JsonNode mapped(JsonNode value, UnaryOperator<JsonNode> change) {
        if (value.isArray()) {
            ArrayNode array = JsonNodeFactory.instance.arrayNode();
            value.forEach(item -> array.add(change.apply(item)));
            return array;
        }
        if (value.isObject()) {
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            value.fields().forEachRemaining(member -> object.set(member.getKey(), change.apply(member.getValue())));
            return object;
        }
        return value;
    }
}
