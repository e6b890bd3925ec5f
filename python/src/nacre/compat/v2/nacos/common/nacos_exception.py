"""The one exception of this package, and its codes."""

from __future__ import annotations

from nacre.errors import NacreError

CLIENT_INVALID_PARAM = -400
CLIENT_DISCONNECT = -401
CLIENT_OVER_THRESHOLD = -503
INVALID_PARAM = 400
NO_RIGHT = 403
NOT_FOUND = 404
CONFLICT = 409
SERVER_ERROR = 500
SERVER_NOT_IMPLEMENTED = 501
BAD_GATEWAY = 502
OVER_THRESHOLD = 503
INVALID_SERVER_STATUS = 300
UN_REGISTER = 301
NO_HANDLER = 302
NOT_MODIFIED = 304
INVALID_INTERFACE_ERROR = -403
RESOURCE_NOT_FOUND = -404
HTTP_CLIENT_ERROR_CODE = -500


class NacosException(Exception):
    """What services raise; its cause is the error of the engine, which says more."""

    def __init__(self, error_code: object, message: object = "An error occurred") -> None:
        self.error_code = error_code
        self.message = message
        super().__init__(f"Error [{error_code}]: {message}")


def raised(error: NacreError) -> NacosException:
    """The engine's error as this package raises it."""
    exception = NacosException(error.code, error.reason)
    exception.__cause__ = error
    return exception
