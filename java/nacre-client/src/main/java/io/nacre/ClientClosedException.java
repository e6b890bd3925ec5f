package io.nacre;

/** The client was closed. */
public final class ClientClosedException extends NacreException {
    private static final long serialVersionUID = 1L;

    ClientClosedException(int code, boolean retryable, String reason) {
        super(ErrorKind.CLOSED, code, retryable, reason);
    }
}
