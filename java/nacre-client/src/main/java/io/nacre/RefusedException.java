package io.nacre;

/** The server answered that it failed, for a reason that no other class names. */
public final class RefusedException extends NacreException {
    private static final long serialVersionUID = 1L;

    RefusedException(int code, boolean retryable, String reason) {
        super(ErrorKind.REFUSED, code, retryable, reason);
    }
}
