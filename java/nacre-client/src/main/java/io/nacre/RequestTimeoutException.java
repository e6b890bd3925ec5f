package io.nacre;

/** The deadline of a call passed. */
public final class RequestTimeoutException extends NacreException {
    private static final long serialVersionUID = 1L;

    RequestTimeoutException(int code, boolean retryable, String reason) {
        super(ErrorKind.TIMEOUT, code, retryable, reason);
    }
}
