"""Where the values of a watch come from. A source gives its newest value, and again what could not be dealt with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable, Generic, Optional, TypeVar

from nacre import _wire
from nacre._core import Core, Followed
from nacre.errors import NacreError
from nacre.naming_model import Instance, Selector, ServiceChange, ServiceKey, ServiceSnapshot, difference

T = TypeVar("T")
_LONGEST_PAUSE = 5.0


class Source(Generic[T]):
    """Gives values to one consumer at a time."""

    core: Core
    what: str
    error: Optional[NacreError] = None
    """What ended it for good."""

    def start(self, ring: Callable[[], None]) -> None:
        """Has the pump call this when there may be something to take."""
        raise NotImplementedError

    def take(self) -> Optional[T]:
        """The newest value, or `None` when there is nothing new. What was taken before counts as dealt with."""
        raise NotImplementedError

    def done(self, ok: bool) -> None:
        """Says that the value taken last was dealt with, or is to come again; lets the next ring come."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends it."""
        raise NotImplementedError


class EngineSource(Source[T]):
    """A subscription of the engine, which offers a value again after a pause."""

    def __init__(self, core: Core, what: str, decode: Callable[[bytes], T], subscription: int) -> None:
        self.core = core
        self.what = what
        self._decode = decode
        self._subscription = subscription

    def start(self, ring: Callable[[], None]) -> None:
        self.core.attach(self._subscription, ring)

    def take(self) -> Optional[T]:
        try:
            value = self.core.take(self._subscription)
        except NacreError as error:
            self.error = error
            raise
        return None if value is None else self._decode(value)

    def done(self, ok: bool) -> None:
        if not self.core.is_of_parent:
            self.core.process.native.done(self._subscription, ok)

    def close(self) -> None:
        self.core.detach(self._subscription)


class ServiceSource(Source[ServiceChange]):
    """The newest list of a service against what this consumer saw last."""

    def __init__(self, core: Core, service: ServiceKey, selector: Optional[Selector]) -> None:
        self.core = core
        self.what = f"service {service}"
        self.service = service
        self._selector = selector or Selector()
        self._ring: Callable[[], None] = lambda: None
        self._followed: Optional[Followed] = None
        self._seen: Optional[ServiceSnapshot] = None
        self._shown: Optional[Sequence[Instance]] = None
        self._offered: Optional[tuple[ServiceSnapshot, Sequence[Instance]]] = None
        self._failures = 0

    def start(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._followed = self.core.services.add(self.service, ring)
        ring()

    @property
    def newest(self) -> Optional[ServiceSnapshot]:
        """The newest list."""
        return self._followed.newest if self._followed else None

    @property
    def handle(self) -> int:
        """The subscription of the engine."""
        assert self._followed is not None
        return self._followed.handle

    def instances(self) -> Sequence[Instance]:
        """The newest list as the consumer would see it."""
        newest = self.newest
        return self._selector.apply(newest.instances) if newest else []

    def take(self) -> Optional[ServiceChange]:
        self._commit()
        followed = self._followed
        if followed is None:
            return None
        newest = followed.newest
        if newest is not None and newest is not self._seen:
            instances = self._selector.apply(newest.instances)
            changed = difference(self._shown or (), instances)
            if changed is not None or self._shown is None:
                self._offered = (newest, instances)
                added, removed, modified = changed or ([], [], [])
                return ServiceChange(self.service, instances, added, removed, modified, newest)
            self._seen = newest
        if followed.refusal is not None:
            self.error = followed.refusal
            raise self.error
        return None

    def _commit(self) -> None:
        if self._offered is not None:
            self._seen, self._shown = self._offered
            self._offered = None
            self._failures = 0

    def done(self, ok: bool) -> None:
        if ok:
            self._commit()
            return
        self._offered = None
        self._failures += 1
        if not self.core.is_of_parent and not self.core.closed:
            self.core.process.later(min(_LONGEST_PAUSE, float(self._failures)), self._ring)

    def close(self) -> None:
        if self._followed is not None:
            self.core.services.remove(self._followed, self._ring)


def subscribed(core: Core, what: str, code: int, request: bytes, decode: Callable[[bytes], Any]) -> EngineSource[Any]:
    """A subscription that needs no answer of a server first."""
    return EngineSource(core, what, decode, core.subscribe(code, request))


def established(source: ServiceSource) -> Any:
    """The call that waits for the server's answer."""
    from nacre._core import Operation
    from nacre._native import encode

    return Operation(_wire.ESTABLISHED, encode("Q", source.handle), _wire.nothing)
