package io.nacre;

/** What the request names does not exist. */
public final class NotFoundException extends NacreException {
    private static final long serialVersionUID = 1L;

    NotFoundException(int code, boolean retryable, String reason) {
        super(ErrorKind.NOT_FOUND, code, retryable, reason);
    }
}
