package io.nacre;

/** No server could be reached, or the connection was lost before the answer came. */
public final class UnreachableException extends NacreException {
    private static final long serialVersionUID = 1L;

    UnreachableException(int code, boolean retryable, String reason) {
        super(ErrorKind.UNREACHABLE, code, retryable, reason);
    }
}
