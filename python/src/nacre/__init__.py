"""Service discovery and configuration with Nacos and Nacre servers.

```python
import nacre

with nacre.Client("127.0.0.1:8848") as client:
    client.naming.register("orders", nacre.Instance("10.0.0.7", 8080))
    print(client.naming.select_one("orders"))
    client.config.publish("app.yaml", "greeting: hello")
    for event in client.config.watch("app.yaml"):
        print(event.content)
```

`AsyncClient` is the same for asyncio.
"""

from nacre import _load as _load  # first: it says what is wrong with the native library
from nacre import balancers
from nacre._version import VERSION as __version__
from nacre.client import AsyncClient, AsyncLocks, Client, Locks
from nacre.config import AsyncConfigService, ConfigService
from nacre.config_model import (
    ConfigEvent,
    ConfigFilter,
    ConfigKey,
    ConfigPatternChange,
    ConfigSource,
    ConfigValue,
    Gray,
    Publish,
)
from nacre.errors import (
    ClientClosedError,
    ConflictError,
    ErrorKind,
    ForbiddenError,
    ForkedProcessError,
    InternalError,
    InvalidParameterError,
    NacreError,
    NotFoundError,
    OverLimitError,
    RefusedError,
    RequestTimeoutError,
    UnreachableError,
    UnsupportedError,
)
from nacre.model import ClientEvent, EventType, Metrics, ServerGeneration, State, Status
from nacre.naming import AsyncMaintenance, AsyncNaming, Maintenance, Naming
from nacre.naming_model import (
    Candidates,
    ClusterDetail,
    Instance,
    InstancePatch,
    ListSource,
    Selector,
    ServiceChange,
    ServiceDetail,
    ServiceKey,
    ServiceNames,
    ServicePage,
    ServicePatternChange,
    ServiceSettings,
    ServiceSnapshot,
)
from nacre.options import ConfigOptions, Endpoint, Keys, NamingOptions, Options, TemporaryKeys, Tls
from nacre.watch import AsyncServiceWatch, AsyncWatch, ServiceWatch, Watch

__all__ = [
    "AsyncClient",
    "AsyncConfigService",
    "AsyncLocks",
    "AsyncMaintenance",
    "AsyncNaming",
    "AsyncServiceWatch",
    "AsyncWatch",
    "Candidates",
    "Client",
    "ClientClosedError",
    "ClientEvent",
    "ClusterDetail",
    "ConfigEvent",
    "ConfigFilter",
    "ConfigKey",
    "ConfigOptions",
    "ConfigPatternChange",
    "ConfigService",
    "ConfigSource",
    "ConfigValue",
    "ConflictError",
    "Endpoint",
    "ErrorKind",
    "EventType",
    "ForbiddenError",
    "ForkedProcessError",
    "Gray",
    "Instance",
    "InstancePatch",
    "InternalError",
    "InvalidParameterError",
    "Keys",
    "ListSource",
    "Locks",
    "Maintenance",
    "Metrics",
    "NacreError",
    "Naming",
    "NamingOptions",
    "NotFoundError",
    "Options",
    "OverLimitError",
    "Publish",
    "RefusedError",
    "RequestTimeoutError",
    "Selector",
    "ServerGeneration",
    "ServiceChange",
    "ServiceDetail",
    "ServiceKey",
    "ServiceNames",
    "ServicePage",
    "ServicePatternChange",
    "ServiceSettings",
    "ServiceSnapshot",
    "ServiceWatch",
    "State",
    "Status",
    "TemporaryKeys",
    "Tls",
    "UnreachableError",
    "UnsupportedError",
    "Watch",
    "__version__",
    "balancers",
]
