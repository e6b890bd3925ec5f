package io.nacre;

/** An argument that the server would refuse. Nothing was sent. */
public final class InvalidParameterException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** The number that Nacos uses. */
    private final int code;

    InvalidParameterException(int code, String reason) {
        super(reason);
        this.code = code;
    }

    InvalidParameterException(String reason) {
        this(400, reason);
    }

    /**
     * The number that the server would answer.
     *
     * @return 400 as a rule
     */
    public int code() {
        return code;
    }
}
