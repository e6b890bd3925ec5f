package io.nacre;

/** The server does not offer this operation. */
public final class UnsupportedException extends NacreException {
    private static final long serialVersionUID = 1L;

    UnsupportedException(int code, boolean retryable, String reason) {
        super(ErrorKind.UNSUPPORTED, code, retryable, reason);
    }
}
