"""What both services share."""

from __future__ import annotations

import logging
import os
from typing import Any, Optional

import nacre
from nacre.compat.v2.nacos.common.client_config import ClientConfig
from nacre.compat.v2.nacos.common.constants import Constants
from nacre.compat.v2.nacos.common.nacos_exception import (
    INVALID_PARAM,
    INVALID_SERVER_STATUS,
    NacosException,
    raised,
)


class NacosClient:
    """A client of the engine with the settings of the original.

    Lines of the log go to `logging` and to no files of their own; local files have the engine's layout, in the folder
    `nacre` of the cache directory.
    """

    def __init__(self, client_config: ClientConfig, log_file: str) -> None:
        if not client_config:
            raise NacosException(INVALID_PARAM, "client config is required")
        if client_config.timeout_ms <= 0:
            client_config.timeout_ms = Constants.DEFAULT_TIMEOUT_MILLS
        if client_config.heart_beat_interval <= 0:
            client_config.heart_beat_interval = Constants.DEFAULT_HEART_BEAT_INTERVAL
        if not client_config.cache_dir:
            client_config.cache_dir = os.path.join(os.path.expanduser("~"), "nacos", "cache")
        self.logger = logging.getLogger(f"nacre.compat.{log_file}")
        self.client_config = client_config
        try:
            self._client = nacre.AsyncClient(options(client_config))
        except nacre.NacreError as error:
            raise raised(error) from error

    async def _start(self) -> None:
        """Waits for the connection; without one the service goes on trying."""
        try:
            await self._client.ready(self.client_config.grpc_config.grpc_timeout / 1000)
        except nacre.NacreError as error:
            self.logger.warning("not connected yet: %s", error)

    def _is_connected(self) -> bool:
        return self._client.status.state is nacre.State.CONNECTED


def options(config: ClientConfig) -> nacre.Options:
    """The engine's settings."""
    if config.kms_config and config.kms_config.enabled:
        raise NacosException(INVALID_PARAM, "there is no key management service here; use nacre.ConfigFilter")
    if not config.server_list and not (config.endpoint or "").strip():
        raise NacosException(INVALID_SERVER_STATUS, "server list is empty")
    grpc = config.grpc_config
    has_login = bool(config.username and config.password)
    return nacre.Options(
        server=tuple(config.server_list),
        endpoint=None if config.server_list else _endpoint(config),
        namespace=config.namespace_id or "",
        context_path=config.context_path.strip("/"),
        app_name=config.app_name or None,
        app_labels=_labels(config),
        username=config.username if has_login else None,
        password=config.password if has_login else None,
        keys=_keys(config),
        tls=_tls(config),
        request_timeout=grpc.grpc_timeout / 1000,
        ability_timeout=grpc.capability_negotiation_timeout / 1000,
        grpc_port_offset=grpc.port_offset,
        max_message_size=grpc.max_receive_message_length,
        http_timeout=config.timeout_ms / 1000,
        directory=os.path.join(config.cache_dir, "nacre"),
        naming=nacre.NamingOptions(
            load_cache_at_start=config.load_cache_at_start,
            push_empty_protection=not config.update_cache_when_empty,
        ),
        config=nacre.ConfigOptions(app_key=config.app_key or None, snapshots=not config.disable_use_config_cache),
    )


def _endpoint(config: ClientConfig) -> nacre.Endpoint:
    address = (config.endpoint or "").strip().rstrip("/")
    address = address.partition("://")[2] or address
    host, separator, port = address.rpartition(":")
    if not separator:
        host, port = address, "80"
    if not port.isdigit():
        raise NacosException(INVALID_PARAM, f"endpoint {config.endpoint} is invalid")
    return nacre.Endpoint(host, int(port), (config.endpoint_context_path or "").strip("/") or None)


def _keys(config: ClientConfig) -> Optional[nacre.Keys]:
    credentials: Any = config.credentials_provider.get_credentials()
    if not credentials or not credentials.get_access_key_id() or not credentials.get_access_key_secret():
        return None
    return nacre.Keys(
        credentials.get_access_key_id(),
        credentials.get_access_key_secret(),
        credentials.get_security_token() or None,
    )


def _tls(config: ClientConfig) -> Optional[nacre.Tls]:
    tls = config.tls_config
    if not tls or not tls.enabled:
        return None
    return nacre.Tls(
        roots=tls.ca_file or None,
        certificates=tls.cert_file or None,
        key=tls.key_file or None,
        server_name=tls.server_name_override or None,
    )


def _labels(config: ClientConfig) -> dict[str, str]:
    """Those of the environment and of the settings, of which the environment's count if it says so."""
    of_environment: dict[str, str] = {}
    gray = os.environ.get("nacos_config_gray_label")
    if gray:
        of_environment["nacos_config_gray_label"] = gray
    for label in os.environ.get("nacos_app_conn_labels", "").split(","):
        if label.strip():
            name, separator, value = label.partition("=")
            if not separator or "=" in value:
                raise NacosException(INVALID_PARAM, f"unknown label format: {label}")
            of_environment[name.strip()] = value.strip()
    given = dict(config.app_conn_labels or {})
    if os.environ.get("nacos_app_conn_labels_preferred", "").lower() == "env":
        return {**given, **of_environment}
    return {**of_environment, **given}
