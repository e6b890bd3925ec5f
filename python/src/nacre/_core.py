"""An opened client: calls of the engine, what it follows, and its watches."""

from __future__ import annotations

import asyncio
import threading
import weakref
from typing import Any, Callable, Generic, Optional, TypeVar

from nacre import _process, _wire
from nacre._process import Outcome, Waiter, decoded_error, defect
from nacre.errors import ClientClosedError, ForkedProcessError, NacreError
from nacre.naming_model import ServiceKey, ServiceSnapshot
from nacre.options import Options

T = TypeVar("T")


class Operation(Generic[T]):
    """A call to be made, or one whose result is known; both faces of the API run the same ones."""

    __slots__ = ("code", "decode", "limit", "request")

    def __init__(self, code: int, request: bytes, decode: Callable[[bytes], T], limit: int = 0) -> None:
        self.code = code
        self.request = request
        self.decode = decode
        self.limit = limit
        """Deadline in milliseconds; 0 for that of the client."""


class Core:
    """A client of the engine, until it is closed."""

    def __init__(self, options: Options) -> None:
        self.process = _process.current()
        self.options = options
        self.closed = False
        self.services = Services(self)
        self.watches: weakref.WeakSet[Any] = weakref.WeakSet()
        self.registered: set[ServiceKey] = set()
        try:
            self.handle = self.key(self.process.native.open(options.to_bytes()))
        except RuntimeError as error:
            raise defect(error) from error

    @staticmethod
    def key(answer: bytes) -> int:
        """A key that the engine gave."""
        if answer[0]:
            raise decoded_error(answer, 1)
        return int.from_bytes(answer[1:], "big")

    @property
    def is_of_parent(self) -> bool:
        """Whether this process was forked off since."""
        return not _process.is_current(self.process)

    def check_open(self) -> None:
        """Fails when nothing can be done with it."""
        if self.is_of_parent:
            raise ForkedProcessError()
        if self.closed:
            raise ClientClosedError()

    def run(self, operation: Operation[T]) -> T:
        """Makes a call and waits for it. An exception while it waits, as of Ctrl-C, cancels the call."""
        process = self.process
        if process.is_pump:
            raise RuntimeError("a blocking call on the thread that brings its answer")
        waiter = Waiter()
        number = self._submit(operation, waiter)
        try:
            outcome = waiter.wait()
        except BaseException:
            process.cancel(number)
            raise
        return self._result(operation, outcome)

    async def run_async(self, operation: Operation[T]) -> T:
        """Makes a call; cancelling the task cancels it."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        number = self._submit(operation, future)
        try:
            outcome = await future
        except BaseException:
            if not _process.is_current(self.process):
                raise
            self.process.cancel(number)
            raise
        return self._result(operation, outcome)

    def _submit(self, operation: Operation[Any], waiting: _process.Waiting) -> int:
        if self.is_of_parent:
            raise ForkedProcessError()
        try:
            return self.process.submit(self.handle, operation.code, operation.request, operation.limit, waiting)
        except RuntimeError as error:
            if isinstance(error, NacreError):
                raise
            raise defect(error) from error

    @staticmethod
    def _result(operation: Operation[T], outcome: Outcome) -> T:
        ok, payload = outcome
        if ok:
            return operation.decode(payload)
        raise decoded_error(payload)

    def ask(self, code: int, request: bytes = b"") -> Optional[bytes]:
        """What the engine knows without a server, behind a byte; `None` when it would have to wait."""
        if self.is_of_parent:
            raise ForkedProcessError()
        try:
            answer = self.process.native.call(self.handle, code, request)
        except RuntimeError as error:
            raise defect(error) from error
        if answer is not None and answer[0]:
            raise decoded_error(answer, 1)
        return answer

    def subscribe(self, code: int, request: bytes) -> int:
        """Begins to follow something. Its events begin with `attach`."""
        self.check_open()
        try:
            return self.key(self.process.native.subscribe(self.handle, code, request))
        except RuntimeError as error:
            raise defect(error) from error

    def attach(self, subscription: int, handler: Callable[[], None]) -> None:
        """Has the pump call this when there is something to take."""
        self.process.handlers[subscription] = handler
        self.process.native.arm(subscription)

    def detach(self, subscription: int) -> None:
        """Ends a subscription."""
        if not self.is_of_parent:
            self.process.handlers.pop(subscription, None)
            self.process.native.unsubscribe(subscription)

    def take(self, subscription: int) -> Optional[bytes]:
        """The newest value behind a byte, or the error that ended it."""
        value = None if self.is_of_parent else self.process.native.take(subscription)
        if value is not None and value[0]:
            raise decoded_error(value, 1)
        return value

    def begin_close(self) -> Optional[Operation[None]]:
        """Ends watches and gives the call that closes the client, once."""
        if self.closed:
            return None
        self.closed = True
        self.registered.clear()
        if self.is_of_parent:
            return None
        for watch in list(self.watches):
            watch.close()
        self.services.close()
        return Operation(_wire.CLOSE, b"", _wire.nothing)

    def abandon(self) -> None:
        """Closes without waiting."""
        if self.begin_close() is not None and not self.process.ended:
            self.process.native.abandon(self.handle)


class Services:
    """The services that a client follows, each with one subscription of the engine for all queries and watches."""

    def __init__(self, core: Core) -> None:
        self._core = weakref.ref(core)
        # Reentrant: a watch that is freed while this is held leaves, too.
        self._lock = threading.RLock()
        self._followed: dict[ServiceKey, Followed] = {}

    def newest(self, service: ServiceKey) -> Optional[ServiceSnapshot]:
        """The newest list, if the service is followed and one is known."""
        found = self._followed.get(service)
        return found.newest if found else None

    def pin(self, service: ServiceKey, snapshot: ServiceSnapshot) -> None:
        """Follows a service for queries from now on; the engine does so already."""
        with self._lock:
            found = self._enter(service)
            found.pinned = True
        found.offer(snapshot)

    def unpin(self, service: ServiceKey) -> None:
        """Queries need it no more."""
        with self._lock:
            found = self._followed.get(service)
            if found:
                found.pinned = False
                self._leave(found)

    def add(self, service: ServiceKey, ring: Callable[[], None]) -> Followed:
        """Follows a service for a watch."""
        with self._lock:
            found = self._enter(service)
            found.rings = (*found.rings, ring)
            return found

    def remove(self, followed: Followed, ring: Callable[[], None]) -> None:
        """A watch needs it no more."""
        with self._lock:
            followed.rings = tuple(other for other in followed.rings if other != ring)
            self._leave(followed)

    def ended(self, followed: Followed) -> None:
        """It is over for good; who queries or watches later begins anew."""
        with self._lock:
            if self._followed.get(followed.service) is followed:
                del self._followed[followed.service]

    def _enter(self, service: ServiceKey) -> Followed:
        core = self._core()
        if core is None:
            raise ClientClosedError()
        core.check_open()
        found = self._followed.get(service)
        if found is None:
            found = self._followed[service] = Followed(core, service)
        return found

    def _leave(self, followed: Followed) -> None:
        if not followed.pinned and not followed.rings and self._followed.get(followed.service) is followed:
            del self._followed[followed.service]
            followed.close()

    def close(self) -> None:
        """Follows nothing any more."""
        with self._lock:
            all = list(self._followed.values())
            self._followed.clear()
        for followed in all:
            followed.close()


class Followed:
    """A service that is followed. The pump decodes each new list once and publishes it before any listener runs."""

    def __init__(self, core: Core, service: ServiceKey) -> None:
        self.service = service
        self.newest: Optional[ServiceSnapshot] = None
        self.refusal: Optional[NacreError] = None
        self.pinned = False
        self.rings: tuple[Callable[[], None], ...] = ()
        # The pump's table leads to this: it must not keep a client that nobody else holds.
        self._core = weakref.ref(core)
        self._services = core.services
        self._lock = threading.Lock()
        self.handle = core.subscribe(_wire.WATCH, _wire.service_bytes(service))
        core.attach(self.handle, self._on_event)

    def offer(self, snapshot: ServiceSnapshot) -> None:
        """A list that a query found; those of the subscription are newer."""
        with self._lock:
            if self.newest is not None:
                return
            self.newest = snapshot
        self._ring()

    def _ring(self) -> None:
        for ring in self.rings:
            ring()

    def _on_event(self) -> None:
        core = self._core()
        if core is None:
            return
        try:
            value = core.take(self.handle)
            if value is not None:
                snapshot = _wire.snapshot(value, 1)
                with self._lock:
                    self.newest = snapshot
                self._ring()
        except NacreError as error:
            self.refusal = error
            self._services.ended(self)
            core.detach(self.handle)
            self._ring()
        finally:
            core.process.native.done(self.handle, True)

    def close(self) -> None:
        """Ends it."""
        core = self._core()
        if core is not None:
            core.detach(self.handle)
