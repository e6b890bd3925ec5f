package io.nacre;

/** A defect: of this library, of a filter, or an answer that makes no sense. */
public final class InternalException extends NacreException {
    private static final long serialVersionUID = 1L;

    InternalException(int code, boolean retryable, String reason) {
        super(ErrorKind.INTERNAL, code, retryable, reason);
    }
}
