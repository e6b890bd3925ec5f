package io.nacre;

/** The server refused a value of the request. What this library finds wrong is an {@link InvalidParameterException}. */
public final class InvalidRequestException extends NacreException {
    private static final long serialVersionUID = 1L;

    InvalidRequestException(int code, boolean retryable, String reason) {
        super(ErrorKind.INVALID_PARAMETER, code, retryable, reason);
    }
}
