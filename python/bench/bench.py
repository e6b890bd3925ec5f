"""Measures one client: bench.py calls|latency|memory|start nacre|official ADDRESS. Prints one line of JSON.

The publisher of `latency` is the same for both, so that only what listens differs.
"""

from __future__ import annotations

import time

BEGUN = time.perf_counter()

import asyncio  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import uuid  # noqa: E402
from typing import Any, Callable  # noqa: E402

IN_FLIGHT = 256
SECONDS = 6
SAMPLES = 300
SUBSCRIPTIONS = 100
what, which, address = sys.argv[1:4]
folder = tempfile.mkdtemp()


class Nacre:
    """The client for asyncio of this package."""

    async def open(self) -> None:
        import nacre

        self.client = await nacre.AsyncClient.connect(nacre.Options(server=address, directory=folder))

    async def get(self, data_id: str) -> None:
        await self.client.config.get(data_id)

    async def publish(self, data_id: str, content: str) -> None:
        await self.client.config.publish(data_id, content)

    async def listen(self, data_id: str, told: Callable[[str], None]) -> None:
        self.client.config.watch(data_id, lambda event: told(event.content or ""))

    async def register(self, service: str) -> None:
        import nacre

        await self.client.naming.register(service, nacre.Instance("10.0.0.1", 80))

    async def subscribe(self, service: str, told: Callable[[int], None]) -> None:
        await self.client.naming.watch(service, lambda change: told(len(change.instances))).established()

    async def close(self) -> None:
        await self.client.close()


class Official:
    """nacos-sdk-python."""

    async def open(self) -> None:
        import logging

        logging.disable(logging.CRITICAL)
        from v2.nacos import ClientConfigBuilder, ConfigParam, NacosConfigService

        self.param: Any = ConfigParam
        builder: Any = ClientConfigBuilder()
        self.settings = builder.server_address(address).cache_dir(folder).log_dir(folder).build()
        self.config: Any = await NacosConfigService.create_config_service(self.settings)
        self.naming: Any = None

    async def get(self, data_id: str) -> None:
        await self.config.get_config(self.param(data_id=data_id, group="DEFAULT_GROUP"))

    async def publish(self, data_id: str, content: str) -> None:
        await self.config.publish_config(self.param(data_id=data_id, group="DEFAULT_GROUP", content=content))

    async def listen(self, data_id: str, told: Callable[[str], None]) -> None:
        async def listener(tenant: str, group: str, name: str, content: str) -> None:
            told(content)

        await self.config.add_listener(data_id, "DEFAULT_GROUP", listener)

    async def subscribe(self, service: str, told: Callable[[int], None]) -> None:
        from v2.nacos import NacosNamingService, SubscribeServiceParam

        if self.naming is None:
            self.naming = await NacosNamingService.create_naming_service(self.settings)

        async def callback(instances: Any) -> None:
            told(len(instances))

        await self.naming.subscribe(SubscribeServiceParam(service_name=service, subscribe_callback=callback))

    async def close(self) -> None:
        os._exit(0)


def resident() -> float:
    """Memory of this process in MB."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def calls(client: Any) -> dict[str, float]:
    await client.publish("bench", "x" * 100)
    end = time.perf_counter() + 1
    count = 0

    async def work() -> None:
        nonlocal count
        while time.perf_counter() < end:
            await client.get("bench")
            count += 1

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    count, begun = 0, time.perf_counter()
    end = begun + SECONDS
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return {"calls per second": count / (time.perf_counter() - begun)}


async def latency(client: Any) -> dict[str, float]:
    publisher = Nacre()
    await publisher.open()
    data_id = f"latency-{uuid.uuid4().hex}"
    arrived: dict[str, asyncio.Event] = {}

    def told(content: str) -> None:
        if content in arrived:
            arrived[content].set()

    await publisher.publish(data_id, "first")
    await client.listen(data_id, told)
    took = []
    for number in range(-5, SAMPLES):
        content = str(number)
        arrived[content] = asyncio.Event()
        begun = time.perf_counter()
        await publisher.publish(data_id, content)
        # The first one may need a look of the original, which looks every 5 s.
        await asyncio.wait_for(arrived[content].wait(), 30)
        if number >= 0:
            took.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(0.002)
    took.sort()
    return {"p50 ms": took[len(took) // 2], "p99 ms": took[len(took) * 99 // 100]}


async def memory(client: Any) -> dict[str, float]:
    names = [f"memory-{number}" for number in range(SUBSCRIPTIONS)]
    seen: set[str] = set()
    for name in names:
        await client.subscribe(name, lambda count, name=name: seen.add(name))
    await client.get("bench")
    await asyncio.sleep(1)
    return {"MB": resident()}


async def main() -> None:
    client: Any = Nacre() if which == "nacre" else Official()
    await client.open()
    if what == "start":
        await client.get("bench")
        found = {"ms": (time.perf_counter() - BEGUN) * 1000}
    else:
        found = await {"calls": calls, "latency": latency, "memory": memory}[what](client)
    print(json.dumps(found), flush=True)
    await client.close()


asyncio.run(main())
