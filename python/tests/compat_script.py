"""One program for both packages: argument 1 is `v2.nacos` or `nacre.compat.v2.nacos`, 2 the server's address.

Prints what it saw as JSON. Names of everything carry argument 3.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import json
import logging
import sys
import tempfile
from typing import Any, Callable

package, address, run = sys.argv[1:4]
nacos: Any = importlib.import_module(package)
seen: dict[str, Any] = {}
logging.disable(logging.CRITICAL)


async def until(check: Callable[[], Any]) -> None:
    for _ in range(4_000):
        if check():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"not in time; seen so far: {seen}")


async def code(call: Any) -> Any:
    try:
        return await call
    except nacos.NacosException as error:
        return {"code": error.error_code, "is": type(error).__name__}


def shown(instances: Any) -> list[Any]:
    return sorted(
        [one.ip, one.port, one.weight, one.healthy, one.enabled, one.ephemeral, one.clusterName, dict(one.metadata)]
        for one in instances
    )


async def naming(settings: Any) -> None:
    service = await nacos.NacosNamingService.create_naming_service(settings)
    name = f"orders-{run}"

    def instance(port: int, **more: Any) -> Any:
        return nacos.RegisterInstanceParam(service_name=name, ip="10.0.0.1", port=port, **more)

    async def instances(**more: Any) -> Any:
        return shown(
            await service.list_instances(
                nacos.ListInstanceParam(**{"service_name": name, "subscribe": False, "healthy_only": None, **more})
            )
        )

    seen["health"] = await service.server_health()
    seen["registered"] = await service.register_instance(instance(1, weight=2, metadata={"a": "b"}, cluster_name="c1"))
    told: list[Any] = []

    async def callback(changed: Any) -> None:
        told.append(shown(changed))

    await service.subscribe(nacos.SubscribeServiceParam(service_name=name, subscribe_callback=callback))
    seen["told at once"] = list(told)
    await service.batch_register_instances(
        nacos.BatchRegisterInstanceParam(service_name=name, instances=[instance(1), instance(2)])
    )
    await until(lambda: len(told[-1]) == 2)
    seen["told"] = told[-1]
    seen["listed"] = await instances(subscribe=True)
    seen["of a cluster"] = await instances(subscribe=True, clusters=["DEFAULT", " "])
    seen["of none"] = await instances(subscribe=True, clusters=["c9"])
    seen["healthy"] = await instances(subscribe=True, healthy_only=True)
    seen["ill"] = await instances(subscribe=True, healthy_only=False)
    await service.batch_deregister_instances(
        nacos.BatchRegisterInstanceParam(service_name=name, instances=[instance(2)])
    )
    await until(lambda: len(told[-1]) == 1)
    got = await service.get_service(nacos.GetServiceParam(service_name=name))
    seen["service"] = [got.name.replace(run, ""), got.groupName, got.clusters, got.get_ip_count(), shown(got.hosts)]
    seen["updated"] = await service.update_instance(instance(1, weight=5))
    await until(lambda: told[-1][0][2] == 5)
    page = await service.list_services(nacos.ListServiceParam(page_no=1, page_size=100))
    seen["services"] = name in page.services
    await service.unsubscribe(nacos.SubscribeServiceParam(service_name=name, subscribe_callback=callback))
    count = len(told)
    seen["deregistered"] = await service.deregister_instance(
        nacos.DeregisterInstanceParam(service_name=name, ip="10.0.0.1", port=1)
    )
    seen["told after the end"] = len(told) - count
    nameless = nacos.RegisterInstanceParam(service_name=" ", ip="i", port=1)
    seen["no name"] = await code(service.register_instance(nameless))
    seen["no port"] = await code(service.register_instance(instance(70_000)))
    seen["no ip"] = await code(service.register_instance(instance(1).model_copy(update={"ip": ""})))
    persistent = instance(1, ephemeral=False)
    seen["a persistent batch"] = await code(
        service.batch_register_instances(nacos.BatchRegisterInstanceParam(service_name=name, instances=[persistent]))
    )
    await service.shutdown()


async def config(settings: Any) -> None:
    service = await nacos.NacosConfigService.create_config_service(settings)
    data_id = f"app-{run}.yaml"

    def param(**more: Any) -> Any:
        return nacos.ConfigParam(data_id=data_id, group="g", **more)

    seen["absent"] = await service.get_config(param())
    seen["published"] = await service.publish_config(param(content="a: 1", type="yaml"))
    seen["content"] = await service.get_config(param())
    told: list[Any] = []

    async def listener(tenant: str, group: str, name: str, content: str) -> None:
        told.append([tenant, group, name.replace(run, ""), content])

    await service.add_listener(data_id, "g", listener)
    await service.publish_config(param(content="a: 2"))
    await until(lambda: told and told[-1][3] == "a: 2")
    seen["told"] = told
    md5 = hashlib.md5(b"a: 2").hexdigest()
    seen["compared"] = await service.publish_config(param(content="a: 3", cas_md5=md5))
    await until(lambda: told[-1][3] == "a: 3")
    seen["refused"] = await code(service.publish_config(param(content="a: 4", cas_md5=md5)))
    seen["removed"] = await service.remove_config(param())
    await until(lambda: told[-1][3] == "")
    await service.remove_listener(data_id, "g", listener)
    await service.publish_config(param(content="a: 5"))
    seen["told in all"] = len(told)
    seen["no name"] = await code(service.get_config(nacos.ConfigParam(data_id=" ")))
    seen["no content"] = await code(service.publish_config(param(content=" ")))
    seen["no listener"] = await code(service.add_listener(data_id, "g", None))
    await service.shutdown()


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        builder = nacos.ClientConfigBuilder().server_address(address).cache_dir(folder).log_dir(folder)
        settings = builder.load_cache_at_start(False).namespace_id(run).build()
        part = naming if sys.argv[4] == "naming" else config
        await part(settings)
    print(json.dumps(seen))


asyncio.run(main())
