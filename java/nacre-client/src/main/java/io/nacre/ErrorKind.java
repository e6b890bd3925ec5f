package io.nacre;

import java.util.Locale;

/** The class of a failure. Kinds may be added. */
public enum ErrorKind {
    /** A name, a size or a combination of values is not allowed. */
    INVALID_PARAMETER,
    /** What the request names does not exist. */
    NOT_FOUND,
    /** Not authenticated, or not allowed. */
    FORBIDDEN,
    /** The state on the server is another than the request expects. */
    CONFLICT,
    /** No server could be reached, or the connection was lost before the answer came. */
    UNREACHABLE,
    /** The deadline passed. */
    TIMEOUT,
    /** The server answered that it failed, for a reason that no other kind names. */
    REFUSED,
    /** The server does not offer this operation. */
    UNSUPPORTED,
    /** The client was closed. */
    CLOSED,
    /** A limit of the server or of the client was reached. */
    OVER_LIMIT,
    /** A defect: of this library, of a filter, or an answer that makes no sense. */
    INTERNAL;

    /**
     * The kind's name in lower case, stable across versions and languages, e.g. {@code not_found}.
     *
     * @return the name
     */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }
}
