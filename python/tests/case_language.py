"""Variables, texts and matchers of cases."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any, Optional

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def variables(value: Any, known: dict[str, Any]) -> Any:
    """Replaces `${name}`; a text that is nothing else becomes the variable's value."""
    if isinstance(value, list):
        return [variables(item, known) for item in value]
    if isinstance(value, dict):
        return {name: variables(item, known) for name, item in value.items()}
    if not isinstance(value, str):
        return value
    whole = _VARIABLE.fullmatch(value)
    if whole:
        return _look_up(whole[1], known)
    return _VARIABLE.sub(lambda found: _as_text(_look_up(found[1], known)), value)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _look_up(name: str, known: dict[str, Any]) -> Any:
    found: Any = known
    for part in name.split("."):
        if not isinstance(found, dict) or part not in found:
            raise KeyError(f"no variable {name}")
        found = found[part]
    return found


def texts(value: Any) -> Any:
    """Replaces `repeat`, `base64` and `md5` at any depth."""
    if isinstance(value, list):
        return [texts(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"repeat", "times"}:
        return texts(value["repeat"]) * int(value["times"])
    if set(value) == {"base64"}:
        return base64.b64decode(value["base64"]).decode()
    # A config's value has a member of this name as well, but never alone and with a text that is an md5.
    if set(value) == {"md5"} and not re.fullmatch("[0-9a-f]{32}", str(value["md5"])):
        return hashlib.md5(texts(value["md5"]).encode()).hexdigest()
    return {name: texts(item) for name, item in value.items()}


def shown(value: Any) -> str:
    """A value for people."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 400 else f"{text[:400]}... ({len(text)} characters)"


def matches(expected: Any, actual: Any) -> bool:
    """Whether a value is as a case expects it."""
    return complaint(expected, actual) is None


def complaint(expected: Any, actual: Any, path: str = "") -> Optional[str]:
    """`None`, or where a value differs from what a case expects."""
    differs = f"{path}: expected {shown(expected)}, got {shown(actual)}"
    if isinstance(expected, dict):
        if any(name.startswith("$") for name in expected):
            found = (_operator(name, item, actual, path + name) for name, item in expected.items())
        elif isinstance(actual, dict):
            found = (complaint(item, actual.get(name), f"{path}.{name}") for name, item in expected.items())
        else:
            return differs
        return next((wrong for wrong in found if wrong), None)
    if isinstance(expected, list):
        if not isinstance(actual, list) or len(actual) != len(expected):
            return differs
        pairs = enumerate(zip(expected, actual))
        return next((wrong for at, pair in pairs if (wrong := complaint(*pair, f"{path}[{at}]"))), None)
    if isinstance(expected, bool) or expected is None or isinstance(expected, str):
        return None if type(actual) is type(expected) and actual == expected else differs
    is_number = isinstance(actual, (int, float)) and not isinstance(actual, bool)
    return None if is_number and actual == expected else differs


def _operator(name: str, operand: Any, actual: Any, path: str) -> Optional[str]:
    is_list = isinstance(actual, list)
    is_number = isinstance(actual, (int, float)) and not isinstance(actual, bool)
    if name == "$unordered":
        holds = is_list and len(actual) == len(operand) and _place(operand, actual)
    elif name == "$contains":
        holds = is_list and all(any(matches(item, one) for one in actual) for item in operand)
    elif name == "$each":
        holds = is_list and all(matches(operand, one) for one in actual)
    elif name == "$length":
        holds = is_list and len(actual) == operand
    elif name == "$min":
        holds = is_number and actual >= operand
    elif name == "$starts_with":
        holds = isinstance(actual, str) and actual.startswith(operand)
    elif name == "$any_of":
        holds = any(matches(item, actual) for item in operand)
    elif name == "$all_of":
        holds = all(matches(item, actual) for item in operand)
    elif name == "$not":
        holds = not matches(operand, actual)
    else:
        raise ValueError(f"{path} is no matcher")
    return None if holds else f"{path} {shown(operand)}: got {shown(actual)}"


def _place(items: list[Any], elements: list[Any]) -> bool:
    """Whether each item can be paired with an element of its own."""
    if not items:
        return True
    for at, element in enumerate(elements):
        if matches(items[0], element) and _place(items[1:], elements[:at] + elements[at + 1 :]):
            return True
    return False
