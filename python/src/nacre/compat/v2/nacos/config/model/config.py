"""Values of the config service."""

from __future__ import annotations

from typing import Optional

from pydantic import BaseModel


class ConfigItem(BaseModel):
    """A config of a search."""

    id: str = ""
    dataId: str = ""
    group: str = ""
    content: str = ""
    md5: Optional[str] = ""
    tenant: str = ""
    appname: str = ""


class ConfigPage(BaseModel):
    """A page of a search."""

    totalCount: int = 0
    pageNumber: int = 0
    pagesAvailable: int = 0
    pageItems: list[ConfigItem] = []


class ConfigListenContext(BaseModel):
    """A config that is listened to, with what is known of it."""

    group: str = ""
    md5: str = ""
    dataId: str = ""
    tenant: str = ""


class ConfigContext(BaseModel):
    """A config that has changed."""

    group: str = ""
    dataId: str = ""
    tenant: str = ""
