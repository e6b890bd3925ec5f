"""What methods of the naming service take."""

from __future__ import annotations

from typing import Any, Callable, Optional

from pydantic import BaseModel

from nacre.compat.v2.nacos.common.constants import Constants


class RegisterInstanceParam(BaseModel):
    """An instance to register."""

    ip: str
    port: int
    weight: float = 1.0
    enabled: bool = True
    healthy: bool = True
    metadata: dict[str, str] = {}
    cluster_name: str = ""
    service_name: str
    group_name: str = Constants.DEFAULT_GROUP
    ephemeral: bool = True


class BatchRegisterInstanceParam(BaseModel):
    """Several instances of a service."""

    service_name: str
    group_name: str = Constants.DEFAULT_GROUP
    instances: list[RegisterInstanceParam] = []


class DeregisterInstanceParam(BaseModel):
    """An instance to take away."""

    ip: str
    port: int
    cluster_name: str = ""
    service_name: str
    group_name: str = Constants.DEFAULT_GROUP
    ephemeral: bool = True


class ListInstanceParam(BaseModel):
    """A query of instances."""

    service_name: str
    group_name: str = Constants.DEFAULT_GROUP
    clusters: list[str] = []
    subscribe: bool = True
    healthy_only: Optional[bool]


class SubscribeServiceParam(BaseModel):
    """A service to follow; the callback is a coroutine function that is given the list of instances."""

    service_name: str
    group_name: str = Constants.DEFAULT_GROUP
    clusters: list[str] = []
    subscribe_callback: Optional[Callable[..., Any]] = None


class GetServiceParam(BaseModel):
    """A service to read."""

    service_name: str
    group_name: str = Constants.DEFAULT_GROUP
    clusters: list[str] = []


class ListServiceParam(BaseModel):
    """A page of names of services."""

    namespace_id: str = Constants.DEFAULT_NAMESPACE_ID
    group_name: str = Constants.DEFAULT_GROUP
    page_no: int = 1
    page_size: int = 10
