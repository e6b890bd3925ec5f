"""A service with its instances."""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Iterable
from typing import Any, Optional

from pydantic import BaseModel, ConfigDict

from nacre.compat.v2.nacos.common.constants import Constants
from nacre.compat.v2.nacos.common.nacos_exception import INVALID_PARAM, NacosException
from nacre.compat.v2.nacos.naming.model.instance import Instance

EMPTY = ""
ALL_IPS = "000--00-ALL_IPS--00--000"
SPLITER = "@@"
DEFAULT_CHARSET = "UTF-8"


class Service(BaseModel):
    """A service with its instances."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: str
    groupName: str
    clusters: Optional[str] = ""
    cacheMillis: int = 1000
    hosts: list[Instance] = []
    lastRefTime: int = 0
    checksum: str = ""
    allIps: bool = False
    reachProtectionThreshold: bool = False
    jsonFromServer: str = ""

    def init_from_key(self, key: Optional[str] = None) -> None:
        """Takes group, name and clusters from a key."""
        if not key:
            return
        parts = key.split(Constants.SERVICE_INFO_SPLITER)
        if len(parts) < 2:
            raise NacosException(INVALID_PARAM, f"no group in the key {key}")
        self.groupName, self.name = parts[:2]
        if len(parts) > 2:
            self.clusters = parts[2]

    def get_ip_count(self) -> int:
        return len(self.hosts)

    def is_expired(self) -> bool:
        return round(time.time() * 1000) - self.lastRefTime > self.cacheMillis

    def add_host(self, host: Instance) -> None:
        self.hosts.append(host)

    def add_all_hosts(self, hosts: Iterable[Instance]) -> None:
        self.hosts.extend(hosts)

    def is_valid(self) -> bool:
        return self.hosts != []

    def validate(self) -> bool:  # type: ignore[override]
        """Whether an instance is healthy and has a weight of at least 1."""
        return self.allIps or any(host.healthy and host.weight >= 1 for host in self.hosts)

    def get_key_default(self) -> str:
        return self.get_key(self.get_grouped_service_name(), self.clusters)

    def get_key_encoded(self) -> str:
        return self.get_key(urllib.parse.quote(self.get_grouped_service_name()), self.clusters)

    @staticmethod
    def get_key(name: str, clusters: Optional[str]) -> str:
        """The key of a grouped name and clusters."""
        return f"{name}{Constants.SERVICE_INFO_SPLITER}{clusters}" if clusters else name

    def get_grouped_service_name(self) -> str:
        if self.groupName and Constants.SERVICE_INFO_SPLITER not in self.name:
            return f"{self.groupName}{Constants.SERVICE_INFO_SPLITER}{self.name}"
        return self.name

    @staticmethod
    def from_key(key: str) -> Service:
        """A service without instances, of its key."""
        service = Service(name="", groupName="")
        service.init_from_key(key)
        return service

    def get_hosts_str(self) -> str:
        return "".join(host.model_dump_json() + ";" for host in self.hosts)


class ServiceList(BaseModel):
    """A page of names of services."""

    count: int
    services: list[str]


def joined(clusters: Any) -> str:
    """Names of clusters as servers write them."""
    return ",".join(sorted({name.strip() for name in clusters or [] if name and name.strip()}))
