"""Operations of the engine, and values in its encoding."""

from __future__ import annotations

from typing import Any, Optional

from nacre._native import decode, encode
from nacre._process import decoded_error
from nacre.config_model import ConfigKey, ConfigPatternChange, ConfigSource, ConfigValue, Gray, Publish
from nacre.errors import of
from nacre.model import ClientEvent, EventType, Metrics, ServerGeneration, State, Status
from nacre.naming_model import (
    ClusterDetail,
    Instance,
    ListSource,
    ServiceDetail,
    ServiceKey,
    ServiceNames,
    ServicePage,
    ServicePatternChange,
    ServiceSnapshot,
    _trusted_service,
)

READY, CLOSE, STATUS, METRICS, SERVERS = 1, 2, 3, 4, 5
REGISTER, REGISTER_BATCH, DEREGISTER, DEREGISTER_BATCH, INSTANCES, ESTABLISHED, SELECT_ONE = 10, 11, 12, 13, 14, 15, 16
SERVICES, ALL_SERVICES, SERVER_STATUS = 18, 19, 21
CREATE_SERVICE, UPDATE_SERVICE, DELETE_SERVICE, SERVICE, UPDATE_INSTANCE = 22, 23, 24, 25, 26
UNSUBSCRIBE, SUBSCRIBED, PATCH_INSTANCE, ADD_METADATA, REMOVE_METADATA = 27, 28, 29, 30, 31
GET, GET_AND_LISTEN, PUBLISH, PUBLISH_CAS, REMOVE = 40, 41, 42, 43, 44
ACQUIRE, RELEASE = 60, 61
WATCH, WATCH_SERVICES, WATCH_FUZZY, WATCH_CONFIG, LISTEN, WATCH_SET, EVENTS = 80, 81, 82, 83, 84, 85, 86

INSTANCE = "?ssidBs?sm"
_CONFIG = "ss?s?sBq"
_PUBLISH = "y?s?s[s]?s?s?s?s?s?s"
_ERROR = "Bibs"

_LIST_SOURCES = (ListSource.SERVER, ListSource.CACHE, ListSource.FAILOVER)
_CONFIG_SOURCES = (ConfigSource.SERVER, ConfigSource.SNAPSHOT, ConfigSource.FAILOVER)
_STATES = tuple(State)
_GENERATIONS = tuple(ServerGeneration)
_HEALTHY, _ENABLED, _EPHEMERAL = 1, 2, 4


def instance_fields(one: Instance) -> tuple[Any, ...]:
    """As `INSTANCE` wants them."""
    flags = one.healthy * _HEALTHY | one.enabled * _ENABLED | one.ephemeral * _EPHEMERAL
    return one.id, one.ip, one.port, float(one.weight), flags, one.cluster, one.service, one.metadata


def publish_fields(content: bytes, publish: Publish) -> tuple[Any, ...]:
    """As `_PUBLISH` wants them."""
    return (
        content,
        publish.type,
        publish.app_name,
        publish.tags,
        publish.description,
        publish.usage,
        publish.effect,
        publish.schema,
        publish.operator,
        publish.encrypted_data_key,
    )


def gray_bytes(gray: Optional[Gray]) -> bytes:
    """Of a gray version that may be absent."""
    if gray is None:
        return encode("b", False)
    if gray.beta_ips is not None:
        return encode("bB[s]", True, 0, list(gray.beta_ips))
    return encode("bBs", True, 1, gray.tag)


def service_bytes(service: ServiceKey) -> bytes:
    """Of the key of a service."""
    return encode("ss", service.group, service.name)


def config_bytes(key: ConfigKey) -> bytes:
    """Of the key of a config."""
    return encode("ss", key.data_id, key.group)


def publish_bytes(key: ConfigKey, content: bytes, publish: Publish) -> bytes:
    """Of the key of a config and what is published."""
    return encode("ss" + _PUBLISH, key.data_id, key.group, *publish_fields(content, publish))


def instance(fields: Any) -> Instance:
    """Of what the engine wrote; nothing of it needs to be checked."""
    id, ip, port, weight, flags, cluster, service, metadata = fields
    one = object.__new__(Instance)
    one.__dict__.update(
        ip=ip,
        port=port,
        weight=weight,
        healthy=bool(flags & _HEALTHY),
        enabled=bool(flags & _ENABLED),
        ephemeral=bool(flags & _EPHEMERAL),
        cluster=cluster,
        metadata=metadata,
        id=id,
        service=service,
    )
    return one


def snapshot(payload: bytes, offset: int = 0) -> ServiceSnapshot:
    """A list of instances."""
    group, name, clusters, cache, last_ref, protected, source, revision, instances = decode(
        f"sssqqbBQ[{INSTANCE}]", payload, offset
    )
    return ServiceSnapshot(
        _trusted_service(name, group),
        clusters,
        cache / 1000,
        last_ref,
        protected,
        _LIST_SOURCES[source],
        revision,
        list(map(instance, instances)),
    )


def optional_instance(payload: bytes, offset: int = 0) -> Optional[Instance]:
    """An instance, or none."""
    (found,) = decode(f"?({INSTANCE})", payload, offset)
    return None if found is None else instance(found)


def _config(fields: Any) -> Optional[ConfigValue]:
    if fields is None:
        return None
    content, md5, type, data_key, source, modified = fields
    return ConfigValue(content, md5, type, data_key, _CONFIG_SOURCES[source], modified)


def config(payload: bytes, offset: int = 0) -> Optional[ConfigValue]:
    """The value of a config, or none."""
    return _config(decode(f"?({_CONFIG})", payload, offset)[0])


def config_and_subscription(payload: bytes) -> tuple[Optional[ConfigValue], int]:
    """The value of a config, or none, and the key of a subscription."""
    value, subscription = decode(f"?({_CONFIG})Q", payload)
    return _config(value), subscription


def nothing(_: bytes) -> None:
    """An answer without content."""


def boolean(payload: bytes) -> bool:
    """A truth value."""
    return bool(decode("b", payload)[0])


def number(payload: bytes) -> int:
    """The key of a subscription."""
    return int(decode("Q", payload)[0])


def names(payload: bytes, offset: int = 0) -> list[str]:
    """Texts."""
    found: list[str] = decode("[s]", payload, offset)[0]
    return found


def service_page(payload: bytes) -> ServicePage:
    """One page of names."""
    return ServicePage(*decode("i[s]", payload))


def service_names(payload: bytes, offset: int = 0) -> ServiceNames:
    """The names of a group."""
    return ServiceNames(*decode("sQ[s]", payload, offset))


def services(payload: bytes, offset: int = 0) -> list[ServiceKey]:
    """Keys of services."""
    return _services(decode("[ss]", payload, offset)[0])


def _services(pairs: Any) -> list[ServiceKey]:
    return [_trusted_service(name, group) for group, name in pairs]


def service_pattern_change(payload: bytes, offset: int = 0) -> ServicePatternChange:
    """Services that have begun or ceased to fit."""
    added, removed = decode("[ss][ss]", payload, offset)
    return ServicePatternChange(_services(added), _services(removed))


def config_pattern_change(payload: bytes, offset: int = 0) -> ConfigPatternChange:
    """Configs that have begun or ceased to fit."""
    keys, added, removed = ([ConfigKey(*pair) for pair in pairs] for pairs in decode("[ss][ss][ss]", payload, offset))
    return ConfigPatternChange(keys, added, removed)


def service_detail(payload: bytes) -> ServiceDetail:
    """The settings of a service."""
    name, group, threshold, metadata, selector, clusters = decode("ssdm?s[s?sm]", payload)
    details = [ClusterDetail(*fields) for fields in clusters]
    return ServiceDetail(_trusted_service(name, group), threshold, metadata, selector, details)


def status(payload: bytes, offset: int = 0) -> Status:
    """How the connection is."""
    state, since, server, error, local, generation, number = decode(f"Bq?s?({_ERROR})?sBQ", payload, offset)
    last_error = None if error is None else of(*error)
    return Status(_STATES[state], since / 1000, server, last_error, local, _GENERATIONS[generation], number)


def metrics(payload: bytes, offset: int = 0) -> Metrics:
    """What the client has counted."""
    return Metrics(*decode("Q" * 13, payload, offset))


def event(payload: bytes, offset: int = 0) -> ClientEvent:
    """Something that happened to the connection."""
    type, offset = payload[offset], offset + 1
    if type == 1:
        server, local, generation = decode("ssQ", payload, offset)
        return ClientEvent(EventType.CONNECTED, server, local, generation)
    if type == 3:
        return ClientEvent(EventType.RESET, decode("?s", payload, offset)[0])
    if type == 4:
        return ClientEvent(EventType.SERVERS_CHANGED, servers=decode("i", payload, offset)[0])
    kind = EventType.DISCONNECTED if type == 2 else EventType.LOGIN_FAILED
    return ClientEvent(kind, error=decoded_error(payload, offset))


# The same for values of a subscription, which stand behind a byte.


def service_names_at(value: bytes) -> ServiceNames:
    """The names of a group."""
    return service_names(value, 1)


def service_pattern_change_at(value: bytes) -> ServicePatternChange:
    """Services that have begun or ceased to fit."""
    return service_pattern_change(value, 1)


def config_pattern_change_at(value: bytes) -> ConfigPatternChange:
    """Configs that have begun or ceased to fit."""
    return config_pattern_change(value, 1)


def event_at(value: bytes) -> ClientEvent:
    """Something that happened to the connection."""
    return event(value, 1)
