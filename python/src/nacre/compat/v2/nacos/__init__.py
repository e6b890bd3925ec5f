"""The modules and classes of the package `v2.nacos` (nacos-sdk-python 3.2) for naming and config, on this engine.

Writing `nacre.compat.` before the import is the whole migration. Needs the extra `nacre-client[nacos]`.
"""

from .common.client_config import ClientConfig, GRPCConfig, KMSConfig, TLSConfig
from .common.client_config_builder import ClientConfigBuilder
from .common.nacos_exception import NacosException
from .config.model.config_param import ConfigParam
from .config.nacos_config_service import NacosConfigService
from .naming.model.instance import Instance
from .naming.model.naming_param import (
    BatchRegisterInstanceParam,
    DeregisterInstanceParam,
    GetServiceParam,
    ListInstanceParam,
    ListServiceParam,
    RegisterInstanceParam,
    SubscribeServiceParam,
)
from .naming.model.service import Service, ServiceList
from .naming.nacos_naming_service import NacosNamingService

__version__ = "3.2.0"
__all__ = [
    "BatchRegisterInstanceParam",
    "ClientConfig",
    "ClientConfigBuilder",
    "ConfigParam",
    "DeregisterInstanceParam",
    "GRPCConfig",
    "GetServiceParam",
    "Instance",
    "KMSConfig",
    "ListInstanceParam",
    "ListServiceParam",
    "NacosConfigService",
    "NacosException",
    "NacosNamingService",
    "RegisterInstanceParam",
    "Service",
    "ServiceList",
    "SubscribeServiceParam",
    "TLSConfig",
]
