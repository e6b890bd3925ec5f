package io.nacre;

/**
 * Why a call failed.
 *
 * <p>Decide by {@link #kind()} or {@link #code()}, or catch one of the subclasses, of which there is one per kind; the
 * text is for people and may change.
 */
public class NacreException extends Exception {
    private static final long serialVersionUID = 1L;

    /** The class of the failure. */
    private final ErrorKind kind;
    /** The number that Nacos uses. */
    private final int code;
    /** Whether the same call may succeed later. */
    private final boolean retryable;

    NacreException(ErrorKind kind, int code, boolean retryable, String reason) {
        super(reason);
        this.kind = kind;
        this.code = code;
        this.retryable = retryable;
    }

    /**
     * Makes the exception that stands for a kind.
     *
     * @param kind class of the failure
     * @param code the number that Nacos uses for it
     * @param retryable whether the same call may succeed later
     * @param reason what happened, for people
     * @return an instance of the subclass of this kind
     */
    public static NacreException of(ErrorKind kind, int code, boolean retryable, String reason) {
        switch (kind) {
            case INVALID_PARAMETER:
                return new InvalidRequestException(code, retryable, reason);
            case NOT_FOUND:
                return new NotFoundException(code, retryable, reason);
            case FORBIDDEN:
                return new ForbiddenException(code, retryable, reason);
            case CONFLICT:
                return new ConflictException(code, retryable, reason);
            case UNREACHABLE:
                return new UnreachableException(code, retryable, reason);
            case TIMEOUT:
                return new RequestTimeoutException(code, retryable, reason);
            case REFUSED:
                return new RefusedException(code, retryable, reason);
            case UNSUPPORTED:
                return new UnsupportedException(code, retryable, reason);
            case CLOSED:
                return new ClientClosedException(code, retryable, reason);
            case OVER_LIMIT:
                return new OverLimitException(code, retryable, reason);
            default:
                return new InternalException(code, retryable, reason);
        }
    }

    /**
     * The class of the failure.
     *
     * @return the kind
     */
    public ErrorKind kind() {
        return kind;
    }

    /**
     * The number that Nacos uses for this failure: positive when a server gave it (403, 404, 500, ...) or would have
     * given it, negative when it arose in the client (-401 not connected, -500 other).
     *
     * @return the code
     */
    public int code() {
        return code;
    }

    /**
     * Whether the same call may succeed later without any change.
     *
     * @return true if it may
     */
    public boolean isRetryable() {
        return retryable;
    }

    /**
     * What happened, for people.
     *
     * @return the text
     */
    public String reason() {
        return getMessage();
    }
}
