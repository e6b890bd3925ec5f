"""Transports for httpx that resolve `http://service-name/` through the registry.

```python
async with httpx.AsyncClient(transport=AsyncRegistryTransport(client)) as http:
    await http.get("http://orders/items/7")
```

A host without a dot that is not `localhost` is the name of a service, and `orders.shop` one of group `shop` when
`groups` names that group; every other host is left alone. When an instance cannot be connected to, another choice is
made.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Optional

import httpx

import nacre
from nacre import balancers


class _Choice:
    """Which hosts are services, and how one of their instances is chosen."""

    def __init__(self, balancer: balancers.Balancer, group: str, groups: Collection[str], attempts: int) -> None:
        if attempts < 1:
            raise nacre.InvalidParameterError("attempts must be above 0")
        self._balancer = balancer
        self._group = group
        self._groups = frozenset(groups)
        self.attempts = attempts

    def service(self, host: str) -> Optional[nacre.ServiceKey]:
        """The service that a host names."""
        name, separator, group = host.partition(".")
        is_name = bool(name) and host != "localhost" and ":" not in host
        if is_name and not separator:
            return nacre.ServiceKey(name, self._group)
        return nacre.ServiceKey(name, group) if is_name and group in self._groups else None

    def query(self, request: httpx.Request) -> dict[str, Any]:
        """Calls about the same thing may be kept together by the balancer."""
        return {"balancer": self._balancer, "key": request.extensions.get("nacre_key")}


def _sent_to(request: httpx.Request, service: nacre.ServiceKey, chosen: Optional[nacre.Instance]) -> httpx.Request:
    if chosen is None:
        raise httpx.ConnectError(f"service {service} has no healthy instance", request=request)
    url = request.url.copy_with(host=chosen.ip, port=chosen.port)
    headers = request.headers.copy()
    headers["host"] = chosen.address
    return httpx.Request(request.method, url, headers=headers, stream=request.stream, extensions=request.extensions)


class RegistryTransport(httpx.BaseTransport):
    """For `httpx.Client`."""

    def __init__(
        self,
        client: nacre.Client,
        *,
        balancer: balancers.Balancer = balancers.weighted_random,
        group: str = "",
        groups: Collection[str] = (),
        attempts: int = 2,
        inner: Optional[httpx.BaseTransport] = None,
    ) -> None:
        self._client = client
        self._choice = _Choice(balancer, group, groups, attempts)
        self._inner = inner or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request to an instance of the service that its host names."""
        service = self._choice.service(request.url.host)
        if service is None:
            return self._inner.handle_request(request)
        for left in range(self._choice.attempts - 1, -1, -1):
            chosen = self._client.naming.select_one(service, **self._choice.query(request))
            try:
                return self._inner.handle_request(_sent_to(request, service, chosen))
            except httpx.ConnectError:
                # Nothing of the request was sent.
                if chosen is None or not left:
                    raise
        raise AssertionError("a choice was made")

    def close(self) -> None:
        """Closes connections to instances, not the client of the registry."""
        self._inner.close()


class AsyncRegistryTransport(httpx.AsyncBaseTransport):
    """For `httpx.AsyncClient`."""

    def __init__(
        self,
        client: nacre.AsyncClient,
        *,
        balancer: balancers.Balancer = balancers.weighted_random,
        group: str = "",
        groups: Collection[str] = (),
        attempts: int = 2,
        inner: Optional[httpx.AsyncBaseTransport] = None,
    ) -> None:
        self._client = client
        self._choice = _Choice(balancer, group, groups, attempts)
        self._inner = inner or httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request to an instance of the service that its host names."""
        service = self._choice.service(request.url.host)
        if service is None:
            return await self._inner.handle_async_request(request)
        for left in range(self._choice.attempts - 1, -1, -1):
            chosen = await self._client.naming.select_one(service, **self._choice.query(request))
            try:
                return await self._inner.handle_async_request(_sent_to(request, service, chosen))
            except httpx.ConnectError:
                # Nothing of the request was sent.
                if chosen is None or not left:
                    raise
        raise AssertionError("a choice was made")

    async def aclose(self) -> None:
        """Closes connections to instances, not the client of the registry."""
        await self._inner.aclose()
