"""The values of a client that belong neither to naming nor to config."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Optional

from nacre.errors import NacreError


class State(enum.Enum):
    """How the connection is."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    CLOSED = "closed"


class ServerGeneration(enum.Enum):
    """How old the server is."""

    UNKNOWN = "unknown"
    OLD = "old"
    """Before 2.3."""
    TWO = "two"
    """Before 3.0."""
    THREE = "three"


@dataclass(frozen=True)
class Status:
    """The state of a client."""

    state: State
    since: float
    """In seconds since 1970."""
    server: Optional[str]
    last_error: Optional[NacreError]
    local_address: Optional[str]
    server_generation: ServerGeneration
    generation: int
    """Number of the connection, from 1."""


@dataclass(frozen=True)
class Metrics:
    """What a client has counted since it was opened."""

    calls: int = 0
    failed_calls: int = 0
    retries: int = 0
    pushes: int = 0
    connections: int = 0
    failed_connections: int = 0
    logins: int = 0
    redone: int = 0
    services: int = 0
    """Services that are followed now."""
    listened_configs: int = 0
    """Configs that are listened to now."""
    failover_services: int = 0
    corrupt_files: int = 0
    failed_writes: int = 0


class EventType(enum.Enum):
    """What happened to a connection."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    RESET = "reset"
    SERVERS_CHANGED = "servers_changed"
    LOGIN_FAILED = "login_failed"


@dataclass(frozen=True)
class ClientEvent:
    """Something that happened to the connection."""

    type: EventType
    server: Optional[str] = None
    """Connected: to which; reset: where the server sends the client to."""
    local_address: Optional[str] = None
    generation: int = 0
    servers: int = 0
    """Servers changed: how many there are."""
    error: Optional[NacreError] = None
