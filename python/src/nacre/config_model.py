"""The values of the configuration centre."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

from nacre import _names
from nacre.errors import InvalidParameterError


@dataclass(frozen=True, order=True)
class ConfigKey:
    """A config: its data id, and its group (`DEFAULT_GROUP` unless given)."""

    data_id: str
    group: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "group", _names.group(self.group))
        object.__setattr__(self, "data_id", _names.data_id(self.data_id))

    def __str__(self) -> str:
        return f"{self.group}/{self.data_id}"


Config = Union[str, ConfigKey]
"""A config as methods take it: its data id, or a key."""


def config_key(data_id: Any, group: str) -> ConfigKey:
    """The key that a caller means."""
    if isinstance(data_id, ConfigKey):
        if group and _names.group(group) != data_id.group:
            raise InvalidParameterError(f"the config is of group {data_id.group}, not of {group}")
        return data_id
    return ConfigKey(data_id, group)


class ConfigSource(enum.Enum):
    """Where the value of a config is from."""

    SERVER = "server"
    SNAPSHOT = "snapshot"
    FAILOVER = "failover"


@dataclass(frozen=True)
class ConfigValue:
    """The value of a config."""

    content: str
    md5: str
    """Of the content as the server has it."""
    type: Optional[str] = None
    encrypted_data_key: Optional[str] = None
    source: ConfigSource = ConfigSource.SERVER
    last_modified: int = 0
    """In milliseconds; 0 when it is unknown."""


@dataclass(frozen=True)
class ConfigEvent:
    """What a listener of a config is told."""

    key: ConfigKey
    value: Optional[ConfigValue]
    """`None` when there is no such config."""

    @property
    def content(self) -> Optional[str]:
        """The text, or `None` when there is no such config."""
        return self.value.content if self.value else None


@dataclass(frozen=True)
class ConfigPatternChange:
    """Which configs fit a pattern, and which have begun or ceased to."""

    keys: Sequence[ConfigKey]
    added: Sequence[ConfigKey]
    removed: Sequence[ConfigKey]


@dataclass(frozen=True)
class Publish:
    """A content with what the server keeps beside it."""

    content: str
    type: Optional[str] = None
    app_name: Optional[str] = None
    tags: Sequence[str] = ()
    description: Optional[str] = None
    usage: Optional[str] = None
    effect: Optional[str] = None
    schema: Optional[str] = None
    operator: Optional[str] = None
    encrypted_data_key: Optional[str] = None

    def __post_init__(self) -> None:
        _names.text(self.content, "content")
        if isinstance(self.tags, str):
            raise TypeError("tags must be a sequence of str")
        object.__setattr__(self, "tags", tuple(_names.text(tag, "tag") for tag in self.tags))
        for name in _TEXTS:
            if getattr(self, name) is not None:
                _names.text(getattr(self, name), name)

    def check(self, max_content: int) -> bytes:
        """Refuses what no server would take; gives the content in UTF-8."""
        content = self.content.encode()
        if not _names.trimmed(self.content):
            raise InvalidParameterError("content is blank")
        if len(content) > max_content:
            raise InvalidParameterError(f"content is too long, over {max_content} bytes")
        if len(self.tags) > 5:
            raise InvalidParameterError("too many config_tags, over 5", 500)
        for tag in self.tags:
            _names.limit("config_tags", tag, 64)
            if "," in tag:
                raise InvalidParameterError("a tag must not have a comma", 500)
        for name, parameter, length in _LIMITS:
            value = getattr(self, name)
            if value is not None and _names.units(value) > length:
                raise InvalidParameterError(f"too long {parameter}, over {length}", 500)
        return content


_LIMITS = (("description", "desc", 128), ("usage", "use", 32), ("effect", "effect", 32), ("schema", "schema", 32_768))
_TEXTS = ("type", "app_name", "description", "usage", "effect", "schema", "operator", "encrypted_data_key")


@dataclass(frozen=True)
class Gray:
    """For whom a version of a config is: the clients with these addresses, or with this tag."""

    beta_ips: Optional[Sequence[str]] = None
    tag: Optional[str] = None

    def __post_init__(self) -> None:
        if (self.beta_ips is None) == (self.tag is None):
            raise InvalidParameterError("either addresses or a tag")
        if self.tag is not None:
            _check_tag(_names.text(self.tag, "tag"))
        elif isinstance(self.beta_ips, str):
            raise TypeError("beta_ips must be a sequence of str")

    @staticmethod
    def beta(*ips: str) -> Gray:
        """For the clients with these addresses."""
        return Gray(beta_ips=tuple(_names.text(ip, "ip") for ip in ips))

    @staticmethod
    def of_tag(tag: str) -> Gray:
        """For the clients with this tag."""
        return Gray(tag=tag)

    def check(self) -> None:
        """Refuses addresses that no server would take."""
        if self.beta_ips is None:
            return
        if not self.beta_ips:
            # The server would take it for the config itself.
            raise InvalidParameterError("no address for the beta version")
        for ip in self.beta_ips:
            if not _names.trimmed(ip) or "," in ip:
                raise InvalidParameterError(f"not an address: {ip}")


def _check_tag(tag: str) -> None:
    if not tag:
        raise InvalidParameterError("the tag is blank")
    if not all(letter.isascii() and (letter.isalnum() or letter in "_-.:") for letter in tag):
        raise InvalidParameterError(f"invalid tag : {tag}", 500)
    if len(tag) > 16:
        raise InvalidParameterError("too long tag, over 16", 500)


class ConfigFilter:
    """Changes contents on their way to and from the server.

    Filters stand above the cache and the files: md5, compare-and-set, snapshots and failover files hold the text as the
    server has it. A publish passes them in ascending order, a read in descending order.
    """

    name: str = ""
    """A filter replaces an earlier one of the same name."""
    order: int = 0

    def applies(self, key: ConfigKey) -> bool:
        """Whether the values of a config pass this filter at all."""
        return True

    def publish(self, key: ConfigKey, outgoing: Publish) -> Publish:
        """What is published instead."""
        return outgoing

    def receive(self, key: ConfigKey, content: str, raw: ConfigValue) -> str:
        """The text to use instead. `content` is as the filters before left it, `raw` as the server has it."""
        return content
