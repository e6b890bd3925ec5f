"""The rules for names. Lengths count UTF-16 units, as servers do."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from nacre.errors import InvalidParameterError

DEFAULT_GROUP = "DEFAULT_GROUP"
DEFAULT_NAMESPACE = "public"
DEFAULT_CLUSTER = "DEFAULT"

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z0-9_\-.:]*")
_NAMESPACE = re.compile(r"[A-Za-z0-9_-]*")
_CLUSTER = re.compile(r"[A-Za-z0-9-]*")
# No ASCII blank and none of the characters that servers refuse in names.
_PLAIN = re.compile("[^ \t-\r\u4e00-\u9fa5]*")
_LINE_ENDS = "\n\r\x85\u2028\u2029"
# What Java's trim takes away, which is what servers do.
_BLANKS = "".join(map(chr, range(33)))


def typed(value: Any, kind: type[T], name: str) -> T:
    """The value, if it is of this type; `bool` is no number here."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{name} must be {kind.__name__}, not {type(value).__name__}")
    return value


def text(value: Any, name: str) -> str:
    """A text that can be written in UTF-8."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str, not {type(value).__name__}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InvalidParameterError(f"Param '{name}' is illegal, it is not Unicode.") from None
    return value


def units(value: str) -> int:
    """How long a text is in UTF-16."""
    return len(value) if value.isascii() else len(value.encode("utf-16-le")) // 2


def trimmed(value: str) -> str:
    """Without blanks and control characters at the ends."""
    return value.strip(_BLANKS)


def limit(parameter: str, value: str, length: int) -> None:
    """Refuses a text that is too long."""
    if units(value) > length:
        raise InvalidParameterError(f"Param '{parameter}' is illegal, the param length should not exceed {length}.")


def _illegal(parameter: str) -> InvalidParameterError:
    return InvalidParameterError(f"Param '{parameter}' is illegal, illegal characters should not appear in the param.")


def _check(parameter: str, value: str, length: int, legal: re.Pattern[str]) -> str:
    limit(parameter, value, length)
    if not legal.fullmatch(value):
        raise _illegal(parameter)
    return value


def namespace(value: Any) -> str:
    """The id of a namespace; blank is `public`."""
    name = trimmed(text(value, "namespace"))
    return _check("namespaceId/tenant", name, 64, _NAMESPACE) or DEFAULT_NAMESPACE


def group(value: Any) -> str:
    """A group; blank is `DEFAULT_GROUP`."""
    return _check("group", trimmed(text(value, "group")), 128, _NAME) or DEFAULT_GROUP


def data_id(value: Any) -> str:
    """The name of a config."""
    name = trimmed(text(value, "data_id"))
    if not name:
        raise InvalidParameterError("Param 'dataId' is illegal, it must not be blank.")
    return _check("dataId", name, 256, _NAME)


def service(name: str) -> str:
    """A service name without its group."""
    if not trimmed(name):
        raise InvalidParameterError("Param 'serviceName' is illegal, it must not be blank.")
    limit("serviceName", name, 512)
    rest = name[1:]
    if name[0] == "@" or name[0] in _LINE_ENDS or "@@" in rest or not _PLAIN.fullmatch(rest):
        raise _illegal("serviceName")
    return name


def ip(value: str) -> None:
    """An address of an instance."""
    if not trimmed(value):
        raise InvalidParameterError("Param 'ip' is illegal, it must not be blank.")
    _check("ip", value, 128, _PLAIN)


def cluster(value: str) -> None:
    """The cluster of an instance."""
    _check("cluster", value, 64, _CLUSTER)


def queried_cluster(value: Any) -> str:
    """The cluster that a query names, which may have `_`."""
    return _check("cluster", text(value, "cluster"), 64, _NAMESPACE)
