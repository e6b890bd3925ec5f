"""Clients, blocking and for asyncio.

A connection that is lost is replaced by one to the next server, without end, and everything that was registered or
followed is there again a moment later. Calls wait for the new connection within their deadline.
"""

from __future__ import annotations

import warnings
from typing import Any, Optional, TypeVar, Union

from nacre import _names, _wire
from nacre._core import Core, Operation
from nacre._native import encode
from nacre._process import LOG, is_current, opening
from nacre._source import EngineSource, subscribed
from nacre.config import AsyncConfigService, ConfigService, Filters
from nacre.errors import ClientClosedError, ForkedProcessError, InvalidParameterError, NacreError
from nacre.model import ClientEvent, Metrics, State, Status
from nacre.naming import AsyncNaming, Naming
from nacre.options import Options
from nacre.watch import AsyncListener, AsyncWatch, Listener, Watch

C = TypeVar("C", bound="Client")
A = TypeVar("A", bound="AsyncClient")
_LONGEST_LEASE = 30 * 60.0
# Clients that have registered something: it is to stay although nobody holds the client.
_kept: set[Any] = set()


def _waiting(limit: float) -> Operation[None]:
    if isinstance(limit, bool) or not isinstance(limit, (int, float)):
        raise TypeError(f"limit must be a number of seconds, not {type(limit).__name__}")
    if not 0 <= limit < 1e12:
        raise InvalidParameterError("limit must not be negative")
    return Operation(_wire.READY, encode("q", round(limit * 1000)), _wire.nothing)


class _Base:
    """What both kinds of clients share."""

    def __init__(self, options: Union[Options, str, None] = None) -> None:
        if isinstance(options, str):
            options = Options(server=options)
        self._options = _names.typed(options, Options, "options") if options is not None else Options()
        self._filters = Filters()
        self._core = Core(self._options)

    def _opened(self) -> Core:
        raise NotImplementedError

    @property
    def options(self) -> Options:
        """The settings."""
        return self._options

    @property
    def namespace(self) -> str:
        """The namespace of all services and configs."""
        return self._options.namespace

    @property
    def is_closed(self) -> bool:
        """Whether it was closed and not opened again since."""
        return self._core.closed

    @property
    def status(self) -> Status:
        """How the connection is."""
        try:
            answer = self._opened().ask(_wire.STATUS)
            assert answer is not None
            return _wire.status(answer, 1)
        except ForkedProcessError:
            raise
        except NacreError as error:
            return Status(State.CLOSED, 0.0, None, error, None, _wire._GENERATIONS[0], 0)

    @property
    def metrics(self) -> Metrics:
        """What the client has counted since it was opened."""
        try:
            answer = self._opened().ask(_wire.METRICS)
        except ClientClosedError:
            return Metrics()
        return Metrics() if answer is None else _wire.metrics(answer, 1)

    @property
    def servers(self) -> list[str]:
        """The servers that the client knows, `host:port` each."""
        try:
            answer = self._opened().ask(_wire.SERVERS)
        except ClientClosedError:
            return []
        return [] if answer is None else _wire.names(answer, 1)

    def reopen(self) -> None:
        """Opens a closed client again, with the same settings and nothing registered or followed."""
        if self._core.closed:
            self._core = Core(self._options)

    def _events(self) -> EngineSource[ClientEvent]:
        return subscribed(self._opened(), "the connection", _wire.EVENTS, b"", _wire.event_at)

    def __del__(self, warn: Any = warnings.warn) -> None:
        core = getattr(self, "_core", None)
        if core is None or core.closed or core.process.ended or not is_current(core.process):
            return
        if core.registered:
            _kept.add(core)
            return
        warn(f"unclosed client {self!r}", ResourceWarning, source=self)
        LOG.info("a client that nobody holds any more was never closed")
        core.abandon()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._options.server!r}, namespace={self.namespace!r})"


class Client(_Base):
    """A client for programs without asyncio. Its methods may be called from any thread; one client is enough for them.

    After a fork the child opens a connection of its own on first use; what was registered or followed before stays with
    the parent.
    """

    @classmethod
    def connect(cls: type[C], options: Union[Options, str, None] = None) -> C:
        """A client that is connected; raises `UnreachableError` after one request timeout."""
        client = cls(options)
        try:
            client.ready(client.options.request_timeout)
        except BaseException:
            client.close()
            raise
        return client

    def _opened(self) -> Core:
        core = self._core
        if is_current(core.process) or core.closed:
            return core
        with opening():
            if not is_current(self._core.process):
                self._core = Core(self._options)
            return self._core

    @property
    def naming(self) -> Naming:
        """The service registry."""
        return Naming(self)

    @property
    def config(self) -> ConfigService:
        """The configuration centre."""
        return ConfigService(self, self._filters)

    @property
    def lock(self) -> Locks:
        """Locks of 3.x servers."""
        return Locks(self)

    def ready(self, limit: float) -> None:
        """Waits until the client is connected, at most so many seconds."""
        self._opened().run(_waiting(limit))

    def watch_events(self, listener: Optional[Listener[ClientEvent]] = None) -> Watch[ClientEvent]:
        """Is told what happens to the connection from now on. Who is slow misses the oldest events."""
        return Watch(self._events(), self, listener).open()

    def close(self) -> None:
        """Takes back what this client registered and follows, and ends its connection, within 1 s.

        Calls that wait and later ones fail with `ClientClosedError`; listeners are not called any more.
        """
        core = self._core
        operation = core.begin_close()
        if operation is not None:
            try:
                core.run(operation)
            except ClientClosedError:
                return

    def __enter__(self: C) -> C:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(_Base):
    """A client for asyncio. After a fork its methods raise `ForkedProcessError` in the child."""

    @classmethod
    async def connect(cls: type[A], options: Union[Options, str, None] = None) -> A:
        """A client that is connected; raises `UnreachableError` after one request timeout."""
        client = cls(options)
        try:
            await client.ready(client.options.request_timeout)
        except BaseException:
            client._core.abandon()
            raise
        return client

    def _opened(self) -> Core:
        core = self._core
        if not is_current(core.process):
            raise ForkedProcessError()
        return core

    @property
    def naming(self) -> AsyncNaming:
        """The service registry."""
        return AsyncNaming(self)

    @property
    def config(self) -> AsyncConfigService:
        """The configuration centre."""
        return AsyncConfigService(self, self._filters)

    @property
    def lock(self) -> AsyncLocks:
        """Locks of 3.x servers."""
        return AsyncLocks(self)

    async def ready(self, limit: float) -> None:
        """Waits until the client is connected, at most so many seconds."""
        await self._opened().run_async(_waiting(limit))

    def watch_events(self, listener: Optional[AsyncListener[ClientEvent]] = None) -> AsyncWatch[ClientEvent]:
        """Is told what happens to the connection from now on. Who is slow misses the oldest events."""
        return AsyncWatch(self._events(), self, listener).open()

    async def close(self) -> None:
        """Takes back what this client registered and follows, and ends its connection, within 1 s.

        Calls that wait and later ones fail with `ClientClosedError`; listeners are not called any more.
        """
        core = self._core
        operation = core.begin_close()
        if operation is not None:
            try:
                await core.run_async(operation)
            except ClientClosedError:
                return

    async def __aenter__(self: A) -> A:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _locking(code: int, key: str, lease: Optional[float]) -> Operation[bool]:
    if not _names.trimmed(_names.text(key, "key")):
        raise InvalidParameterError("the key of a lock must not be blank")
    limit = None
    if lease is not None:
        if not 0 <= lease <= _LONGEST_LEASE:
            raise InvalidParameterError("the lease of a lock is at most 30 minutes")
        limit = round(lease * 1000)
    return Operation(code, encode("s?q", key, limit), _wire.boolean)


class Locks:
    """Locks of 3.x servers, blocking."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def acquire(self, key: str, *, lease: Optional[float] = None) -> bool:
        """Takes a lock for so many seconds (the server's default unless given); tells whether it was free."""
        return self._client._opened().run(_locking(_wire.ACQUIRE, key, lease))

    def release(self, key: str) -> bool:
        """Gives a lock back; tells whether it was held by this client."""
        return self._client._opened().run(_locking(_wire.RELEASE, key, None))


class AsyncLocks:
    """Locks of 3.x servers, for asyncio."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def acquire(self, key: str, *, lease: Optional[float] = None) -> bool:
        """Takes a lock for so many seconds (the server's default unless given); tells whether it was free."""
        return await self._client._opened().run_async(_locking(_wire.ACQUIRE, key, lease))

    async def release(self, key: str) -> bool:
        """Gives a lock back; tells whether it was held by this client."""
        return await self._client._opened().run_async(_locking(_wire.RELEASE, key, None))
