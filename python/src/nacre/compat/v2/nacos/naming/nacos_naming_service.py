"""The service registry."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Iterable
from typing import Any, Callable, Optional, TypeVar

import nacre
from nacre.compat.v2.nacos.common.client_config import ClientConfig
from nacre.compat.v2.nacos.common.constants import Constants
from nacre.compat.v2.nacos.common.nacos_exception import INVALID_PARAM, NacosException, raised
from nacre.compat.v2.nacos.nacos_client import NacosClient
from nacre.compat.v2.nacos.naming.model.instance import Instance, of_engine
from nacre.compat.v2.nacos.naming.model.naming_param import (
    BatchRegisterInstanceParam,
    DeregisterInstanceParam,
    GetServiceParam,
    ListInstanceParam,
    ListServiceParam,
    RegisterInstanceParam,
    SubscribeServiceParam,
)
from nacre.compat.v2.nacos.naming.model.service import Service, ServiceList, joined

T = TypeVar("T")


class _Callback:
    """A callback of a service, for the instances of some clusters."""

    def __init__(self, service: NacosNamingService, request: SubscribeServiceParam) -> None:
        self._logger = service.logger
        self.callback = request.subscribe_callback
        self.clusters = joined(request.clusters)
        self._names = set(self.clusters.split(",")) if self.clusters else set()
        self._shows_empty = service.client_config.update_cache_when_empty
        self.watch: Optional[nacre.AsyncServiceWatch] = None
        self._task: Optional[asyncio.Task[None]] = None

    async def begin(self, watch: nacre.AsyncServiceWatch, known: Optional[nacre.ServiceSnapshot]) -> None:
        """The first list is shown before this ends, unless the service was known before."""
        self.watch = watch
        await watch.established()
        first = await watch.get()
        if known is None and (first.instances or self._shows_empty):
            await self._show(first)
        self._task = asyncio.ensure_future(self._follow(watch))

    async def _show(self, change: nacre.ServiceChange) -> None:
        if self.callback is not None:
            await self.callback([of_engine(one) for one in change.instances if self._fits(one)])

    def _fits(self, one: nacre.Instance) -> bool:
        return not self._names or one.cluster in self._names

    async def _follow(self, watch: nacre.AsyncServiceWatch) -> None:
        async for change in watch:
            try:
                await self._show(change)
            except Exception:
                self._logger.exception("a callback of service %s failed", change.service)

    def end(self) -> None:
        if self.watch is not None:
            self.watch.close()


class NacosNamingService(NacosClient):
    """The service registry, with the methods of `v2.nacos.NacosNamingService`."""

    def __init__(self, client_config: ClientConfig) -> None:
        super().__init__(client_config, Constants.NAMING_MODULE)
        self.namespace_id = client_config.namespace_id or Constants.NAMING_DEFAULT_NAMESPACE_ID
        self._callbacks: dict[nacre.ServiceKey, list[_Callback]] = {}

    @staticmethod
    async def create_naming_service(client_config: ClientConfig) -> NacosNamingService:
        service = NacosNamingService(client_config)
        await service._start()
        return service

    async def register_instance(self, request: RegisterInstanceParam) -> bool:
        key = _key(request.service_name, request.group_name)
        return await _done(self._client.naming.register(key, _instance(request)))

    async def batch_register_instances(self, request: BatchRegisterInstanceParam) -> bool:
        key = _key(request.service_name, request.group_name)
        instances = _batch(request.instances, "registration")
        return await _done(self._client.naming.register_batch(key, instances))

    async def batch_deregister_instances(self, request: BatchRegisterInstanceParam) -> bool:
        key = _key(request.service_name, request.group_name)
        instances = _batch(request.instances, "deregistration")
        return await _done(self._client.naming.deregister_batch(key, instances))

    async def deregister_instance(self, request: DeregisterInstanceParam) -> bool:
        key = _key(request.service_name, request.group_name)
        cluster = request.cluster_name or Constants.DEFAULT_CLUSTER_NAME
        instance = nacre.Instance(request.ip, request.port, cluster=cluster, ephemeral=request.ephemeral)
        return await _done(self._client.naming.deregister(key, instance))

    async def update_instance(self, request: RegisterInstanceParam) -> bool:
        return await self.register_instance(request)

    async def get_service(self, request: GetServiceParam) -> Service:
        key = _key(request.service_name, request.group_name)
        snapshot = await _call(self._client.naming.snapshot(key))
        return Service(
            name=key.name,
            groupName=key.group,
            clusters=",".join(request.clusters),
            cacheMillis=round(snapshot.cache_time * 1000),
            hosts=[of_engine(one) for one in snapshot.instances if _near(one, request.clusters)],
            lastRefTime=snapshot.last_ref_time,
            reachProtectionThreshold=snapshot.reach_protection_threshold,
        )

    async def list_services(self, request: ListServiceParam) -> ServiceList:
        group = request.group_name or Constants.DEFAULT_GROUP
        namespace = request.namespace_id or self._client.namespace
        if namespace == self._client.namespace:
            return await self._page(self._client, group, request)
        # Another namespace than that of this service.
        options = dataclasses.replace(self._client.options, namespace=namespace, directory=None)
        async with nacre.AsyncClient(options) as client:
            return await self._page(client, group, request)

    @staticmethod
    async def _page(client: nacre.AsyncClient, group: str, request: ListServiceParam) -> ServiceList:
        page = await _call(client.naming.services(group=group, page=request.page_no, size=request.page_size))
        return ServiceList(count=page.count, services=list(page.names))

    async def list_instances(self, request: ListInstanceParam) -> list[Instance]:
        key = _key(request.service_name, request.group_name)
        wanted = request.healthy_only
        found = await _call(self._client.naming.instances(key, direct=not request.subscribe))
        return [
            of_engine(one)
            for one in found
            if _near(one, request.clusters) and (wanted is None or (one.healthy is wanted and one.takes_traffic))
        ]

    async def subscribe(self, request: SubscribeServiceParam) -> None:
        key = _key(request.service_name, request.group_name)
        callback = _Callback(self, request)
        known = self._client.naming.cached(key)
        self._callbacks.setdefault(key, []).append(callback)
        try:
            await callback.begin(self._client.naming.watch(key), known)
        except nacre.NacreError as error:
            # As the original, it stays subscribed: the list comes when the server can be reached.
            raise raised(error) from error

    async def unsubscribe(self, request: SubscribeServiceParam) -> None:
        key = _key(request.service_name, request.group_name)
        clusters = joined(request.clusters)
        left = []
        for callback in self._callbacks.pop(key, []):
            if callback.callback == request.subscribe_callback and callback.clusters == clusters:
                callback.end()
            else:
                left.append(callback)
        if left:
            self._callbacks[key] = left
        else:
            self._client.naming.unsubscribe(key)

    async def server_health(self) -> bool:
        return self._is_connected()

    async def shutdown(self) -> None:
        for callbacks in self._callbacks.values():
            for callback in callbacks:
                callback.end()
        self._callbacks.clear()
        await self._client.close()


def _near(one: nacre.Instance, clusters: Iterable[str]) -> bool:
    return not joined(clusters) or one.cluster in clusters


def _key(service_name: str, group_name: str) -> nacre.ServiceKey:
    if not service_name or not service_name.strip():
        raise NacosException(INVALID_PARAM, "service_name can not be empty")
    return _checked(lambda: nacre.ServiceKey(service_name, group_name or Constants.DEFAULT_GROUP))


def _instance(request: RegisterInstanceParam) -> nacre.Instance:
    legal = Instance(ip=request.ip, port=request.port, metadata=request.metadata, clusterName=request.cluster_name)
    legal.check_instance_is_legal()
    return _checked(
        lambda: nacre.Instance(
            request.ip,
            request.port,
            weight=request.weight,
            healthy=request.healthy,
            enabled=request.enabled,
            ephemeral=request.ephemeral,
            cluster=legal.clusterName,
            metadata=request.metadata or {},
        )
    )


def _batch(requests: Iterable[RegisterInstanceParam], what: str) -> list[nacre.Instance]:
    instances = []
    for request in requests:
        if not request.ephemeral:
            raise NacosException(INVALID_PARAM, f"a batch {what} takes ephemeral instances only: {request}")
        instances.append(_instance(request))
    return instances


def _checked(make: Callable[[], T]) -> T:
    try:
        return make()
    except nacre.NacreError as error:
        raise raised(error) from error


async def _call(call: Awaitable[T]) -> T:
    try:
        return await call
    except nacre.NacreError as error:
        raise raised(error) from error


async def _done(call: Awaitable[Any]) -> bool:
    await _call(call)
    return True
