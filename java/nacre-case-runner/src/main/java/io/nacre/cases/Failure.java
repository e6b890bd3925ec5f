package io.nacre.cases;

import com.fasterxml.jackson.databind.JsonNode;

/** An error of a call, as cases see it. */
public final class Failure extends Exception {
    private static final long serialVersionUID = 1L;

    private final String kind;
    private final int code;
    private final boolean retryable;

    /**
     * A failure.
     *
     * @param kind its kind, e.g. {@code not_found}
     * @param code the number that Nacos uses
     * @param retryable whether the same call may succeed later
     * @param cause what the client raised
     */
    public Failure(String kind, int code, boolean retryable, Exception cause) {
        super("error " + kind + " " + code + (retryable ? ", retryable" : "") + ": " + cause.getMessage(), cause);
        this.kind = kind;
        this.code = code;
        this.retryable = retryable;
    }

    boolean is(JsonNode expected) {
        return expected.path("kind").asText().equals(kind)
                && (!expected.has("code") || expected.get("code").asInt() == code)
                && (!expected.has("retryable") || expected.get("retryable").asBoolean() == retryable);
    }
}
