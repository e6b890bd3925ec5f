package io.nacre;

/** A limit of the server or of the client was reached. */
public final class OverLimitException extends NacreException {
    private static final long serialVersionUID = 1L;

    OverLimitException(int code, boolean retryable, String reason) {
        super(ErrorKind.OVER_LIMIT, code, retryable, reason);
    }
}
