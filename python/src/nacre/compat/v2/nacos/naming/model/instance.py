"""An instance of a service."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

import nacre
from nacre.compat.v2.nacos.common.constants import Constants
from nacre.compat.v2.nacos.common.nacos_exception import INVALID_PARAM, NacosException
from nacre.compat.v2.nacos.common.preserved_metadata_key import PreservedMetadataKeys


class Instance(BaseModel):
    """An instance of a service."""

    instanceId: str = ""
    ip: str
    port: int
    weight: float = 1.0
    healthy: bool = True
    enabled: bool = True
    ephemeral: bool = True
    clusterName: str = ""
    serviceName: str = ""
    metadata: dict[Any, Any] = {}

    def __str__(self) -> str:
        return f"Instance({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"

    def to_inet_addr(self) -> str:
        return f"{self.ip}:{self.port}"

    def is_ephemeral(self) -> bool:
        return self.ephemeral

    def get_weight(self) -> float:
        return self.weight

    def add_metadata(self, key: str, value: str) -> None:
        self.metadata = self.metadata or {}
        self.metadata[key] = value

    def contains_metadata(self, key: str) -> bool:
        return key in (self.metadata or {})

    def get_instance_heart_beat_interval(self) -> int:
        return self._number(PreservedMetadataKeys.HEART_BEAT_INTERVAL, Constants.DEFAULT_HEART_BEAT_INTERVAL)

    def get_instance_heart_beat_timeout(self) -> int:
        return self._number(PreservedMetadataKeys.HEART_BEAT_TIMEOUT, Constants.DEFAULT_HEART_BEAT_TIMEOUT)

    def get_ip_delete_timeout(self) -> int:
        return self._number(PreservedMetadataKeys.IP_DELETE_TIMEOUT, Constants.DEFAULT_IP_DELETE_TIMEOUT)

    def get_instance_id_generator(self) -> str:
        return str(
            (self.metadata or {}).get(
                PreservedMetadataKeys.INSTANCE_ID_GENERATOR, Constants.DEFAULT_INSTANCE_ID_GENERATOR
            )
        )

    def _number(self, key: str, default: int) -> int:
        value = str((self.metadata or {}).get(key, ""))
        return int(value) if re.match(Constants.NUMBER_PATTERN, value) else default

    def fill_default_value(self) -> None:
        self.clusterName = self.clusterName or Constants.DEFAULT_CLUSTER_NAME

    def check_instance_is_legal(self) -> None:
        """Refuses what cannot be registered, and sets the default cluster."""
        interval = self.get_instance_heart_beat_interval()
        if min(self.get_instance_heart_beat_timeout(), self.get_ip_delete_timeout()) < interval:
            raise NacosException(
                INVALID_PARAM,
                "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'.",
            )
        self.fill_default_value()
        if not self.ip:
            raise NacosException(INVALID_PARAM, "Instance 'ip' can not be empty.")
        if not 0 <= self.port <= 65535:
            raise NacosException(INVALID_PARAM, "Instance 'port' must be between 0 and 65535.")


def of_engine(one: nacre.Instance) -> Instance:
    """The engine's instance as this package has it."""
    return Instance(
        instanceId=one.id or "",
        ip=one.ip,
        port=one.port,
        weight=one.weight,
        healthy=one.healthy,
        enabled=one.enabled,
        ephemeral=one.ephemeral,
        clusterName=one.cluster,
        serviceName=one.service or "",
        metadata=dict(one.metadata),
    )
