"""Settings of pydantic-settings that are kept in the configuration centre.

```python
class Settings(BaseSettings):
    greeting: str = "hi"


settings = ReloadingSettings(Settings, client, "app.yaml")
settings.current.greeting
```

Arguments, environment and files of the class count before the configuration centre, defaults after it.
"""

from __future__ import annotations

import importlib
import json
import threading
from typing import Any, Callable, Generic, Optional, TypeVar, Union

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

import nacre
from nacre._process import LOG

S = TypeVar("S", bound=BaseSettings)


def parse(content: str, format: str) -> dict[str, Any]:
    """A text in `json`, `toml` (from Python 3.11 on), `yaml` (with PyYAML) or `properties`."""
    if format == "json":
        found = json.loads(content)
    elif format == "toml":
        found = importlib.import_module("tomllib").loads(content)
    elif format in ("yaml", "yml"):
        found = importlib.import_module("yaml").safe_load(content)
    elif format in ("properties", "text", ""):
        lines = (line.strip() for line in content.splitlines())
        pairs = (line.partition("=") for line in lines if line and line[0] not in "#!")
        found = {key.strip(): value.strip() for key, _, value in pairs}
    else:
        raise ValueError(f"settings cannot be read from {format}")
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ValueError(f"settings are a mapping, not {type(found).__name__}")
    return found


def _read(value: Optional[nacre.ConfigValue], data_id: str, format: Optional[str]) -> dict[str, Any]:
    if value is None:
        return {}
    extension = data_id.rpartition(".")[2] if "." in data_id else ""
    known = extension if extension in ("json", "toml", "yaml", "yml", "properties") else value.type
    return parse(value.content, format or known or "")


class _Values(PydanticBaseSettingsSource):
    def __init__(self, settings_cls: type[BaseSettings], values: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._values = values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._values


class ConfigSettingsSource(_Values):
    """A source for `settings_customise_sources`: a config, as it is when the settings are made."""

    def __init__(
        self,
        settings_cls: type[BaseSettings],
        client: Union[nacre.Client, Callable[[], nacre.Client]],
        data_id: str,
        *,
        group: str = "",
        format: Optional[str] = None,
    ) -> None:
        opened = client if isinstance(client, nacre.Client) else client()
        super().__init__(settings_cls, _read(opened.config.get(data_id, group=group), data_id, format))


class ReloadingSettings(Generic[S]):
    """Settings that follow a config. Content that is no valid settings is logged, and the settings stay."""

    def __init__(
        self,
        settings_cls: type[S],
        client: nacre.Client,
        data_id: str,
        *,
        group: str = "",
        format: Optional[str] = None,
    ) -> None:
        self._settings_cls = settings_cls
        self._data_id = data_id
        self._format = format
        self._callbacks: list[Callable[[S], object]] = []
        self._lock = threading.Lock()
        value, self._watch = client.config.get_and_listen(data_id, self._changed, group=group)
        with self._lock:
            self._current = getattr(self, "_current", None) or self._make(value)

    @property
    def current(self) -> S:
        """The newest valid settings."""
        current: S = self._current
        return current

    def on_change(self, callback: Callable[[S], object]) -> None:
        """Calls this with each new settings, on a thread of the client."""
        self._callbacks.append(callback)

    def close(self) -> None:
        """Follows the config no more."""
        self._watch.close()

    def _make(self, value: Optional[nacre.ConfigValue]) -> S:
        return _with(self._settings_cls, _read(value, self._data_id, self._format))()

    def _changed(self, event: nacre.ConfigEvent) -> None:
        try:
            settings = self._make(event.value)
        except ValueError:
            LOG.exception("config %s is no valid settings, the earlier ones stay", event.key)
            return
        with self._lock:
            self._current = settings
        for callback in list(self._callbacks):
            callback(settings)


def _with(settings_cls: type[S], values: dict[str, Any]) -> type[S]:
    """The same settings with one more source, after its own ones."""

    def customise(_: Any, /, settings_cls: type[BaseSettings], **given: Any) -> tuple[Any, ...]:
        own = original(settings_cls, **given)
        return (*own, _Values(settings_cls, values))

    original = settings_cls.settings_customise_sources

    members: dict[str, Any] = {"__module__": settings_cls.__module__}
    members["settings_customise_sources"] = classmethod(customise)
    return type(settings_cls.__name__, (settings_cls,), members)
