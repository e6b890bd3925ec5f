package io.nacre;

/** Not authenticated, or not allowed. */
public final class ForbiddenException extends NacreException {
    private static final long serialVersionUID = 1L;

    ForbiddenException(int code, boolean retryable, String reason) {
        super(ErrorKind.FORBIDDEN, code, retryable, reason);
    }
}
