"""Registers a FastAPI or Starlette application when it starts and takes it back when it stops.

```python
app = FastAPI(lifespan=lifespan("orders", port=8080, options="127.0.0.1:8848"))


@app.get("/")
async def index(request: Request) -> str:
    value = await request.state.nacre.config.get("greeting")
    ...
```
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Callable, Optional, Union

import nacre
from nacre._process import LOG

Lifespan = Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any]]]


def lifespan(
    service: Union[str, nacre.ServiceKey],
    *,
    port: int,
    ip: Optional[str] = None,
    options: Union[nacre.Options, str, None] = None,
    group: str = "",
    weight: float = 1.0,
    cluster: str = "DEFAULT",
    metadata: Optional[Mapping[str, str]] = None,
    inner: Optional[Callable[[Any], AbstractAsyncContextManager[Any]]] = None,
) -> Lifespan:
    """A lifespan that opens a client, which requests find as `request.state.nacre`, and registers the application.

    Without `ip` the address is the one from which the registry is reached. When no registry can be reached at the
    start, the application starts nevertheless and is registered as soon as there is one. `inner` is a lifespan of the
    application's own, which runs while it is registered.
    """

    @asynccontextmanager
    async def run(app: Any) -> AsyncIterator[Mapping[str, Any]]:
        async with nacre.AsyncClient(options) as client:
            address = ip or await _local_address(client)
            instance = nacre.Instance(address, port, weight=weight, cluster=cluster, metadata=metadata or {})
            app.state.nacre = client
            if inner is None:
                await _register(client, service, group, instance)
                yield {"nacre": client}
            else:
                async with inner(app) as state:
                    await _register(client, service, group, instance)
                    yield {**(state or {}), "nacre": client}
            # Before the server stops answering, so that nobody is sent here any more.
            await _deregister(client, service, group, instance)

    return run


async def _local_address(client: nacre.AsyncClient) -> str:
    await client.ready(client.options.request_timeout)
    local = client.status.local_address or "127.0.0.1:0"
    return local.rpartition(":")[0].strip("[]")


async def _register(client: nacre.AsyncClient, service: Any, group: str, instance: nacre.Instance) -> None:
    try:
        await client.naming.register(service, instance, group=group)
    except nacre.NacreError as error:
        if not error.retryable:
            raise
        LOG.warning("service %s is not registered yet: %s", service, error)


async def _deregister(client: nacre.AsyncClient, service: Any, group: str, instance: nacre.Instance) -> None:
    try:
        await client.naming.deregister(service, instance, group=group)
    except nacre.NacreError as error:
        # The registry forgets it when the connection ends.
        LOG.info("service %s was not taken back: %s", service, error)
