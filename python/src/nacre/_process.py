"""What there is once per process: the engine's threads, the pump that empties its queue, and the listeners' threads.

All of it hangs on one reference. A child of a fork begins anew with another one and touches nothing of the parent's:
its locks may be held by threads that the child does not have.
"""

from __future__ import annotations

import asyncio
import atexit
import collections
import heapq
import itertools
import logging
import os
import threading
import time
from typing import Any, Callable, Optional, Union

from nacre import _native
from nacre._version import ENGINE
from nacre.errors import ClientClosedError, InternalError, NacreError, of

LOG = logging.getLogger("nacre")
_ENGINE_LOG = logging.getLogger("nacre.engine")
_LEVELS = (100, logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG, 5)

_ANSWER, _FAILURE, _EVENT = 0, 1, 2
_BATCH = 256
_IDLE_MILLIS = 2_000
_BUSY_MILLIS = 10
_STOP_MILLIS = 1_000
PATIENCE = 0.5
"""How long a blocking call waits before it looks for signals."""

Outcome = tuple[bool, bytes]
"""Whether a call succeeded, and its answer or error."""


class Waiter:
    """A thread that waits for an answer, or for Ctrl-C."""

    __slots__ = ("_lock", "outcome")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self.outcome: Outcome = (False, b"")

    def deliver(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self._lock.release()

    def wait(self) -> Outcome:
        # A signal that comes just before the wait begins does not end it, and on Windows none does.
        while not self._lock.acquire(timeout=PATIENCE):
            pass
        return self.outcome


Answered = tuple["asyncio.Future[Outcome]", Outcome]
Waiting = Union[Waiter, "asyncio.Future[Outcome]"]


def deliver_all(answers: list[Answered]) -> None:
    """Called on the loop of the futures."""
    for future, outcome in answers:
        if not future.done():
            future.set_result(outcome)


class Workers:
    """Daemon threads for listeners: one, up to eight while listeners block. Tasks begin in their order."""

    _MOST = 8
    _PATIENCE = 0.005
    _IDLE = 5.0

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._tasks: collections.deque[Callable[[], None]] = collections.deque()
        self._threads = 0
        self._idle = 0
        self._numbers = itertools.count(1)
        self._progress = 0.0

    def execute(self, task: Callable[[], None]) -> None:
        with self._changed:
            self._tasks.append(task)
            if self._idle:
                self._changed.notify()
            else:
                self._grow()

    def tick(self) -> None:
        """Looks whether tasks wait because others block."""
        if self._tasks:
            with self._changed:
                if self._tasks and not self._idle:
                    self._grow()

    @property
    def is_busy(self) -> bool:
        """Whether tasks wait for a thread."""
        return bool(self._tasks)

    def _grow(self) -> None:
        stuck = time.monotonic() - self._progress > self._PATIENCE
        if self._threads == 0 or (self._threads < self._MOST and stuck):
            thread = threading.Thread(target=self._work, name=f"nacre-listener-{next(self._numbers)}", daemon=True)
            self._threads += 1
            self._progress = time.monotonic()
            try:
                thread.start()
            except RuntimeError:
                # The interpreter is ending, or the system gives no threads.
                self._threads -= 1

    def _work(self) -> None:
        while True:
            with self._changed:
                deadline = time.monotonic() + self._IDLE
                while not self._tasks:
                    left = deadline - time.monotonic()
                    if left <= 0:
                        self._threads -= 1
                        return
                    self._idle += 1
                    try:
                        self._changed.wait(left)
                    finally:
                        self._idle -= 1
                task = self._tasks.popleft()
                self._progress = time.monotonic()
            try:
                task()
            except Exception:
                LOG.exception("a task of a listener failed")
            # Nothing of it stays alive while this thread is idle.
            del task


class Process:
    """The engine of this process with its pump."""

    def __init__(self) -> None:
        version = _native.version()
        if version != ENGINE:
            raise ImportError(
                f"the native library {_native.__file__} is of version {version}, this package needs {ENGINE}:"
                " reinstall nacre-client"
            )
        self.native = _native.Engine()
        self.workers = Workers()
        self.calls: dict[int, Waiting] = {}
        self.handlers: dict[int, Callable[[], None]] = {}
        self.dropped_lines = 0
        self.ended = False
        self._ids = itertools.count(1)
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._timers_lock = threading.Lock()
        self._level = -1
        self._level_checked = 0.0
        self._check_level()
        self._thread = threading.Thread(target=self._pump, name="nacre-pump", daemon=True)
        self._thread.start()

    def submit(self, client: int, op: int, request: bytes, limit: int, waiting: Waiting) -> int:
        """Starts a call and gives its id."""
        number = next(self._ids)
        self.calls[number] = waiting
        sent = False
        try:
            sent = not self.ended and self.native.submit(client, number, op, request, limit)
        finally:
            if not sent:
                self.calls.pop(number, None)
        if not sent:
            raise ClientClosedError()
        return number

    def cancel(self, number: int) -> None:
        """Ends a call whose answer nobody waits for any more."""
        self.calls.pop(number, None)
        self.native.cancel(number)

    def later(self, seconds: float, task: Callable[[], None]) -> None:
        """Has the pump call something short after a while."""
        with self._timers_lock:
            heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._ids), task))
        self.native.wake()

    @property
    def is_pump(self) -> bool:
        """Whether this is the thread that brings answers."""
        return threading.current_thread() is self._thread

    def stop(self) -> None:
        """Closes all clients and ends the pump."""
        if not self.ended:
            self.ended = True
            self.native.stop(_STOP_MILLIS)
            self._thread.join(_STOP_MILLIS / 1000)

    def _pump(self) -> None:
        while True:
            try:
                batch = self.native.poll(_BATCH, self._limit())
            except Exception:
                LOG.exception("the queue of the native library cannot be read")
                time.sleep(_BUSY_MILLIS / 1000)
                continue
            if batch is None:
                break
            if batch:
                self._pass(batch)
            self._run_timers()
            self.workers.tick()
            self._check_level()
        outcome = (False, encoded_error(ClientClosedError()))
        self._answer((waiting, outcome) for waiting in list(self.calls.values()))
        self.calls.clear()
        while self.workers.is_busy:
            # Nobody else looks whether tasks wait behind one that waits for them.
            self.workers.tick()
            time.sleep(_BUSY_MILLIS / 1000)

    def _limit(self) -> int:
        if self.workers.is_busy:
            return _BUSY_MILLIS
        with self._timers_lock:
            if not self._timers:
                return _IDLE_MILLIS
            left = self._timers[0][0] - time.monotonic()
        return min(_IDLE_MILLIS, max(0, int(left * 1000) + 1))

    def _run_timers(self) -> None:
        while self._timers:
            with self._timers_lock:
                if not self._timers or self._timers[0][0] > time.monotonic():
                    return
                task = heapq.heappop(self._timers)[2]
            self._guarded(task)

    @staticmethod
    def _guarded(task: Callable[[], None]) -> None:
        try:
            task()
        except Exception:
            LOG.exception("what the native library said was lost")

    def _pass(self, batch: list[tuple[int, int, bytes]]) -> None:
        answers: list[tuple[Waiting, Outcome]] = []
        for kind, number, payload in batch:
            if kind <= _FAILURE:
                waiting = self.calls.pop(number, None)
                if waiting is not None:
                    answers.append((waiting, (kind == _ANSWER, payload)))
            elif kind == _EVENT:
                handler = self.handlers.get(number)
                if handler is not None:
                    self._guarded(handler)
            else:
                self._log(payload)
        if answers:
            self._answer(answers)

    @staticmethod
    def _answer(answers: Any) -> None:
        """One call for each loop, however many of its futures are answered."""
        loops: dict[asyncio.AbstractEventLoop, list[Answered]] = {}
        for waiting, outcome in answers:
            if isinstance(waiting, Waiter):
                waiting.deliver(outcome)
            else:
                loops.setdefault(waiting.get_loop(), []).append((waiting, outcome))
        for loop, answered in loops.items():
            call_soon(loop, deliver_all, answered)

    def _check_level(self) -> None:
        """Follows what the program does to the logger, at most once a second."""
        now = time.monotonic()
        if now - self._level_checked < 1 and self._level >= 0:
            return
        self._level_checked = now
        wanted = _ENGINE_LOG.getEffectiveLevel() if _ENGINE_LOG.isEnabledFor(logging.CRITICAL) else 100
        level = max((number for number, value in enumerate(_LEVELS) if value >= wanted), default=0)
        if level != self._level:
            self._level = level
            self.native.log_level(level)

    def _log(self, payload: bytes) -> None:
        try:
            dropped, lines = _native.decode("Q[Bqss]", payload)
            self.dropped_lines += dropped
            for level, millis, target, message in lines:
                _, _, part = target.partition("::")
                logger = logging.getLogger("nacre.engine" + ("." + part.replace("::", ".") if part else ""))
                if logger.isEnabledFor(_LEVELS[level]):
                    record = logger.makeRecord(
                        logger.name, _LEVELS[level], "(nacre engine)", 0, "%s", (message,), None, target
                    )
                    record.created = millis / 1000
                    record.msecs = float(millis % 1000)
                    logger.handle(record)
        except Exception:
            LOG.exception("a line of the engine's log was lost")


def call_soon(loop: asyncio.AbstractEventLoop, task: Callable[..., Any], *args: Any) -> bool:
    """Has a loop call something; false when the loop is closed."""
    if loop.is_closed():
        return False
    try:
        loop.call_soon_threadsafe(task, *args)
    except RuntimeError:
        if not loop.is_closed():
            raise
        return False
    return True


class _State:
    """What a child of a fork replaces as a whole."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.opening = threading.Lock()
        self.process: Optional[Process] = None


_state = _State()
# What a child of a fork has of its parents: it must not be freed, because that would take locks.
_leaked: list[_State] = []


def _forked() -> None:
    global _state
    _leaked.append(_state)
    _state = _State()


def current() -> Process:
    """The process's engine, started if there is none."""
    state = _state
    process = state.process
    if process is None:
        with state.lock:
            process = state.process
            if process is None:
                process = state.process = Process()
    return process


def opening() -> threading.Lock:
    """Held while a client opens anew in a child, in place of a lock of its own, whose holder may be gone."""
    return _state.opening


def is_current(process: Process) -> bool:
    """Whether this is of the present process, not of one that it was forked off from."""
    return process is _state.process


def _stop() -> None:
    process = _state.process
    if process is not None:
        process.stop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
atexit.register(_stop)


def encoded_error(error: NacreError) -> bytes:
    """An error as the engine writes it."""
    return _native.encode("Bibs", 9, error.code, error.retryable, error.reason)


def decoded_error(payload: bytes, offset: int = 0) -> NacreError:
    """An error that the engine wrote."""
    return of(*_native.decode("Bibs", payload, offset))


def defect(error: BaseException) -> InternalError:
    """What the native library did not expect."""
    internal = InternalError(str(error))
    internal.__cause__ = error
    return internal
