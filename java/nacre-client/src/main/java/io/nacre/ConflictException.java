package io.nacre;

/** The state on the server is another than the request expects, e.g. in a compare-and-set. */
public final class ConflictException extends NacreException {
    private static final long serialVersionUID = 1L;

    ConflictException(int code, boolean retryable, String reason) {
        super(ErrorKind.CONFLICT, code, retryable, reason);
    }
}
