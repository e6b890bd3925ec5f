"""The service registry: registering instances, finding and following them.

Reads of a service that is followed come from memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Optional, TypeVar, Union

from nacre import _names, _wire, balancers
from nacre._core import Core, Operation
from nacre._native import encode
from nacre._source import EngineSource, ServiceSource, subscribed
from nacre.balancers import Balancer, EngineBalancer
from nacre.errors import InvalidParameterError, NacreError
from nacre.naming_model import (
    Candidates,
    Instance,
    InstancePatch,
    Selector,
    Service,
    ServiceChange,
    ServiceDetail,
    ServiceKey,
    ServiceNames,
    ServicePage,
    ServicePatternChange,
    ServiceSettings,
    ServiceSnapshot,
    check_instance,
    check_weight,
    cluster_names,
    service_key,
    texts,
)
from nacre.watch import AsyncListener, AsyncServiceWatch, AsyncWatch, Listener, ServiceWatch, Watch

if TYPE_CHECKING:
    from nacre.client import _Base

T = TypeVar("T")
Clusters = Union[str, Sequence[str]]


def registering(core: Core, service: ServiceKey, instance: Instance) -> Operation[None]:
    fields = _wire.instance_fields(check_instance(instance, service))
    if instance.ephemeral:
        # A failure that may pass leaves it in the engine, which goes on trying.
        core.registered.add(service)
    request = encode("ss" + _wire.INSTANCE, service.group, service.name, *fields)
    return Operation(_wire.REGISTER, request, _wire.nothing)


def _batch(service: ServiceKey, instances: Sequence[Instance]) -> bytes:
    fields = [_wire.instance_fields(one) for one in instances]
    return encode(f"ss[{_wire.INSTANCE}]", service.group, service.name, fields)


def _instances(instances: Iterable[Instance]) -> list[Instance]:
    return [_names.typed(one, Instance, "instance") for one in instances]


def registering_batch(core: Core, service: ServiceKey, instances: Iterable[Instance]) -> Operation[None]:
    all = _instances(instances)
    for one in all:
        if not one.ephemeral:
            raise InvalidParameterError("a batch registers ephemeral instances only")
        check_instance(one, service)
    core.registered.add(service)
    return Operation(_wire.REGISTER_BATCH, _batch(service, all), _wire.nothing)


def deregistering(core: Core, service: ServiceKey, instance: Instance) -> Operation[None]:
    _names.typed(instance, Instance, "instance")
    if not instance.ephemeral:
        check_instance(instance, service)
    request = encode("ss" + _wire.INSTANCE, service.group, service.name, *_wire.instance_fields(instance))
    return Operation(_wire.DEREGISTER, request, lambda _: core.registered.discard(service))


def deregistering_batch(service: ServiceKey, instances: Iterable[Instance]) -> Operation[None]:
    all = _instances(instances)
    if not all:
        raise InvalidParameterError("no instances to deregister")
    return Operation(_wire.DEREGISTER_BATCH, _batch(service, all), _wire.nothing)


def remembered(core: Core, service: ServiceKey, direct: bool) -> Optional[ServiceSnapshot]:
    """What is in memory."""
    newest = None if direct else core.services.newest(service)
    if newest is not None:
        core.check_open()
    return newest


def listing(core: Core, service: ServiceKey, clusters: tuple[str, ...], direct: bool) -> Operation[ServiceSnapshot]:
    def decode(payload: bytes) -> ServiceSnapshot:
        snapshot = _wire.snapshot(payload)
        if not direct:
            core.services.pin(service, snapshot)
        return snapshot

    request = encode("ss[s]b", service.group, service.name, clusters, direct)
    return Operation(_wire.INSTANCES, request, decode)


def choosing(
    core: Core,
    service: ServiceKey,
    clusters: tuple[str, ...],
    direct: bool,
    balancer: EngineBalancer,
    key: Optional[str],
) -> Union[Operation[Optional[Instance]], tuple[Optional[Instance]]]:
    """The call, or the answer where the list is in memory."""
    if direct:
        raise InvalidParameterError("a balancer with a state chooses from memory, not directly")
    request = encode("ss[s]B?s?s", service.group, service.name, clusters, balancer.value, key, None)
    answer = core.ask(_wire.SELECT_ONE, request)
    if answer is not None:
        return (_wire.optional_instance(answer, 1),)
    return Operation(_wire.SELECT_ONE, request, _wire.optional_instance)


def paging(group: str, page: int, size: int) -> Operation[ServicePage]:
    if _names.typed(page, int, "page") < 0 or _names.typed(size, int, "size") <= 0:
        raise InvalidParameterError("page must not be negative and size must be above 0")
    return Operation(_wire.SERVICES, encode("sii", _names.group(group), page, size), _wire.service_page)


def all_names(group: str) -> Operation[list[str]]:
    return Operation(_wire.ALL_SERVICES, encode("s", _names.group(group)), _wire.names)


def watching_pattern(core: Core, service: str, group: str) -> Operation[EngineSource[ServicePatternChange]]:
    def decode(payload: bytes) -> EngineSource[ServicePatternChange]:
        return EngineSource(core, f"services like {service}", _wire.service_pattern_change_at, _wire.number(payload))

    request = encode("ss", _names.text(group, "group"), _names.text(service, "service"))
    return Operation(_wire.WATCH_FUZZY, request, decode)


def watching_names(core: Core, group: str) -> EngineSource[ServiceNames]:
    name = _names.group(group)
    return subscribed(core, f"services of {name}", _wire.WATCH_SERVICES, encode("s", name), _wire.service_names_at)


def asking_status() -> Operation[bool]:
    return Operation(_wire.SERVER_STATUS, b"", _wire.boolean)


def setting(code: int, service: ServiceKey, settings: Optional[ServiceSettings]) -> Operation[None]:
    given = settings or ServiceSettings()
    parts = (float(given.protect_threshold), given.metadata, given.label_selector)
    return Operation(code, encode("ssdm?s", service.group, service.name, *parts), _wire.nothing)


def deleting(service: ServiceKey) -> Operation[None]:
    return Operation(_wire.DELETE_SERVICE, _wire.service_bytes(service), _wire.nothing)


def detailing(service: ServiceKey) -> Operation[ServiceDetail]:
    return Operation(_wire.SERVICE, _wire.service_bytes(service), _wire.service_detail)


def overriding(service: ServiceKey, instance: Instance) -> Operation[None]:
    check_weight(check_instance(instance, service).weight)
    request = encode("ss" + _wire.INSTANCE, service.group, service.name, *_wire.instance_fields(instance))
    return Operation(_wire.UPDATE_INSTANCE, request, _wire.nothing)


def patching(service: ServiceKey, instance: Instance, patch: InstancePatch) -> Operation[None]:
    fields = _wire.instance_fields(check_instance(instance, service))
    changes = (None if patch.weight is None else float(patch.weight), patch.enabled, patch.metadata)
    request = encode(f"ss{_wire.INSTANCE}?d?b?m", service.group, service.name, *fields, *changes)
    return Operation(_wire.PATCH_INSTANCE, request, _wire.nothing)


def adding_metadata(
    service: ServiceKey, instances: Iterable[Instance], metadata: Mapping[str, str]
) -> Operation[list[str]]:
    request = _batch(service, _instances(instances)) + encode("m", texts(metadata, "metadata"))
    return Operation(_wire.ADD_METADATA, request, _wire.names)


def removing_metadata(service: ServiceKey, instances: Iterable[Instance], names: Iterable[str]) -> Operation[list[str]]:
    wanted = [_names.text(name, "name") for name in names]
    return Operation(_wire.REMOVE_METADATA, _batch(service, _instances(instances)) + encode("[s]", wanted), _wire.names)


class _Shared:
    """What needs no waiting."""

    def __init__(self, client: _Base) -> None:
        self._client = client

    @property
    def _core(self) -> Core:
        return self._client._opened()

    def cached(self, service: Service, *, group: str = "") -> Optional[ServiceSnapshot]:
        """The newest list of a service that is followed, from memory; `None` when there is none."""
        return self._core.services.newest(service_key(service, group))

    def unsubscribe(self, service: Service, *, group: str = "") -> None:
        """Stops following a service for queries. Watches are not touched."""
        key, core = service_key(service, group), self._core
        core.services.unpin(key)
        try:
            core.ask(_wire.UNSUBSCRIBE, _wire.service_bytes(key))
        except NacreError:
            # A closed client follows nothing.
            return

    def subscribed(self) -> list[ServiceKey]:
        """The services that are followed: by a watch, or since a query asked for them."""
        answer = self._core.ask(_wire.SUBSCRIBED)
        return [] if answer is None else _wire.services(answer, 1)


class Naming(_Shared):
    """The service registry, blocking."""

    def register(self, service: Service, instance: Instance, *, group: str = "") -> None:
        """Registers an instance and waits until the server has it.

        An ephemeral instance lives as long as this client, which has one publication per service: registering again
        replaces it. After a lost connection it is registered again by itself, and a failure that may pass leaves it in
        the client, which goes on trying.
        """
        core = self._core
        core.run(registering(core, service_key(service, group), instance))

    def register_batch(self, service: Service, instances: Iterable[Instance], *, group: str = "") -> None:
        """Registers several ephemeral instances in place of what this client published for the service before."""
        core = self._core
        core.run(registering_batch(core, service_key(service, group), instances))

    def deregister(self, service: Service, instance: Instance, *, group: str = "") -> None:
        """Takes away what this client published for the service; of a batch the instances with this address."""
        core = self._core
        core.run(deregistering(core, service_key(service, group), instance))

    def deregister_batch(self, service: Service, instances: Iterable[Instance], *, group: str = "") -> None:
        """Takes instances out of the batch that this client published for a service."""
        self._core.run(deregistering_batch(service_key(service, group), instances))

    def snapshot(
        self, service: Service, *, group: str = "", clusters: Clusters = (), direct: bool = False
    ) -> ServiceSnapshot:
        """The whole list of a service. The first query follows the service; further ones read memory.

        `direct` asks the server instead and follows nothing.
        """
        core, key = self._core, service_key(service, group)
        return remembered(core, key, direct) or core.run(listing(core, key, cluster_names(clusters), direct))

    def _view(
        self, service: Service, group: str, clusters: Clusters, direct: bool, healthy: Optional[bool]
    ) -> Candidates:
        names = cluster_names(clusters)
        return self.snapshot(service, group=group, clusters=names, direct=direct).view(names, healthy)

    def instances(
        self, service: Service, *, group: str = "", clusters: Clusters = (), direct: bool = False
    ) -> Sequence[Instance]:
        """All instances, whatever their state; empty for a service that nobody knows."""
        return self._view(service, group, clusters, direct, None).instances

    def select(
        self,
        service: Service,
        *,
        group: str = "",
        clusters: Clusters = (),
        healthy: bool = True,
        direct: bool = False,
    ) -> Sequence[Instance]:
        """The instances that take traffic (enabled, weight above 0) and are healthy, or are not."""
        return self._view(service, group, clusters, direct, healthy).instances

    def select_one(
        self,
        service: Service,
        *,
        group: str = "",
        clusters: Clusters = (),
        balancer: Balancer = balancers.weighted_random,
        key: Optional[str] = None,
        direct: bool = False,
    ) -> Optional[Instance]:
        """One healthy instance that takes traffic, as a balancer chooses; `None` if there is none."""
        if not isinstance(balancer, EngineBalancer):
            return balancer(self._view(service, group, clusters, direct, True), key)
        core = self._core
        choice = choosing(core, service_key(service, group), cluster_names(clusters), direct, balancer, key)
        return core.run(choice) if isinstance(choice, Operation) else choice[0]

    def watch(
        self,
        service: Service,
        listener: Optional[Listener[ServiceChange]] = None,
        *,
        group: str = "",
        selector: Optional[Selector] = None,
    ) -> ServiceWatch:
        """Follows the instances of a service, beginning with the present list as soon as one is known.

        A listener runs on a daemon thread of this package; without one, iterate over what this gives.
        """
        core = self._core
        core.check_open()
        return ServiceWatch(ServiceSource(core, service_key(service, group), selector), self._client, listener).open()

    def services(self, *, group: str = "", page: int = 1, size: int = 100) -> ServicePage:
        """One page of the names of the services of a group; pages count from 1."""
        return self._core.run(paging(group, page, size))

    def all_services(self, *, group: str = "") -> list[str]:
        """The names of all services of a group, sorted."""
        return self._core.run(all_names(group))

    def watch_services(
        self, listener: Optional[Listener[ServiceNames]] = None, *, group: str = ""
    ) -> Watch[ServiceNames]:
        """Follows the names of the services of a group."""
        return Watch(watching_names(self._core, group), self._client, listener).open()

    def watch_pattern(
        self, service: str, listener: Optional[Listener[ServicePatternChange]] = None, *, group: str = "*"
    ) -> Watch[ServicePatternChange]:
        """Follows which services fit a pattern, on servers from 3.0 on: a name, or with a `*` at one end or both."""
        core = self._core
        source = core.run(watching_pattern(core, service, group))
        return Watch(source, self._client, listener).open()

    def is_server_up(self) -> bool:
        """Whether the server is up."""
        return self._core.run(asking_status())

    @property
    def maintenance(self) -> Maintenance:
        """Changes services and instances as an operator does."""
        return Maintenance(self._client)


class Maintenance:
    """Service and instance maintenance, over HTTP v1, blocking. Servers from 3.0 on have given up these paths."""

    def __init__(self, client: _Base) -> None:
        self._client = client

    def _run(self, operation: Operation[T]) -> T:
        return self._client._opened().run(operation)

    def create_service(self, service: Service, settings: Optional[ServiceSettings] = None, *, group: str = "") -> None:
        """Creates an empty persistent service."""
        self._run(setting(_wire.CREATE_SERVICE, service_key(service, group), settings))

    def update_service(self, service: Service, settings: ServiceSettings, *, group: str = "") -> None:
        """Replaces the settings of a service."""
        self._run(setting(_wire.UPDATE_SERVICE, service_key(service, group), settings))

    def delete_service(self, service: Service, *, group: str = "") -> None:
        """Deletes a service without instances."""
        self._run(deleting(service_key(service, group)))

    def service(self, service: Service, *, group: str = "") -> ServiceDetail:
        """Reads the settings of a service."""
        return self._run(detailing(service_key(service, group)))

    def update_instance(self, service: Service, instance: Instance, *, group: str = "") -> None:
        """Sets weight, metadata and whether an instance is enabled, over what the provider said."""
        self._run(overriding(service_key(service, group), instance))

    def patch_instance(self, service: Service, instance: Instance, patch: InstancePatch, *, group: str = "") -> None:
        """Changes some values of an instance over what the provider said."""
        self._run(patching(service_key(service, group), instance, patch))

    def add_metadata(
        self, service: Service, instances: Iterable[Instance], metadata: Mapping[str, str], *, group: str = ""
    ) -> list[str]:
        """Adds entries to the metadata of instances (none means all) and names those that were changed."""
        return self._run(adding_metadata(service_key(service, group), instances, metadata))

    def remove_metadata(
        self, service: Service, instances: Iterable[Instance], names: Iterable[str], *, group: str = ""
    ) -> list[str]:
        """Removes entries from the metadata of instances (none means all) and names those that were changed."""
        return self._run(removing_metadata(service_key(service, group), instances, names))


class AsyncNaming(_Shared):
    """The service registry for asyncio."""

    async def register(self, service: Service, instance: Instance, *, group: str = "") -> None:
        """Registers an instance and waits until the server has it.

        An ephemeral instance lives as long as this client, which has one publication per service: registering again
        replaces it. After a lost connection it is registered again by itself, and a failure that may pass leaves it in
        the client, which goes on trying.
        """
        core = self._core
        await core.run_async(registering(core, service_key(service, group), instance))

    async def register_batch(self, service: Service, instances: Iterable[Instance], *, group: str = "") -> None:
        """Registers several ephemeral instances in place of what this client published for the service before."""
        core = self._core
        await core.run_async(registering_batch(core, service_key(service, group), instances))

    async def deregister(self, service: Service, instance: Instance, *, group: str = "") -> None:
        """Takes away what this client published for the service; of a batch the instances with this address."""
        core = self._core
        await core.run_async(deregistering(core, service_key(service, group), instance))

    async def deregister_batch(self, service: Service, instances: Iterable[Instance], *, group: str = "") -> None:
        """Takes instances out of the batch that this client published for a service."""
        await self._core.run_async(deregistering_batch(service_key(service, group), instances))

    async def snapshot(
        self, service: Service, *, group: str = "", clusters: Clusters = (), direct: bool = False
    ) -> ServiceSnapshot:
        """The whole list of a service. The first query follows the service; further ones read memory.

        `direct` asks the server instead and follows nothing.
        """
        core, key = self._core, service_key(service, group)
        known = remembered(core, key, direct)
        if known is not None:
            return known
        return await core.run_async(listing(core, key, cluster_names(clusters), direct))

    async def _view(
        self, service: Service, group: str, clusters: Clusters, direct: bool, healthy: Optional[bool]
    ) -> Candidates:
        names = cluster_names(clusters)
        return (await self.snapshot(service, group=group, clusters=names, direct=direct)).view(names, healthy)

    async def instances(
        self, service: Service, *, group: str = "", clusters: Clusters = (), direct: bool = False
    ) -> Sequence[Instance]:
        """All instances, whatever their state; empty for a service that nobody knows."""
        return (await self._view(service, group, clusters, direct, None)).instances

    async def select(
        self,
        service: Service,
        *,
        group: str = "",
        clusters: Clusters = (),
        healthy: bool = True,
        direct: bool = False,
    ) -> Sequence[Instance]:
        """The instances that take traffic (enabled, weight above 0) and are healthy, or are not."""
        return (await self._view(service, group, clusters, direct, healthy)).instances

    async def select_one(
        self,
        service: Service,
        *,
        group: str = "",
        clusters: Clusters = (),
        balancer: Balancer = balancers.weighted_random,
        key: Optional[str] = None,
        direct: bool = False,
    ) -> Optional[Instance]:
        """One healthy instance that takes traffic, as a balancer chooses; `None` if there is none."""
        if not isinstance(balancer, EngineBalancer):
            return balancer(await self._view(service, group, clusters, direct, True), key)
        core = self._core
        choice = choosing(core, service_key(service, group), cluster_names(clusters), direct, balancer, key)
        return await core.run_async(choice) if isinstance(choice, Operation) else choice[0]

    def watch(
        self,
        service: Service,
        listener: Optional[AsyncListener[ServiceChange]] = None,
        *,
        group: str = "",
        selector: Optional[Selector] = None,
    ) -> AsyncServiceWatch:
        """Follows the instances of a service, beginning with the present list as soon as one is known.

        A listener, a function or a coroutine function, runs on this event loop; without one, iterate over what this
        gives.
        """
        core = self._core
        core.check_open()
        source = ServiceSource(core, service_key(service, group), selector)
        return AsyncServiceWatch(source, self._client, listener).open()

    async def services(self, *, group: str = "", page: int = 1, size: int = 100) -> ServicePage:
        """One page of the names of the services of a group; pages count from 1."""
        return await self._core.run_async(paging(group, page, size))

    async def all_services(self, *, group: str = "") -> list[str]:
        """The names of all services of a group, sorted."""
        return await self._core.run_async(all_names(group))

    def watch_services(
        self, listener: Optional[AsyncListener[ServiceNames]] = None, *, group: str = ""
    ) -> AsyncWatch[ServiceNames]:
        """Follows the names of the services of a group."""
        return AsyncWatch(watching_names(self._core, group), self._client, listener).open()

    async def watch_pattern(
        self, service: str, listener: Optional[AsyncListener[ServicePatternChange]] = None, *, group: str = "*"
    ) -> AsyncWatch[ServicePatternChange]:
        """Follows which services fit a pattern, on servers from 3.0 on: a name, or with a `*` at one end or both."""
        core = self._core
        source = await core.run_async(watching_pattern(core, service, group))
        return AsyncWatch(source, self._client, listener).open()

    async def is_server_up(self) -> bool:
        """Whether the server is up."""
        return await self._core.run_async(asking_status())

    @property
    def maintenance(self) -> AsyncMaintenance:
        """Changes services and instances as an operator does."""
        return AsyncMaintenance(self._client)


class AsyncMaintenance:
    """Service and instance maintenance, over HTTP v1, for asyncio. Servers from 3.0 on have given up these paths."""

    def __init__(self, client: _Base) -> None:
        self._client = client

    async def _run(self, operation: Operation[T]) -> T:
        return await self._client._opened().run_async(operation)

    async def create_service(
        self, service: Service, settings: Optional[ServiceSettings] = None, *, group: str = ""
    ) -> None:
        """Creates an empty persistent service."""
        await self._run(setting(_wire.CREATE_SERVICE, service_key(service, group), settings))

    async def update_service(self, service: Service, settings: ServiceSettings, *, group: str = "") -> None:
        """Replaces the settings of a service."""
        await self._run(setting(_wire.UPDATE_SERVICE, service_key(service, group), settings))

    async def delete_service(self, service: Service, *, group: str = "") -> None:
        """Deletes a service without instances."""
        await self._run(deleting(service_key(service, group)))

    async def service(self, service: Service, *, group: str = "") -> ServiceDetail:
        """Reads the settings of a service."""
        return await self._run(detailing(service_key(service, group)))

    async def update_instance(self, service: Service, instance: Instance, *, group: str = "") -> None:
        """Sets weight, metadata and whether an instance is enabled, over what the provider said."""
        await self._run(overriding(service_key(service, group), instance))

    async def patch_instance(
        self, service: Service, instance: Instance, patch: InstancePatch, *, group: str = ""
    ) -> None:
        """Changes some values of an instance over what the provider said."""
        await self._run(patching(service_key(service, group), instance, patch))

    async def add_metadata(
        self, service: Service, instances: Iterable[Instance], metadata: Mapping[str, str], *, group: str = ""
    ) -> list[str]:
        """Adds entries to the metadata of instances (none means all) and names those that were changed."""
        return await self._run(adding_metadata(service_key(service, group), instances, metadata))

    async def remove_metadata(
        self, service: Service, instances: Iterable[Instance], names: Iterable[str], *, group: str = ""
    ) -> list[str]:
        """Removes entries from the metadata of instances (none means all) and names those that were changed."""
        return await self._run(removing_metadata(service_key(service, group), instances, names))
