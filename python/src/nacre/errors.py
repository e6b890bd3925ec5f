"""What calls raise. Every error has a kind, a code and tells whether the same call may succeed later."""

from __future__ import annotations

import enum
from typing import Any


class ErrorKind(enum.Enum):
    """The class of an error."""

    INVALID_PARAMETER = "invalid_parameter"
    """A name, a size or a combination of values is not allowed."""
    NOT_FOUND = "not_found"
    """What the request names does not exist."""
    FORBIDDEN = "forbidden"
    """Not authenticated, or not allowed."""
    CONFLICT = "conflict"
    """The state on the server is another than the request expects."""
    UNREACHABLE = "unreachable"
    """No server could be reached, or the connection was lost before the answer came."""
    TIMEOUT = "timeout"
    """The deadline passed."""
    REFUSED = "refused"
    """The server answered that it failed, for a reason that no other kind names."""
    UNSUPPORTED = "unsupported"
    """The server does not offer this operation."""
    CLOSED = "closed"
    """The client was closed."""
    OVER_LIMIT = "over_limit"
    """A limit of the server or of the client was reached."""
    INTERNAL = "internal"
    """A defect."""


class NacreError(Exception):
    """The base of all errors of this package."""

    kind: ErrorKind = ErrorKind.INTERNAL
    """The class of the error."""
    code: int
    """The number that Nacos uses: positive when a server gave it or would have, negative when it arose here."""
    retryable: bool
    """Whether the same call may succeed later."""
    reason: str
    """What happened, for people."""

    def __init__(self, reason: str, code: int = -500, retryable: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.retryable = retryable

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason, self.code, self.retryable)


class InvalidParameterError(NacreError, ValueError):
    """A name, a size or a combination of values is not allowed. Mostly raised before anything is sent."""

    kind = ErrorKind.INVALID_PARAMETER

    def __init__(self, reason: str, code: int = 400, retryable: bool = False) -> None:
        super().__init__(reason, code, retryable)


class NotFoundError(NacreError):
    """What the request names does not exist."""

    kind = ErrorKind.NOT_FOUND


class ForbiddenError(NacreError):
    """Not authenticated, or not allowed."""

    kind = ErrorKind.FORBIDDEN


class ConflictError(NacreError):
    """The state on the server is another than the request expects, e.g. the md5 of a compare-and-set."""

    kind = ErrorKind.CONFLICT


class UnreachableError(NacreError):
    """No server could be reached, or the connection was lost before the answer came."""

    kind = ErrorKind.UNREACHABLE


class RequestTimeoutError(NacreError, TimeoutError):
    """The deadline passed; whether the server did it is unknown."""

    kind = ErrorKind.TIMEOUT


class RefusedError(NacreError):
    """The server answered that it failed, for a reason that no other kind names."""

    kind = ErrorKind.REFUSED


class UnsupportedError(NacreError):
    """The server does not offer this operation."""

    kind = ErrorKind.UNSUPPORTED


class ClientClosedError(NacreError):
    """The client was closed."""

    kind = ErrorKind.CLOSED

    def __init__(self, reason: str = "the client is closed", code: int = -401, retryable: bool = False) -> None:
        super().__init__(reason, code, retryable)


class OverLimitError(NacreError):
    """A limit of the server or of the client was reached."""

    kind = ErrorKind.OVER_LIMIT


class InternalError(NacreError):
    """A defect."""

    kind = ErrorKind.INTERNAL


class ForkedProcessError(NacreError, RuntimeError):
    """The object was made before this process was forked off. Make a new one in the child."""

    kind = ErrorKind.CLOSED

    def __init__(
        self,
        reason: str = "this was made before a fork and belongs to the parent process; make a new client in the child",
        code: int = -401,
        retryable: bool = False,
    ) -> None:
        super().__init__(reason, code, retryable)


CLASSES: tuple[type[NacreError], ...] = (
    InternalError,
    InvalidParameterError,
    NotFoundError,
    ForbiddenError,
    ConflictError,
    UnreachableError,
    RequestTimeoutError,
    RefusedError,
    UnsupportedError,
    ClientClosedError,
    OverLimitError,
    InternalError,
)
"""By the number that the engine gives."""


def of(kind: int, code: int, retryable: bool, reason: str) -> NacreError:
    """The error with these parts, as the engine tells them."""
    return CLASSES[kind if kind < len(CLASSES) else 0](reason, code, retryable)
