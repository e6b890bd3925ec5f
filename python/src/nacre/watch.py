"""Following something: with a callback, or by iterating.

A slow consumer costs one value: it may miss values between, never the newest one. A callback that raises is called
again with the newest value after 1 s, growing to 5 s.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
import weakref
from collections.abc import Awaitable, Sequence
from typing import Any, Callable, Generic, Optional, TypeVar, Union

from nacre._process import LOG, PATIENCE, call_soon
from nacre._source import ServiceSource, Source, established
from nacre.errors import ClientClosedError, ForkedProcessError, NacreError
from nacre.naming_model import Instance, ServiceChange, ServiceSnapshot

T = TypeVar("T")
W = TypeVar("W", bound="_Base[Any]")
Listener = Callable[[T], object]
AsyncListener = Union[Callable[[T], object], Callable[[T], Awaitable[object]]]


def _weak(ring: Callable[[], None]) -> Callable[[], None]:
    """A watch without a listener ends when nobody holds it any more."""
    method = weakref.WeakMethod(ring)

    def call() -> None:
        found = method()
        if found is not None:
            found()

    return call


class _Base(Generic[T]):
    """What both kinds of watches share: one run at a time, and one more if something came meanwhile."""

    _listener: Optional[Callable[[T], object]]

    def __init__(self, source: Source[T], owner: object) -> None:
        self._source = source
        # What is followed keeps its client open.
        self._owner = owner
        self._gate = threading.Lock()
        self._closed = False
        self._busy = False
        self._more = False

    @property
    def error(self) -> Optional[NacreError]:
        """What ended it for good."""
        return self._source.error

    @property
    def is_closed(self) -> bool:
        """Whether nothing will come any more."""
        return self._closed or self._source.core.closed

    def open(self: W) -> W:
        """Lets values come."""
        self._source.core.watches.add(self)
        self._source.start(self._ring if self._listener is not None else _weak(self._ring))
        return self

    def _ring(self) -> None:
        """There may be something new. Called by the pump."""
        with self._gate:
            if self._closed:
                return
            if self._busy:
                self._more = True
                return
            self._busy = True
        self._wake()

    def _wake(self) -> None:
        raise NotImplementedError

    def _rest(self) -> None:
        """The consumer has nothing to do any more, unless something came."""
        with self._gate:
            self._busy = self._more and not self._closed
            self._more = False
            again = self._busy
        if again:
            self._wake()

    def _begin(self) -> bool:
        """Once `close` has returned no call begins."""
        with self._gate:
            return not self._closed and not self._source.core.closed

    def _take(self) -> Optional[T]:
        """The next value for a callback; `None` also when it has ended."""
        try:
            return self._source.take()
        except NacreError as error:
            if error is not self._source.error:
                raise
            LOG.warning("a listener of %s has ended: %s", self._source.what, error)
            self.close()
            return None

    def close(self) -> None:
        """Ends it. No call of the listener begins afterwards."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
        self._source.close()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True) and not self._source.core.is_of_parent:
            self.close()


class Watch(_Base[T]):
    """Follows something in a program without asyncio. Without a listener, iterate or call `get`."""

    def __init__(self, source: Source[T], owner: object, listener: Optional[Listener[T]] = None) -> None:
        super().__init__(source, owner)
        self._listener = listener
        self._ready = threading.Condition(self._gate)

    def _wake(self) -> None:
        if self._listener is not None:
            self._source.core.process.workers.execute(self._run)
        else:
            with self._ready:
                self._ready.notify_all()

    def _run(self) -> None:
        ok = False
        try:
            value = self._take()
            while value is not None and self._begin():
                assert self._listener is not None
                self._listener(value)
                value = self._take()
            ok = True
        except Exception:
            LOG.exception("a listener of %s failed, it is called again later", self._source.what)
        finally:
            self._source.done(ok)
            self._rest()

    def get(self, timeout: Optional[float] = None) -> T:
        """The next value. Raises `TimeoutError` after so many seconds, and `NacreError` when there will be none."""
        if self._listener is not None:
            raise RuntimeError("this watch calls a listener")
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            with self._ready:
                while not self._busy and not self.is_closed:
                    self._source.core.check_open()
                    left = PATIENCE if deadline is None else min(PATIENCE, deadline - time.monotonic())
                    if left <= 0:
                        raise TimeoutError("no change came in time")
                    self._ready.wait(left)
            if self._source.core.is_of_parent:
                raise ForkedProcessError()
            if self.is_closed:
                raise self.error or ClientClosedError("the watch is closed")
            value = self._source.take()
            if value is not None:
                return value
            self._source.done(True)
            self._rest()

    def close(self) -> None:
        super().close()
        with self._ready:
            self._ready.notify_all()

    def __iter__(self: W) -> W:
        return self

    def __next__(self) -> T:
        try:
            return self.get()
        except ClientClosedError:
            if self.error is not None:
                raise
            raise StopIteration from None

    def __enter__(self: W) -> W:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncWatch(_Base[T]):
    """Follows something on the event loop on which it was made. Without a listener, iterate or call `get`."""

    def __init__(self, source: Source[T], owner: object, listener: Optional[AsyncListener[T]] = None) -> None:
        super().__init__(source, owner)
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._task: Optional[asyncio.Task[None]] = None

    def _wake(self) -> None:
        if not call_soon(self._loop, self._woken):
            self.close()

    def _woken(self) -> None:
        if self._listener is None:
            self._ready.set()
        elif not self._closed:
            self._task = self._loop.create_task(self._run(), name=f"nacre listener of {self._source.what}")

    async def _run(self) -> None:
        ok = False
        try:
            value = self._take()
            while value is not None and self._begin():
                assert self._listener is not None
                called = self._listener(value)
                if inspect.isawaitable(called):
                    await called
                value = self._take()
            ok = True
        except Exception:
            LOG.exception("a listener of %s failed, it is called again later", self._source.what)
        finally:
            self._source.done(ok)
            self._rest()

    async def get(self) -> T:
        """The next value. Raises `NacreError` when there will be none."""
        if self._listener is not None:
            raise RuntimeError("this watch calls a listener")
        while True:
            if self._source.core.is_of_parent:
                raise ForkedProcessError()
            if self.is_closed:
                raise self.error or ClientClosedError("the watch is closed")
            if not self._ready.is_set():
                await self._ready.wait()
                continue
            value = self._source.take()
            if value is not None:
                return value
            self._ready.clear()
            self._source.done(True)
            self._rest()

    def close(self) -> None:
        super().close()
        call_soon(self._loop, self._ready.set)

    def __aiter__(self: W) -> W:
        return self

    async def __anext__(self) -> T:
        try:
            return await self.get()
        except ClientClosedError:
            if self.error is not None:
                raise
            raise StopAsyncIteration from None

    async def __aenter__(self: W) -> W:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


class _ServiceBase(_Base[ServiceChange]):
    _source: ServiceSource

    @property
    def current(self) -> Optional[ServiceSnapshot]:
        """The newest list, as soon as one is known."""
        return self._source.newest

    @property
    def instances(self) -> Sequence[Instance]:
        """The instances of the newest list that the selector accepts."""
        return self._source.instances()


class ServiceWatch(Watch[ServiceChange], _ServiceBase):
    """Follows the instances of a service."""

    def established(self) -> None:
        """Waits for the server's answer to the subscription."""
        self._source.core.run(established(self._source))


class AsyncServiceWatch(AsyncWatch[ServiceChange], _ServiceBase):
    """Follows the instances of a service."""

    async def established(self) -> None:
        """Waits for the server's answer to the subscription."""
        await self._source.core.run_async(established(self._source))
