package io.nacre.cases;

import com.fasterxml.jackson.databind.JsonNode;
import io.nacre.InvalidParameterException;
import io.nacre.NacreException;

/** An error of a call, as cases see it. */
final class Failure extends Exception {
    private static final long serialVersionUID = 1L;

    private final String kind;
    private final int code;
    private final boolean retryable;

    private Failure(String kind, int code, boolean retryable, Exception cause) {
        super("error " + kind + " " + code + (retryable ? ", retryable" : "") + ": " + cause.getMessage(), cause);
        this.kind = kind;
        this.code = code;
        this.retryable = retryable;
    }

    static Failure of(NacreException error) {
        return new Failure(error.kind().id(), error.code(), error.isRetryable(), error);
    }

    static Failure of(InvalidParameterException error) {
        return new Failure("invalid_parameter", error.code(), false, error);
    }

    boolean is(JsonNode expected) {
        return expected.path("kind").asText().equals(kind)
                && (!expected.has("code") || expected.get("code").asInt() == code)
                && (!expected.has("retryable") || expected.get("retryable").asBoolean() == retryable);
    }
}
