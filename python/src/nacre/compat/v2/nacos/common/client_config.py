"""Settings of a service."""

from __future__ import annotations

import logging
from typing import Any, Optional

from nacre.compat.v2.nacos.common.auth import CredentialsProvider, StaticCredentialsProvider
from nacre.compat.v2.nacos.common.constants import Constants
from nacre.compat.v2.nacos.common.nacos_exception import INVALID_PARAM, NacosException


class KMSConfig:
    """A key management service. This package has none: enabling it is refused when a service is made."""

    def __init__(
        self,
        enabled: bool = False,
        endpoint: str = "",
        access_key: str = "",
        secret_key: str = "",
        client_key_content: str = "",
        password: str = "",
    ) -> None:
        self.enabled = enabled
        self.endpoint = endpoint
        self.access_key = access_key
        self.secret_key = secret_key
        self.client_key_content = client_key_content
        self.password = password


class TLSConfig:
    """TLS of the connection."""

    def __init__(
        self,
        enabled: bool = False,
        appointed: bool = False,
        ca_file: str = "",
        cert_file: str = "",
        key_file: str = "",
        server_name_override: str = "",
    ) -> None:
        self.enabled = enabled
        self.appointed = appointed
        self.ca_file = ca_file
        self.cert_file = cert_file
        self.key_file = key_file
        self.server_name_override = server_name_override

    def __str__(self) -> str:
        return str(self.__dict__)


class GRPCConfig:
    """Limits of the connection. Windows and pings are the engine's own."""

    def __init__(
        self,
        max_receive_message_length: int = Constants.GRPC_MAX_RECEIVE_MESSAGE_LENGTH,
        max_keep_alive_ms: int = Constants.GRPC_KEEPALIVE_TIME_MILLS,
        initial_window_size: int = Constants.GRPC_INITIAL_WINDOW_SIZE,
        initial_conn_window_size: int = Constants.GRPC_INITIAL_CONN_WINDOW_SIZE,
        grpc_timeout: int = Constants.DEFAULT_GRPC_TIMEOUT_MILLS,
        port_offset: int = Constants.GRPC_PORT_OFFSET,
        capability_negotiation_timeout: int = Constants.GRPC_CAPABILITY_NEGOTIATION_TIMEOUT,
    ) -> None:
        self.max_receive_message_length = max_receive_message_length
        self.max_keep_alive_ms = max_keep_alive_ms
        self.initial_window_size = initial_window_size
        self.initial_conn_window_size = initial_conn_window_size
        self.grpc_timeout = grpc_timeout
        self.port_offset = port_offset
        self.capability_negotiation_timeout = capability_negotiation_timeout


class ClientConfig:
    """All settings of a service."""

    def __init__(
        self,
        server_addresses: Optional[str] = None,
        endpoint: Optional[str] = None,
        namespace_id: str = "",
        context_path: Optional[str] = Constants.WEB_CONTEXT,
        access_key: Optional[str] = None,
        secret_key: Optional[str] = None,
        username: Optional[str] = None,
        password: Optional[str] = None,
        app_name: str = "",
        app_key: str = "",
        log_dir: str = "",
        log_level: Optional[int] = None,
        log_rotation_backup_count: Optional[int] = None,
        app_conn_labels: Optional[dict[str, str]] = None,
        credentials_provider: Optional[CredentialsProvider] = None,
    ) -> None:
        if server_addresses is not None and not isinstance(server_addresses, str):
            raise NacosException(INVALID_PARAM, "server_addresses is invalid")
        self.server_list = addresses(server_addresses)
        self.endpoint = endpoint
        self.endpoint_context_path = Constants.WEB_CONTEXT
        self.endpoint_query_header: Optional[dict[str, str]] = None
        self.namespace_id = namespace_id
        self.credentials_provider: Any = credentials_provider or StaticCredentialsProvider(access_key, secret_key)
        self.context_path = self._normalize_context_path(context_path)
        self.username = username
        self.password = password
        self.app_name = app_name
        self.app_key = app_key
        self.cache_dir = ""
        self.disable_use_config_cache = False
        self.log_dir = log_dir
        self.log_level = logging.INFO if log_level is None else log_level
        self.log_rotation_backup_count = 7 if log_rotation_backup_count is None else log_rotation_backup_count
        self.timeout_ms = Constants.DEFAULT_TIMEOUT_MILLS
        self.heart_beat_interval = Constants.DEFAULT_HEART_BEAT_INTERVAL
        self.kms_config = KMSConfig(enabled=False)
        self.tls_config = TLSConfig(enabled=False)
        self.grpc_config = GRPCConfig()
        self.load_cache_at_start = True
        self.update_cache_when_empty = False
        self.app_conn_labels = app_conn_labels
        self.async_update_service = False
        self.update_thread_num = 5
        self.ai_transport_mode = "grpc"
        self.ai_prompt_cache_update_interval = 10

    @staticmethod
    def _normalize_context_path(context_path: Optional[str]) -> str:
        """With a slash at the beginning and none at the end."""
        if not context_path:
            return Constants.WEB_CONTEXT
        return "/" + context_path.strip("/") if context_path != "/" else "/"

    def build_context_prefix(self) -> str:
        """What stands before the path of a request."""
        return "" if self.context_path == "/" else self.context_path

    def set_log_level(self, log_level: int) -> ClientConfig:
        self.log_level = log_level
        return self

    def set_cache_dir(self, cache_dir: str) -> ClientConfig:
        self.cache_dir = cache_dir
        return self

    def set_log_dir(self, log_dir: str) -> ClientConfig:
        self.log_dir = log_dir
        return self

    def set_timeout_ms(self, timeout_ms: int) -> ClientConfig:
        self.timeout_ms = timeout_ms
        return self

    def set_heart_beat_interval(self, heart_beat_interval: int) -> ClientConfig:
        self.heart_beat_interval = heart_beat_interval
        return self

    def set_tls_config(self, tls_config: TLSConfig) -> ClientConfig:
        self.tls_config = tls_config
        return self

    def set_kms_config(self, kms_config: KMSConfig) -> ClientConfig:
        self.kms_config = kms_config
        return self

    def set_grpc_config(self, grpc_config: GRPCConfig) -> ClientConfig:
        self.grpc_config = grpc_config
        return self

    def set_load_cache_at_start(self, load_cache_at_start: bool) -> ClientConfig:
        self.load_cache_at_start = load_cache_at_start
        return self

    def set_update_cache_when_empty(self, update_cache_when_empty: bool) -> ClientConfig:
        self.update_cache_when_empty = update_cache_when_empty
        return self

    def set_endpoint_context_path(self, endpoint_context_path: str) -> ClientConfig:
        self.endpoint_context_path = endpoint_context_path
        return self

    def set_app_conn_labels(self, app_conn_labels: dict[str, str]) -> ClientConfig:
        self.app_conn_labels = app_conn_labels
        return self

    def set_async_update_service(self, async_update_service: bool) -> ClientConfig:
        self.async_update_service = async_update_service
        return self

    def set_update_thread_num(self, update_thread_num: int) -> ClientConfig:
        self.update_thread_num = update_thread_num
        return self

    def set_ai_transport_mode(self, ai_transport_mode: str) -> ClientConfig:
        self.ai_transport_mode = ai_transport_mode
        return self

    def set_ai_prompt_cache_update_interval(self, interval: int) -> ClientConfig:
        self.ai_prompt_cache_update_interval = interval
        return self


def addresses(text: Optional[str]) -> list[str]:
    """The addresses of a list with commas."""
    return [address.strip() for address in text.strip().split(",")] if text and text.strip() else []
