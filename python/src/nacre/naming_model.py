"""The values of the service registry."""

from __future__ import annotations

import bisect
import enum
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable, Optional, Union

from nacre import _names
from nacre.errors import InvalidParameterError

_BEAT_INTERVAL = "preserved.heart.beat.interval"
_BEAT_LIMITS = (("preserved.heart.beat.timeout", 15_000), ("preserved.ip.delete.timeout", 30_000))


@dataclass(frozen=True, order=True)
class ServiceKey:
    """A service: its name, and its group (`DEFAULT_GROUP` unless given). `ServiceKey("g@@n")` names both."""

    name: str
    group: str = ""

    def __post_init__(self) -> None:
        name, group = _names.text(self.name, "service"), _names.text(self.group, "group")
        prefix, separator, rest = name.partition("@@")
        if separator:
            if _names.trimmed(group) and _names.trimmed(group) != prefix:
                raise InvalidParameterError(f"the service name is of group {prefix}, not of {group}")
            name, group = rest, prefix
        object.__setattr__(self, "group", _names.group(group))
        object.__setattr__(self, "name", _names.service(name))

    @property
    def grouped(self) -> str:
        """`group@@name`."""
        return f"{self.group}@@{self.name}"

    def __str__(self) -> str:
        return self.grouped


def _trusted_service(name: str, group: str) -> ServiceKey:
    key = object.__new__(ServiceKey)
    key.__dict__.update(name=name, group=group)
    return key


Service = Union[str, ServiceKey]
"""A service as methods take it: its name, `group@@name`, or a key."""


def service_key(service: Any, group: str) -> ServiceKey:
    """The key that a caller means."""
    if isinstance(service, ServiceKey):
        if group and _names.group(group) != service.group:
            raise InvalidParameterError(f"the service is of group {service.group}, not of {group}")
        return service
    return ServiceKey(service, group)


@dataclass(frozen=True)
class Instance:
    """An instance of a service. `dataclasses.replace` makes changed copies."""

    ip: str
    port: int
    weight: float = 1.0
    healthy: bool = True
    enabled: bool = True
    ephemeral: bool = True
    cluster: str = _names.DEFAULT_CLUSTER
    metadata: Mapping[str, str] = field(default_factory=dict)
    id: Optional[str] = None
    service: Optional[str] = None

    def __post_init__(self) -> None:
        _names.text(self.ip, "ip")
        _names.text(self.cluster, "cluster")
        if not 0 <= _names.typed(self.port, int, "port") <= 65535:
            raise InvalidParameterError(f"port {self.port} is not between 0 and 65535")
        if isinstance(self.weight, bool) or not isinstance(self.weight, (int, float)):
            raise TypeError(f"weight must be float, not {type(self.weight).__name__}")
        for name in ("healthy", "enabled", "ephemeral"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be bool, not {type(getattr(self, name)).__name__}")
        for name in ("id", "service"):
            if getattr(self, name) is not None:
                _names.text(getattr(self, name), name)
        object.__setattr__(self, "metadata", texts(self.metadata, "metadata"))

    def __hash__(self) -> int:
        return hash((self.ip, self.port))

    @property
    def address(self) -> str:
        """`ip:port`, with brackets around an IPv6 address."""
        return f"[{self.ip}]:{self.port}" if ":" in self.ip and self.ip[0] != "[" else f"{self.ip}:{self.port}"

    @property
    def takes_traffic(self) -> bool:
        """Whether it is enabled and has a weight above 0."""
        return self.enabled and self.weight > 0


def texts(value: Any, name: str) -> dict[str, str]:
    """A copy of a map of texts."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a mapping, not {type(value).__name__}")
    return {_names.text(key, f"{name} key"): _names.text(entry, f"{name} value") for key, entry in value.items()}


def check_instance(instance: Any, service: ServiceKey) -> Instance:
    """Refuses an instance that no server would register."""
    _names.typed(instance, Instance, "instance")
    assert isinstance(instance, Instance)
    _names.ip(instance.ip)
    _names.cluster(instance.cluster)
    if not math.isfinite(instance.weight):
        raise InvalidParameterError("Param 'weight' is illegal, it must be a finite number.")
    pairs = instance.metadata.items()
    if sum(_names.units(text) for pair in pairs for text in pair if _names.trimmed(text)) > 1024:
        raise InvalidParameterError("Param 'Metadata' is illegal, the param length should not exceed 1024.")
    interval = _millis(instance.metadata, _BEAT_INTERVAL, 5_000)
    if any(_millis(instance.metadata, key, default) < interval for key, default in _BEAT_LIMITS):
        raise InvalidParameterError(
            "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'."
        )
    if instance.service and ServiceKey(instance.service, service.group) != service:
        raise InvalidParameterError(f"the instance is of {instance.service}, not of {service}", -400)
    return instance


def _millis(metadata: Mapping[str, str], key: str, default: int) -> int:
    text = metadata.get(key, "")
    return int(text) if text.isascii() and text.isdigit() else default


class ListSource(enum.Enum):
    """Where a list of instances is from."""

    SERVER = "server"
    CACHE = "cache"
    FAILOVER = "failover"


class Weights:
    """Cumulative shares of the instances of a list: weighted random choice as Nacos makes it."""

    def __init__(self, instances: Sequence[Instance]) -> None:
        usable = [one for one in instances if one.healthy and one.weight > 0 and math.isfinite(one.weight)]
        # Dividing by the largest first keeps the sum of huge weights finite.
        largest = max((one.weight for one in usable), default=1.0)
        total = sum(one.weight / largest for one in usable)
        self._usable = usable
        self._cumulative: list[float] = []
        share = 0.0
        for one in usable:
            share += one.weight / largest / total
            self._cumulative.append(share)

    def draw(self, draw: float) -> Optional[Instance]:
        """The instance for a draw from 0 to 1."""
        if not self._usable:
            return None
        # Rounding may leave the last share a little below 1.
        return self._usable[min(bisect.bisect_left(self._cumulative, draw), len(self._usable) - 1)]


class Candidates:
    """What a balancer chooses from: instances of a service."""

    def __init__(
        self, snapshot: ServiceSnapshot, clusters: tuple[str, ...], healthy: Optional[bool], instances: list[Instance]
    ) -> None:
        self._snapshot = snapshot
        self._clusters = clusters
        self._healthy = healthy
        self._weights: Optional[Weights] = None
        self.instances: Sequence[Instance] = instances
        """The instances, not to be changed."""

    @property
    def service(self) -> ServiceKey:
        """The service."""
        return self._snapshot.service

    def of(self, cluster: str) -> Candidates:
        """Those of one cluster."""
        if not self._clusters or cluster in self._clusters:
            return self._snapshot.view((cluster,), self._healthy)
        return Candidates(self._snapshot, (cluster,), self._healthy, [])

    def weighted(self) -> Optional[Instance]:
        """An instance with a probability in proportion to its weight. The table is made once per list."""
        weights = self._weights
        if weights is None:
            weights = self._weights = Weights(self.instances)
        return weights.draw(random.random())


@dataclass(frozen=True, eq=False)
class ServiceSnapshot:
    """A list of the instances of a service, with what the server says about it."""

    service: ServiceKey
    clusters: str
    cache_time: float
    """How long the list may be used, in seconds."""
    last_ref_time: int
    """When the server made the list, in milliseconds."""
    reach_protection_threshold: bool
    """Whether so few instances are healthy that the server gives all as healthy."""
    source: ListSource
    revision: int
    """Rises with each new list of the service in this client."""
    instances: Sequence[Instance]

    def view(self, clusters: tuple[str, ...], healthy: Optional[bool]) -> Candidates:
        """Those of these clusters (none means all) that take traffic and are healthy or are not; `None`: any state."""
        views: dict[Any, Candidates] = self.__dict__.setdefault("_views", {})
        view = views.get((clusters, healthy))
        if view is None:
            chosen = [
                one
                for one in self.instances
                if (not clusters or one.cluster in clusters)
                and (healthy is None or (one.healthy is healthy and one.takes_traffic))
            ]
            view = Candidates(self, clusters, healthy, chosen)
            if len(views) < 8:
                views[clusters, healthy] = view
        return view


class Selector:
    """Chooses the instances that a listener is shown. Each method gives a narrower copy."""

    def __init__(self, conditions: tuple[Callable[[Instance], bool], ...] = ()) -> None:
        self._conditions = conditions

    def clusters(self, *names: str) -> Selector:
        """Only instances of these clusters; none at all means every cluster."""
        chosen = cluster_names(names)
        return self.matching(lambda one: one.cluster in chosen) if chosen else self

    def healthy(self, healthy: bool = True) -> Selector:
        """Only healthy instances, or only those that are not."""
        return self.matching(lambda one: one.healthy is healthy)

    def takes_traffic(self) -> Selector:
        """Only enabled instances with a weight above 0."""
        return self.matching(lambda one: one.takes_traffic)

    def metadata(self, key: str, value: str) -> Selector:
        """Only instances with this entry of metadata."""
        return self.matching(lambda one: one.metadata.get(key) == value)

    def any_metadata(self, entries: Mapping[str, str]) -> Selector:
        """Only instances with at least one of these entries; none at all accepts everything."""
        wanted = texts(entries, "entries")
        if not wanted:
            return self
        return self.matching(lambda one: any(one.metadata.get(key) == value for key, value in wanted.items()))

    def matching(self, predicate: Callable[[Instance], bool]) -> Selector:
        """Only what this function accepts. It runs whenever a changed list is looked at; keep it short."""
        return Selector((*self._conditions, predicate))

    def apply(self, instances: Sequence[Instance]) -> Sequence[Instance]:
        """Those of a list that fit."""
        if not self._conditions:
            return instances
        return [one for one in instances if all(condition(one) for condition in self._conditions)]


def cluster_names(names: Iterable[str]) -> tuple[str, ...]:
    """Sorted names of clusters, of which each text may name several, separated by commas."""
    if isinstance(names, str):
        names = (names,)
    if not names:
        return ()
    found = {name.strip() for text in names for name in _names.text(text, "cluster").split(",")}
    return tuple(sorted(_names.queried_cluster(name) for name in found if name))


@dataclass(frozen=True)
class ServiceChange:
    """What a listener of a service is told."""

    service: ServiceKey
    instances: Sequence[Instance]
    """The instances that the selector accepts now."""
    added: Sequence[Instance]
    """Those with a new address since the last call of this listener."""
    removed: Sequence[Instance]
    """Those whose address is gone."""
    modified: Sequence[Instance]
    """Those with another state at the same address."""
    snapshot: ServiceSnapshot = field(repr=False)


def difference(
    before: Sequence[Instance], after: Sequence[Instance]
) -> Optional[tuple[list[Instance], list[Instance], list[Instance]]]:
    """What was added, removed and modified, by address. Where several share one they count together, in any order."""
    if before == after:
        return None
    old, new = _by_address(before), _by_address(after)
    added = [group[-1] for address, group in new.items() if address not in old]
    removed = [group[-1] for address, group in old.items() if address not in new]
    modified = [group[-1] for address, group in new.items() if address in old and not _same_set(old[address], group)]
    return (added, removed, modified) if added or removed or modified else None


def _by_address(instances: Sequence[Instance]) -> dict[tuple[str, int], list[Instance]]:
    groups: dict[tuple[str, int], list[Instance]] = {}
    for one in instances:
        groups.setdefault((one.ip, one.port), []).append(one)
    return groups


def _same_set(then: list[Instance], now: list[Instance]) -> bool:
    rest = list(now)
    for one in then:
        if one not in rest:
            return False
        rest.remove(one)
    return not rest


@dataclass(frozen=True)
class ServiceNames:
    """The names of the services of a group."""

    group: str
    revision: int
    names: Sequence[str]


@dataclass(frozen=True)
class ServicePage:
    """One page of names of services."""

    count: int
    """How many services the group has."""
    names: Sequence[str]


@dataclass(frozen=True)
class ServicePatternChange:
    """Which services have begun or ceased to fit a pattern."""

    added: Sequence[ServiceKey]
    removed: Sequence[ServiceKey]


@dataclass(frozen=True)
class ServiceSettings:
    """The settings of a service."""

    protect_threshold: float = 0.0
    """From 0 to 1: with a smaller share of healthy instances all are given."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    label_selector: Optional[str] = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.protect_threshold):
            raise InvalidParameterError("Param 'protectThreshold' is illegal, it must be a finite number.")
        object.__setattr__(self, "metadata", texts(self.metadata, "metadata"))


@dataclass(frozen=True)
class ClusterDetail:
    """A cluster of a service."""

    name: str
    health_checker: Optional[str]
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class ServiceDetail:
    """A service as the server keeps it."""

    service: ServiceKey
    protect_threshold: float
    metadata: Mapping[str, str]
    selector: Optional[str]
    clusters: Sequence[ClusterDetail]


@dataclass(frozen=True)
class InstancePatch:
    """Which values of an instance are changed; `None` leaves one as it is."""

    weight: Optional[float] = None
    enabled: Optional[bool] = None
    metadata: Optional[Mapping[str, str]] = None

    def __post_init__(self) -> None:
        if self.weight is not None:
            check_weight(self.weight)
        if self.metadata is not None:
            object.__setattr__(self, "metadata", texts(self.metadata, "metadata"))


def check_weight(weight: float) -> None:
    """Refuses a weight that an operator cannot set."""
    if not 0 <= weight <= 10_000:
        raise InvalidParameterError("Param 'weight' is illegal, it must be between 0 and 10000.")
