"""The configuration centre.

With a `directory` a client has files in Nacos's layout. A failover file, which an operator puts there, takes the place
of the server's value. What the server says is copied to a snapshot, which is read while no server can be reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Optional, Union

from nacre import _names, _wire
from nacre._core import Core, Operation
from nacre._native import encode
from nacre._source import EngineSource, subscribed
from nacre.config_model import (
    Config,
    ConfigEvent,
    ConfigFilter,
    ConfigKey,
    ConfigPatternChange,
    ConfigValue,
    Gray,
    Publish,
    config_key,
)
from nacre.errors import InternalError, InvalidParameterError, NacreError
from nacre.options import millis
from nacre.watch import AsyncListener, AsyncWatch, Listener, Watch

if TYPE_CHECKING:
    from nacre.client import _Base

Content = Union[str, Publish]
_Read = Callable[[ConfigKey, Optional[ConfigValue]], Optional[ConfigValue]]
Reading = tuple[Optional[ConfigValue], EngineSource[ConfigEvent]]


class Filters:
    """The filters of a client, in ascending order."""

    def __init__(self) -> None:
        self._all: tuple[ConfigFilter, ...] = ()

    def add(self, filter: ConfigFilter) -> None:
        """Adds one, or puts it in the place of the one with the same name."""
        others = [other for other in self._all if other.name != filter.name]
        self._all = tuple(sorted((*others, filter), key=lambda one: one.order))

    def publish(self, key: ConfigKey, publish: Publish) -> Publish:
        """What is published instead."""
        for filter in self._all:
            if filter.applies(key):
                try:
                    publish = filter.publish(key, publish)
                except Exception as error:
                    raise self._failed(filter, error) from error
        return publish

    def receive(self, key: ConfigKey, value: Optional[ConfigValue]) -> Optional[ConfigValue]:
        """What is read instead; what was done last is undone first."""
        if value is None or not self._all:
            return value
        content = value.content
        for filter in reversed(self._all):
            if filter.applies(key):
                try:
                    content = filter.receive(key, content, value)
                except Exception as error:
                    raise self._failed(filter, error) from error
        if content == value.content:
            return value
        return ConfigValue(content, value.md5, value.type, value.encrypted_data_key, value.source, value.last_modified)

    @staticmethod
    def _failed(filter: ConfigFilter, error: Exception) -> NacreError:
        return InternalError(f"config filter {filter.name} failed: {error}")


def _raw(key: ConfigKey, value: Optional[ConfigValue]) -> Optional[ConfigValue]:
    return value


class _Shared:
    """Requests of both faces."""

    def __init__(self, client: _Base, filters: Filters) -> None:
        self._client = client
        self._filters = filters

    @property
    def _core(self) -> Core:
        return self._client._opened()

    def add_filter(self, filter: ConfigFilter) -> None:
        """Adds a filter, or puts it in the place of the one with the same name, from the next call on."""
        self._filters.add(_names.typed(filter, ConfigFilter, "filter"))

    def _read(self, raw: bool) -> _Read:
        return _raw if raw else self._filters.receive

    def _getting(self, key: ConfigKey, raw: bool, timeout: Optional[float]) -> Operation[Optional[ConfigValue]]:
        read = self._read(raw)
        return Operation(
            _wire.GET, _wire.config_bytes(key), lambda payload: read(key, _wire.config(payload)), _limit(timeout)
        )

    def _event(self, key: ConfigKey, raw: bool) -> Callable[[bytes], ConfigEvent]:
        read = self._read(raw)
        return lambda value: ConfigEvent(key, read(key, _wire.config(value, 1)))

    def _getting_and_listening(
        self, core: Core, key: ConfigKey, raw: bool, timeout: Optional[float]
    ) -> Operation[Reading]:
        def decode(payload: bytes) -> Reading:
            value, subscription = _wire.config_and_subscription(payload)
            try:
                found = self._read(raw)(key, value)
            except NacreError:
                core.detach(subscription)
                raise
            return found, EngineSource(core, f"config {key}", self._event(key, raw), subscription)

        return Operation(_wire.GET_AND_LISTEN, _wire.config_bytes(key), decode, _limit(timeout))

    def _watching(self, core: Core, key: ConfigKey, raw: bool, baseline: Optional[str]) -> EngineSource[ConfigEvent]:
        request, code = _wire.config_bytes(key), _wire.WATCH_CONFIG
        if baseline is not None:
            request, code = request + encode("s", _names.text(baseline, "baseline")), _wire.LISTEN
        return subscribed(core, f"config {key}", code, request, self._event(key, raw))

    def _outgoing(self, core: Core, key: ConfigKey, content: Content) -> bytes:
        publish = content if isinstance(content, Publish) else Publish(content)
        publish.check(core.options.max_content)
        publish = self._filters.publish(key, publish)
        return _wire.publish_bytes(key, publish.check(core.options.max_content), publish)

    def _publishing(
        self, core: Core, key: ConfigKey, content: Content, gray: Optional[Gray], timeout: Optional[float]
    ) -> Operation[None]:
        if gray is not None:
            _names.typed(gray, Gray, "gray").check()
        request = self._outgoing(core, key, content) + _wire.gray_bytes(gray)
        return Operation(_wire.PUBLISH, request, _wire.nothing, _limit(timeout))

    def _comparing(
        self, core: Core, key: ConfigKey, content: Content, md5: str, timeout: Optional[float]
    ) -> Operation[None]:
        if not _names.trimmed(_names.text(md5, "md5")):
            # The server would publish without any comparison.
            raise InvalidParameterError("the md5 to compare with is blank")
        request = self._outgoing(core, key, content) + encode("s", md5)
        return Operation(_wire.PUBLISH_CAS, request, _wire.nothing, _limit(timeout))

    def _removing(self, key: ConfigKey, gray: Optional[Gray], timeout: Optional[float]) -> Operation[None]:
        if gray is not None:
            _names.typed(gray, Gray, "gray")
        return Operation(_wire.REMOVE, _wire.config_bytes(key) + _wire.gray_bytes(gray), _wire.nothing, _limit(timeout))

    def _watching_pattern(self, core: Core, data_id: str, group: str) -> Operation[EngineSource[ConfigPatternChange]]:
        def decode(payload: bytes) -> EngineSource[ConfigPatternChange]:
            return EngineSource(core, f"configs like {data_id}", _wire.config_pattern_change_at, _wire.number(payload))

        request = encode("ss", _names.text(group, "group"), _names.text(data_id, "data_id"))
        return Operation(_wire.WATCH_SET, request, decode)


def _limit(timeout: Optional[float]) -> int:
    return 0 if timeout is None else millis(timeout, "timeout")


class ConfigService(_Shared):
    """The configuration centre, blocking. `raw` works below the filters; `timeout` is a deadline in seconds."""

    def get(
        self, config: Config, *, group: str = "", raw: bool = False, timeout: Optional[float] = None
    ) -> Optional[ConfigValue]:
        """Reads a config; `None` when there is none."""
        return self._core.run(self._getting(config_key(config, group), raw, timeout))

    def get_and_listen(
        self,
        config: Config,
        listener: Optional[Listener[ConfigEvent]] = None,
        *,
        group: str = "",
        raw: bool = False,
        timeout: Optional[float] = None,
    ) -> tuple[Optional[ConfigValue], Watch[ConfigEvent]]:
        """Reads a config and follows it from there: the first event is the first value that differs."""
        core = self._core
        value, source = core.run(self._getting_and_listening(core, config_key(config, group), raw, timeout))
        return value, Watch(source, self._client, listener).open()

    def watch(
        self,
        config: Config,
        listener: Optional[Listener[ConfigEvent]] = None,
        *,
        group: str = "",
        raw: bool = False,
    ) -> Watch[ConfigEvent]:
        """Follows a config, beginning with the present value, or that there is none.

        A listener runs on a daemon thread of this package; without one, iterate over what this gives.
        """
        source = self._watching(self._core, config_key(config, group), raw, None)
        return Watch(source, self._client, listener).open()

    def listen(
        self,
        config: Config,
        baseline: str,
        listener: Optional[Listener[ConfigEvent]] = None,
        *,
        group: str = "",
        raw: bool = True,
    ) -> Watch[ConfigEvent]:
        """Follows a config of which the caller has the value with this md5 (blank: none), which is not told again."""
        source = self._watching(self._core, config_key(config, group), raw, baseline)
        return Watch(source, self._client, listener).open()

    def publish(self, config: Config, content: Content, *, group: str = "", timeout: Optional[float] = None) -> None:
        """Creates a config or replaces it."""
        core = self._core
        core.run(self._publishing(core, config_key(config, group), content, None, timeout))

    def publish_cas(
        self, config: Config, content: Content, md5: str, *, group: str = "", timeout: Optional[float] = None
    ) -> None:
        """Replaces the content with this md5; raises `ConflictError` when the server has another one.

        A config that is not there is created, as Nacos does it.
        """
        core = self._core
        core.run(self._comparing(core, config_key(config, group), content, md5, timeout))

    def publish_gray(
        self, config: Config, content: Content, gray: Gray, *, group: str = "", timeout: Optional[float] = None
    ) -> None:
        """Publishes a version for some clients only."""
        core = self._core
        gray = _names.typed(gray, Gray, "gray")
        core.run(self._publishing(core, config_key(config, group), content, gray, timeout))

    def remove(self, config: Config, *, group: str = "", timeout: Optional[float] = None) -> None:
        """Removes a config. Removing one that is not there succeeds."""
        self._core.run(self._removing(config_key(config, group), None, timeout))

    def remove_gray(self, config: Config, gray: Gray, *, group: str = "", timeout: Optional[float] = None) -> None:
        """Removes a version that was published for some clients. Needs a server of 2.5 or later."""
        self._core.run(self._removing(config_key(config, group), _names.typed(gray, Gray, "gray"), timeout))

    def watch_pattern(
        self, data_id: str, listener: Optional[Listener[ConfigPatternChange]] = None, *, group: str = "*"
    ) -> Watch[ConfigPatternChange]:
        """Follows which configs fit a pattern, on servers from 3.0 on: a name, or with a `*` at one end or both."""
        core = self._core
        source = core.run(self._watching_pattern(core, data_id, group))
        return Watch(source, self._client, listener).open()


class AsyncConfigService(_Shared):
    """The configuration centre for asyncio. `raw` works below the filters; `timeout` is a deadline in seconds."""

    async def get(
        self, config: Config, *, group: str = "", raw: bool = False, timeout: Optional[float] = None
    ) -> Optional[ConfigValue]:
        """Reads a config; `None` when there is none."""
        return await self._core.run_async(self._getting(config_key(config, group), raw, timeout))

    async def get_and_listen(
        self,
        config: Config,
        listener: Optional[AsyncListener[ConfigEvent]] = None,
        *,
        group: str = "",
        raw: bool = False,
        timeout: Optional[float] = None,
    ) -> tuple[Optional[ConfigValue], AsyncWatch[ConfigEvent]]:
        """Reads a config and follows it from there: the first event is the first value that differs."""
        core = self._core
        operation = self._getting_and_listening(core, config_key(config, group), raw, timeout)
        value, source = await core.run_async(operation)
        return value, AsyncWatch(source, self._client, listener).open()

    def watch(
        self,
        config: Config,
        listener: Optional[AsyncListener[ConfigEvent]] = None,
        *,
        group: str = "",
        raw: bool = False,
    ) -> AsyncWatch[ConfigEvent]:
        """Follows a config, beginning with the present value, or that there is none.

        A listener, a function or a coroutine function, runs on this event loop; without one, iterate over what this
        gives.
        """
        source = self._watching(self._core, config_key(config, group), raw, None)
        return AsyncWatch(source, self._client, listener).open()

    def listen(
        self,
        config: Config,
        baseline: str,
        listener: Optional[AsyncListener[ConfigEvent]] = None,
        *,
        group: str = "",
        raw: bool = True,
    ) -> AsyncWatch[ConfigEvent]:
        """Follows a config of which the caller has the value with this md5 (blank: none), which is not told again."""
        source = self._watching(self._core, config_key(config, group), raw, baseline)
        return AsyncWatch(source, self._client, listener).open()

    async def publish(
        self, config: Config, content: Content, *, group: str = "", timeout: Optional[float] = None
    ) -> None:
        """Creates a config or replaces it."""
        core = self._core
        await core.run_async(self._publishing(core, config_key(config, group), content, None, timeout))

    async def publish_cas(
        self, config: Config, content: Content, md5: str, *, group: str = "", timeout: Optional[float] = None
    ) -> None:
        """Replaces the content with this md5; raises `ConflictError` when the server has another one.

        A config that is not there is created, as Nacos does it.
        """
        core = self._core
        await core.run_async(self._comparing(core, config_key(config, group), content, md5, timeout))

    async def publish_gray(
        self, config: Config, content: Content, gray: Gray, *, group: str = "", timeout: Optional[float] = None
    ) -> None:
        """Publishes a version for some clients only."""
        core = self._core
        gray = _names.typed(gray, Gray, "gray")
        await core.run_async(self._publishing(core, config_key(config, group), content, gray, timeout))

    async def remove(self, config: Config, *, group: str = "", timeout: Optional[float] = None) -> None:
        """Removes a config. Removing one that is not there succeeds."""
        await self._core.run_async(self._removing(config_key(config, group), None, timeout))

    async def remove_gray(
        self, config: Config, gray: Gray, *, group: str = "", timeout: Optional[float] = None
    ) -> None:
        """Removes a version that was published for some clients. Needs a server of 2.5 or later."""
        gray = _names.typed(gray, Gray, "gray")
        await self._core.run_async(self._removing(config_key(config, group), gray, timeout))

    async def watch_pattern(
        self, data_id: str, listener: Optional[AsyncListener[ConfigPatternChange]] = None, *, group: str = "*"
    ) -> AsyncWatch[ConfigPatternChange]:
        """Follows which configs fit a pattern, on servers from 3.0 on: a name, or with a `*` at one end or both."""
        core = self._core
        source = await core.run_async(self._watching_pattern(core, data_id, group))
        return AsyncWatch(source, self._client, listener).open()
