"""The configuration centre."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable
from typing import Any, Callable, Optional, TypeVar

import nacre
from nacre.compat.v2.nacos.common.client_config import ClientConfig
from nacre.compat.v2.nacos.common.constants import Constants
from nacre.compat.v2.nacos.common.nacos_exception import INVALID_PARAM, NacosException, raised
from nacre.compat.v2.nacos.config.model.config_param import ConfigParam
from nacre.compat.v2.nacos.nacos_client import NacosClient

T = TypeVar("T")
_Listening = tuple[Callable[..., Any], nacre.AsyncWatch[nacre.ConfigEvent]]


class NacosConfigService(NacosClient):
    """The configuration centre, with the methods of `v2.nacos.NacosConfigService`."""

    def __init__(self, client_config: ClientConfig) -> None:
        super().__init__(client_config, Constants.CONFIG_MODULE)
        self.namespace_id = client_config.namespace_id
        # What this service has read: a listener is told what differs from that.
        self._known: dict[nacre.ConfigKey, str] = {}
        self._listeners: dict[nacre.ConfigKey, list[_Listening]] = {}

    @staticmethod
    async def create_config_service(client_config: ClientConfig) -> NacosConfigService:
        service = NacosConfigService(client_config)
        await service._start()
        return service

    async def get_config(self, param: ConfigParam) -> str:
        key = _key(param.data_id, param.group)
        value = await _call(self._client.config.get(key))
        self._remember(key, value)
        return value.content if value else ""

    async def publish_config(self, param: ConfigParam) -> bool:
        key = _key(param.data_id, param.group)
        if not param.content or not param.content.strip():
            raise NacosException(INVALID_PARAM, "config content can not be empty")
        config = self._client.config
        gray = _gray(param)
        try:
            publish = nacre.Publish(
                param.content,
                type=param.type or None,
                app_name=param.app_name or None,
                operator=param.src_user or None,
                encrypted_data_key=param.encrypted_data_key or None,
            )
            if gray is not None:
                await config.publish_gray(key, publish, gray)
            elif param.cas_md5:
                await config.publish_cas(key, publish, param.cas_md5)
            else:
                await config.publish(key, publish)
        except nacre.NacreError as error:
            raise raised(error) from error
        return True

    async def remove_config(self, param: ConfigParam) -> bool:
        await _call(self._client.config.remove(_key(param.data_id, param.group)))
        return True

    async def add_listener(self, data_id: str, group: str, listener: Callable[..., Any]) -> None:
        key = _key(data_id, group)
        _check(listener)
        listeners = self._listeners.setdefault(key, [])
        if any(other == listener for other, _ in listeners):
            return

        async def told(event: nacre.ConfigEvent) -> None:
            self._remember(key, event.value)
            called = listener(self.namespace_id, key.group, key.data_id, event.content or "")
            if called is not None:
                await called

        try:
            watch = self._client.config.listen(key, self._known.get(key, ""), told, raw=False)
        except nacre.NacreError as error:
            raise raised(error) from error
        listeners.append((listener, watch))

    async def remove_listener(self, data_id: str, group: str, listener: Callable[..., Any]) -> None:
        key = _key(data_id, group)
        _check(listener)
        left = []
        for other, watch in self._listeners.pop(key, []):
            if other == listener:
                watch.close()
            else:
                left.append((other, watch))
        if left:
            self._listeners[key] = left

    def _remember(self, key: nacre.ConfigKey, value: Optional[nacre.ConfigValue]) -> None:
        if value is None:
            self._known.pop(key, None)
        else:
            self._known[key] = value.md5 or hashlib.md5(value.content.encode()).hexdigest()

    async def server_health(self) -> bool:
        return self._is_connected()

    async def shutdown(self) -> None:
        self._listeners.clear()
        await self._client.close()


def _check(listener: Optional[Callable[..., Any]]) -> None:
    if listener is None:
        raise NacosException(INVALID_PARAM, "config listener can not be null")


def _key(data_id: str, group: str) -> nacre.ConfigKey:
    if not data_id or not data_id.strip():
        raise NacosException(INVALID_PARAM, "data_id can not be empty")
    try:
        return nacre.ConfigKey(data_id, group or Constants.DEFAULT_GROUP)
    except nacre.NacreError as error:
        raise raised(error) from error


def _gray(param: ConfigParam) -> Optional[nacre.Gray]:
    try:
        if param.beta_ips:
            return nacre.Gray.beta(*(ip.strip() for ip in param.beta_ips.split(",")))
        return nacre.Gray.of_tag(param.tag) if param.tag else None
    except nacre.NacreError as error:
        raise raised(error) from error


async def _call(call: Awaitable[T]) -> T:
    try:
        return await call
    except nacre.NacreError as error:
        raise raised(error) from error
