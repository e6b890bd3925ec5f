"""The settings of a client. What is `None` has the engine's default; durations are seconds."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, Union

from nacre import _names
from nacre._native import encode
from nacre.errors import InvalidParameterError
from nacre.naming_model import texts

Path = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True)
class Endpoint:
    """An address server that lists the servers."""

    host: str
    port: int = 8080
    context_path: Optional[str] = None
    list: str = "serverlist"
    query: str = ""
    refresh: float = 30.0


@dataclass(frozen=True)
class Keys:
    """Keys with which requests are signed."""

    access_key: str
    secret_key: str = field(repr=False)
    security_token: Optional[str] = field(default=None, repr=False)
    region: Optional[str] = None


@dataclass(frozen=True)
class TemporaryKeys:
    """Keys that a metadata service hands out."""

    url: str
    refresh_before_end: float = 180.0
    keep: bool = True
    region: Optional[str] = None

    @staticmethod
    def of_role(role: str) -> TemporaryKeys:
        """The keys of a role, from the metadata service of Alibaba Cloud."""
        return TemporaryKeys(f"http://100.100.100.200/latest/meta-data/ram/security-credentials/{role}")


@dataclass(frozen=True)
class Tls:
    """TLS for gRPC, and for HTTP if asked for. Certificates are verified unless `trust_any`."""

    roots: Optional[Path] = None
    """PEM file of the roots that are trusted; default the public ones."""
    trust_any: bool = False
    certificates: Optional[Path] = None
    """PEM file with the client's own certificate and its chain."""
    key: Optional[Path] = None
    password: Optional[str] = field(default=None, repr=False)
    """Of an encrypted key."""
    server_name: Optional[str] = None
    """The name in the server's certificate, if it is another than that of its address."""
    http: bool = False


@dataclass(frozen=True)
class NamingOptions:
    """Settings of the service registry."""

    request_timeout: Optional[float] = None
    """Default: that of the client."""
    load_cache_at_start: Optional[bool] = None
    """Whether lists that an earlier run has written may be used before the server answers. Default true."""
    cache_folder: Optional[str] = None
    """Part of the path of the cache. Default none."""
    push_empty_protection: Optional[bool] = None
    """Whether an empty list does not replace one with instances. Default false."""
    poll: Optional[bool] = None
    """Whether lists are also asked for again and again. Default true."""
    failover_refresh: Optional[float] = None
    services_refresh: Optional[float] = None
    """How often the names of services are asked for where the server cannot tell. Default 10 s."""


@dataclass(frozen=True)
class ConfigOptions:
    """Settings of the configuration centre."""

    request_timeout: Optional[float] = None
    """Default: that of the client."""
    app_key: Optional[str] = None
    snapshots: Optional[bool] = None
    """Whether what the server says is copied to files. Default true, with a `directory`."""
    environment_name: Optional[str] = None
    """First part of the names of files."""
    full_sync: Optional[float] = None
    """How often all configs are compared with the server. Default 5 min."""
    listens_per_request: Optional[int] = None
    failover_refresh: Optional[float] = None
    max_content: Optional[int] = None
    """Largest content that is published, in bytes. Default 10 MiB."""


@dataclass(frozen=True)
class Options:
    """The settings of a client."""

    server: Union[str, Sequence[str]] = ()
    """`host`, `host:port`, `[::1]:8848`, `http://host:port/context`; several separated by commas or in a list. Default
    `127.0.0.1`."""
    endpoint: Optional[Endpoint] = None
    """An address server that lists the servers, instead of `server`."""
    namespace: str = _names.DEFAULT_NAMESPACE
    """The namespace of all services and configs: at most 64 of `A-Z a-z 0-9 _ -`."""
    default_port: Optional[int] = None
    """Main port of an address that names none. Default 8848."""
    grpc_port_offset: Optional[int] = None
    """Distance from the main port to the gRPC port. Default 1000; 0 tries the main port only."""
    context_path: Optional[str] = None
    """First part of the path of HTTP requests. Default `nacos`."""
    app_name: Optional[str] = None
    """Name of the application, shown by the server. Default `unknown`."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of the connection."""
    app_labels: Mapping[str, str] = field(default_factory=dict)
    """Labels that gray rules of configs see."""
    client_version: Optional[str] = None
    """Name and version that the server shows. Default: those of the engine."""
    client_ip: Optional[str] = None
    """The address that this client gives for itself. Default: the local end of the connection."""
    username: Optional[str] = None
    password: Optional[str] = field(default=None, repr=False)
    """User and password, exchanged for a token that is kept fresh."""
    keys: Optional[Keys] = None
    """Keys with which requests are signed."""
    temporary_keys: Optional[TemporaryKeys] = None
    """Keys that a metadata service hands out."""
    tls: Optional[Tls] = None
    """Default: plain TCP."""
    request_timeout: float = 3.0
    """Deadline of a request with all its retries."""
    retries: Optional[int] = None
    """How often a request is sent again within its deadline. Default 3."""
    connect_timeout: Optional[float] = None
    """Deadline of TCP and TLS, per address. Default 3 s."""
    server_check_timeout: Optional[float] = None
    """Deadline of the server's first answer on a new connection. Default 3 s."""
    ability_timeout: Optional[float] = None
    """Deadline of the server's list of abilities. Default 5 s."""
    keep_alive: Optional[float] = None
    """Silence after which the connection is checked. Default 5 s."""
    health_check_timeout: Optional[float] = None
    """Deadline of one such check. Default 3 s."""
    health_check_retries: Optional[int] = None
    """How often a failed check is repeated. Default 1."""
    http_timeout: Optional[float] = None
    """Deadline of an HTTP request per server. Default 3 s."""
    max_message_size: Optional[int] = None
    """Largest message that is read, in bytes. Default 10 MiB."""
    random_start: Optional[bool] = None
    """Whether the first server is drawn by lot. Default true."""
    directory: Optional[Path] = None
    """Folder of all local files (caches, snapshots, failover files). Default: nothing is read or written."""
    pool: Optional[str] = None
    """Clients with the same pool share connections that a server could not tell apart. Default: an own connection."""
    naming: NamingOptions = NamingOptions()
    config: ConfigOptions = ConfigOptions()

    def __post_init__(self) -> None:
        object.__setattr__(self, "namespace", _names.namespace(self.namespace))
        if not isinstance(self.server, str):
            servers = tuple(_names.text(server, "server") for server in self.server)
            object.__setattr__(self, "server", servers)
        if (self.username is None) != (self.password is None):
            raise InvalidParameterError("a username needs a password")
        if not self.request_timeout > 0:
            raise InvalidParameterError("request_timeout must be above 0")

    @property
    def max_content(self) -> int:
        """Largest content that is published."""
        return 10 * 1024 * 1024 if self.config.max_content is None else self.config.max_content

    def to_bytes(self) -> bytes:
        """As the engine reads them: pairs of a tag and a value, then tag 0."""
        tags = _Tags()
        tags.add(1, "[s]", [self.server] if isinstance(self.server, str) else list(self.server) or None)
        endpoint = self.endpoint
        if endpoint:
            parts = (endpoint.host, endpoint.port, endpoint.context_path, endpoint.list, endpoint.query)
            tags.add(2, "(si?sssq)", (*parts, millis(endpoint.refresh, "refresh")))
        tags.port(3, self.default_port)
        tags.port(4, self.grpc_port_offset)
        tags.add(5, "s", self.context_path)
        tags.add(6, "s", self.namespace)
        tags.add(7, "s", self.app_name)
        tags.add(8, "m", texts(self.labels, "labels") or None)
        tags.add(9, "m", texts(self.app_labels, "app_labels") or None)
        tags.add(10, "s", self.client_version)
        tags.add(11, "s", self.client_ip)
        if self.username is not None:
            tags.add(12, "(ss)", (self.username, self.password))
        self._security(tags)
        tags.time(15, self.request_timeout, "request_timeout")
        tags.number(16, self.retries, "retries")
        tags.time(17, self.connect_timeout, "connect_timeout")
        tags.time(18, self.server_check_timeout, "server_check_timeout")
        tags.time(19, self.ability_timeout, "ability_timeout")
        tags.time(20, self.keep_alive, "keep_alive")
        tags.time(21, self.health_check_timeout, "health_check_timeout")
        tags.number(22, self.health_check_retries, "health_check_retries")
        tags.time(23, self.http_timeout, "http_timeout")
        tags.number(24, self.max_message_size, "max_message_size")
        tags.add(25, "b", self.random_start)
        tags.add(26, "s", None if self.directory is None else os.fspath(self.directory))
        tags.add(27, "s", self.pool)
        self._parts(tags)
        return b"".join((*tags.all, b"\0"))

    def _security(self, tags: _Tags) -> None:
        keys, temporary, tls = self.keys, self.temporary_keys, self.tls
        if keys:
            tags.add(13, "(ss?s?s)", (keys.access_key, keys.secret_key, keys.security_token, keys.region))
        if temporary:
            refresh = millis(temporary.refresh_before_end, "refresh_before_end")
            tags.add(28, "(sqb?s)", (temporary.url, refresh, temporary.keep, temporary.region))
        if tls:
            if (tls.certificates is None) != (tls.key is None):
                raise InvalidParameterError("a certificate needs a key")
            roots: tuple[Any, ...] = (2,) if tls.trust_any else (0,)
            shape = "B"
            if tls.roots is not None:
                roots, shape = (1, os.fspath(tls.roots)), "Bs"
            identity = None
            if tls.certificates is not None and tls.key is not None:
                identity = (os.fspath(tls.certificates), os.fspath(tls.key))
            tags.add(14, f"({shape}?(ss)?sb)", (*roots, identity, tls.server_name, tls.http))
            if identity:
                tags.add(29, "s", tls.password)

    def _parts(self, tags: _Tags) -> None:
        naming, config = self.naming, self.config
        tags.time(40, naming.request_timeout, "naming.request_timeout")
        tags.add(41, "b", naming.load_cache_at_start)
        tags.add(42, "s", naming.cache_folder)
        tags.add(43, "b", naming.push_empty_protection)
        tags.add(44, "b", naming.poll)
        tags.time(45, naming.failover_refresh, "naming.failover_refresh")
        tags.time(46, naming.services_refresh, "naming.services_refresh")
        tags.time(60, config.request_timeout, "config.request_timeout")
        tags.add(61, "s", config.app_key)
        tags.add(62, "b", config.snapshots)
        tags.add(63, "s", config.environment_name)
        tags.time(64, config.full_sync, "config.full_sync")
        tags.number(65, config.listens_per_request, "config.listens_per_request")
        tags.time(66, config.failover_refresh, "config.failover_refresh")
        tags.number(67, config.max_content, "config.max_content")


class _Tags:
    def __init__(self) -> None:
        self.all: list[bytes] = []

    def add(self, tag: int, format: str, value: Any) -> None:
        if value is not None:
            self.all.append(encode("B" + format, tag, value))

    def time(self, tag: int, seconds: Optional[float], name: str) -> None:
        if seconds is not None:
            self.add(tag, "q", millis(seconds, name))

    def number(self, tag: int, number: Optional[int], name: str) -> None:
        if number is not None and _names.typed(number, int, name) < 0:
            raise InvalidParameterError(f"{name} must not be negative")
        self.add(tag, "i", number)

    def port(self, tag: int, port: Optional[int]) -> None:
        if port is not None and not 0 <= _names.typed(port, int, "port") <= 65535:
            raise InvalidParameterError(f"port {port} is not between 0 and 65535")
        self.add(tag, "i", port)


def millis(seconds: Any, name: str) -> int:
    """A duration above 0 for the engine; what is shorter than a millisecond is one."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"{name} must be a number of seconds, not {type(seconds).__name__}")
    if not 0 < seconds < 1e12:
        raise InvalidParameterError(f"{name} must be above 0")
    return max(1, round(seconds * 1000))
