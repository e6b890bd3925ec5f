"""What methods of the config service take."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum

from pydantic import BaseModel


class Listener(ABC):
    """Someone who is told of a config."""

    @abstractmethod
    def listen(self, namespace: str, group: str, data_id: str, content: str) -> object:
        """Called with each new content."""


class UsageType(Enum):
    """What a filter deals with."""

    request_type = "RequestType"
    response_type = "ResponseType"


class SearchConfigParam(BaseModel):
    """A search."""

    search: str = ""
    dataId: str = ""
    group: str = ""
    tag: str = ""
    appName: str = ""
    pageNo: int = 0
    pageSize: int = 0


class ConfigParam(BaseModel):
    """A config, and what is published."""

    data_id: str = ""
    group: str = ""
    content: str = ""
    tag: str = ""
    app_name: str = ""
    beta_ips: str = ""
    cas_md5: str = ""
    type: str = ""
    src_user: str = ""
    encrypted_data_key: str = ""
    kms_key_id: str = ""
    usage_type: str = ""


class HandlerParam(BaseModel):
    """What an encryption works on."""

    data_id: str = ""
    content: str = ""
    encrypted_data_key: str = ""
    plain_data_key: str = ""
    key_id: str = ""
