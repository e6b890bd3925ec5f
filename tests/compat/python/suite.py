"""The official Python client (nacos-sdk-python 3.x, asyncio, gRPC) against a Nacre server; see ../run.py."""

import asyncio
import hashlib
import logging
import os
import time
import unittest
import urllib.request
import uuid

from v2.nacos import (
    BatchRegisterInstanceParam,
    ClientConfigBuilder,
    ConfigParam,
    DeregisterInstanceParam,
    ListInstanceParam,
    ListServiceParam,
    NacosConfigService,
    NacosException,
    NacosNamingService,
    RegisterInstanceParam,
    SubscribeServiceParam,
)

ADDRESS = os.environ["NACRE_ADDR"]
CONTROL = os.environ["NACRE_CONTROL"]
# A port that accepts connections, so that a health check of an instance on it passes.
LIVE_PORT = int(ADDRESS.rsplit(":", 1)[1])
GROUP = "DEFAULT_GROUP"
DEADLINE_SECONDS = 60

logging.disable(logging.CRITICAL)


def unique(prefix):
    """A name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def describe(instances):
    """What a consumer can see of the instances, in a stable order."""
    return sorted(f"{i.ip}:{i.port} {i.clusterName} {i.weight} {dict(sorted(i.metadata.items()))}" for i in instances)


async def control(path):
    """Restarts or kills the server; returns when it is ready again."""
    request = urllib.request.Request(CONTROL + path, method="POST")
    await asyncio.to_thread(lambda: urllib.request.urlopen(request, timeout=60).read())


class ClientCase(unittest.IsolatedAsyncioTestCase):
    """Makes clients and closes them all side by side, because closing a config client takes up to 5 s."""

    def setUp(self):
        self.clients = []

    async def asyncTearDown(self):
        await asyncio.gather(*(client.shutdown() for client in self.clients), return_exceptions=True)

    @staticmethod
    def settings(namespace):
        config = ClientConfigBuilder().server_address(ADDRESS).namespace_id(namespace).build()
        config.load_cache_at_start = False
        config.update_cache_when_empty = True
        return config

    async def naming(self, namespace=""):
        client = await NacosNamingService.create_naming_service(self.settings(namespace))
        self.clients.append(client)
        return client

    async def config(self, namespace=""):
        client = await NacosConfigService.create_config_service(self.settings(namespace))
        self.clients.append(client)
        return client

    async def until(self, expected, actual):
        """Waits until the call (plain or async) returns the expected value; an error counts as "not yet"."""
        end = time.monotonic() + DEADLINE_SECONDS
        while True:
            try:
                last = actual()
                if asyncio.iscoroutine(last):
                    last = await last
            except NacosException as error:
                last = error
            if last == expected or time.monotonic() > end:
                break
            await asyncio.sleep(0.02)
        self.assertEqual(expected, last, f"still so after {DEADLINE_SECONDS} s")


async def listed(naming, service, group=GROUP, clusters=(), healthy_only=None):
    """What the server itself lists now, past the client's cache."""
    return describe(
        await naming.list_instances(
            ListInstanceParam(
                service_name=service,
                group_name=group,
                clusters=list(clusters),
                subscribe=False,
                healthy_only=healthy_only,
            )
        )
    )


def register(service, ip, port=80, **fields):
    return RegisterInstanceParam(service_name=service, ip=ip, port=port, **fields)


class NamingTest(ClientCase):
    async def test_registered_instance_is_discovered_with_all_its_fields(self):
        naming = await self.naming()
        service = unique("fields")
        wanted = register(
            service,
            "10.1.0.1",
            8080,
            group_name="orders",
            weight=2.5,
            cluster_name="blue",
            metadata={"zone": "a", "label": "größe 中"},
        )
        self.assertTrue(await naming.register_instance(wanted))
        self.assertEqual(
            ["10.1.0.1:8080 blue 2.5 {'label': 'größe 中', 'zone': 'a'}"], await listed(naming, service, "orders")
        )
        self.assertEqual([], await listed(naming, service), "another group")
        self.assertTrue(
            await naming.deregister_instance(
                DeregisterInstanceParam(
                    service_name=service, group_name="orders", ip="10.1.0.1", port=8080, cluster_name="blue"
                )
            )
        )
        self.assertEqual([], await listed(naming, service, "orders"))

    async def test_subscriber_sees_added_changed_and_removed(self):
        provider, second, consumer = await self.naming(), await self.naming(), await self.naming()
        service = unique("subscribe")
        seen = []

        async def record(instances):
            seen.append(describe(instances))

        def latest():
            return seen[-1] if seen else None

        await provider.register_instance(register(service, "10.1.1.1", metadata={"version": "1"}))
        subscription = SubscribeServiceParam(service_name=service, subscribe_callback=record)
        await consumer.subscribe(subscription)
        await self.until(["10.1.1.1:80 DEFAULT 1.0 {'version': '1'}"], latest)

        changed = register(service, "10.1.1.1", metadata={"version": "2"}, weight=7.0)
        await provider.update_instance(changed)
        await self.until(["10.1.1.1:80 DEFAULT 7.0 {'version': '2'}"], latest)

        await second.register_instance(register(service, "10.1.1.2"))
        await self.until(["10.1.1.1:80 DEFAULT 7.0 {'version': '2'}", "10.1.1.2:80 DEFAULT 1.0 {}"], latest)

        await provider.deregister_instance(DeregisterInstanceParam(service_name=service, ip="10.1.1.1", port=80))
        await self.until(["10.1.1.2:80 DEFAULT 1.0 {}"], latest)

        await consumer.unsubscribe(subscription)
        before = len(seen)
        await provider.register_instance(register(service, "10.1.1.3"))
        await self.until(2, lambda: self.count(second, service))
        self.assertEqual(before, len(seen), "called after unsubscribe")

    @staticmethod
    async def count(naming, service):
        return len(await listed(naming, service))

    async def test_batch_is_registered_replaced_and_shrunk(self):
        provider, consumer = await self.naming(), await self.naming()
        service = unique("batch")
        first = register(service, "10.1.2.1", metadata={"n": "1"})
        second = register(service, "10.1.2.2", metadata={"n": "2"}, weight=3.0)
        third = register(service, "10.1.2.3", metadata={"n": "3"}, cluster_name="blue")

        def batch(*instances):
            return BatchRegisterInstanceParam(service_name=service, instances=list(instances))

        await provider.batch_register_instances(batch(first, second, third))
        self.assertEqual(
            [
                "10.1.2.1:80 DEFAULT 1.0 {'n': '1'}",
                "10.1.2.2:80 DEFAULT 3.0 {'n': '2'}",
                "10.1.2.3:80 blue 1.0 {'n': '3'}",
            ],
            await listed(consumer, service),
        )
        self.assertEqual(["10.1.2.3:80 blue 1.0 {'n': '3'}"], await listed(consumer, service, clusters=["blue"]))
        await provider.batch_deregister_instances(batch(second))
        self.assertEqual(
            ["10.1.2.1:80 DEFAULT 1.0 {'n': '1'}", "10.1.2.3:80 blue 1.0 {'n': '3'}"], await listed(consumer, service)
        )

    async def test_closed_client_takes_its_ephemeral_instances_along(self):
        leaving = await NacosNamingService.create_naming_service(self.settings(""))
        consumer = await self.naming()
        service = unique("leave")
        kept = register(service + "-kept", "127.0.0.1", LIVE_PORT, ephemeral=False, metadata={"kept": "yes"})
        await leaving.register_instance(register(service, "10.1.3.1"))
        await leaving.register_instance(kept)
        expected = [f"127.0.0.1:{LIVE_PORT} DEFAULT 1.0 {{'kept': 'yes'}}"]
        self.assertEqual(["10.1.3.1:80 DEFAULT 1.0 {}"], await listed(consumer, service))
        self.assertEqual(expected, await listed(consumer, kept.service_name))
        await leaving.shutdown()
        await self.until([], lambda: listed(consumer, service))
        self.assertEqual(expected, await listed(consumer, kept.service_name))
        await consumer.deregister_instance(
            DeregisterInstanceParam(service_name=kept.service_name, ip="127.0.0.1", port=LIVE_PORT, ephemeral=False)
        )
        self.assertEqual([], await listed(consumer, kept.service_name))

    async def test_namespaces_are_separate(self):
        service = unique("namespaces")
        red, green, none = await self.naming("red"), await self.naming("green"), await self.naming()
        await red.register_instance(register(service, "10.1.4.1"))
        await green.register_instance(register(service, "10.1.4.2"))
        self.assertEqual(["10.1.4.1:80 DEFAULT 1.0 {}"], await listed(red, service))
        self.assertEqual(["10.1.4.2:80 DEFAULT 1.0 {}"], await listed(green, service))
        self.assertEqual([], await listed(none, service))

    async def test_disabled_and_weightless_instances_are_not_selected(self):
        service = unique("select")
        first, second, third = await self.naming(), await self.naming(), await self.naming()
        await first.register_instance(register(service, "10.1.5.1"))
        await second.register_instance(register(service, "10.1.5.2", enabled=False))
        await third.register_instance(register(service, "10.1.5.3", weight=0.0))
        self.assertEqual(["10.1.5.1:80 DEFAULT 1.0 {}"], await listed(first, service, healthy_only=True))

    async def test_service_list_is_paged_and_counted(self):
        group = unique("group")
        naming = await self.naming("listing")
        for number in range(5):
            await naming.register_instance(register(f"paged-{number}", "10.1.6.1", 80 + number, group_name=group))
        everything = await naming.list_services(
            ListServiceParam(namespace_id="listing", group_name=group, page_no=1, page_size=10)
        )
        self.assertEqual(5, everything.count)
        self.assertEqual([f"paged-{number}" for number in range(5)], sorted(everything.services))
        page = await naming.list_services(
            ListServiceParam(namespace_id="listing", group_name=group, page_no=2, page_size=2)
        )
        self.assertEqual((5, 2), (page.count, len(page.services)))


class ConfigTest(ClientCase):
    async def test_published_config_is_read_back_and_removed(self):
        config = await self.config()
        key = {"data_id": unique("read-back"), "group": GROUP}
        content = "# größe 中 \U0001f600\nname: nacre\r\nspaces:   kept \n\ttab=%20&+\n"
        self.assertEqual("", await config.get_config(ConfigParam(**key)))
        self.assertTrue(await config.publish_config(ConfigParam(content=content, type="yaml", **key)))
        self.assertEqual(content, await config.get_config(ConfigParam(**key)))
        self.assertTrue(await config.remove_config(ConfigParam(**key)))
        self.assertEqual("", await config.get_config(ConfigParam(**key)))

    async def test_compare_and_set_takes_only_the_current_md5(self):
        config = await self.config()
        key = {"data_id": unique("cas"), "group": GROUP}
        await config.publish_config(ConfigParam(content="one", **key))
        stale = hashlib.md5(b"something else").hexdigest()
        with self.assertRaises(NacosException):
            await config.publish_config(ConfigParam(content="lost", cas_md5=stale, **key))
        self.assertEqual("one", await config.get_config(ConfigParam(**key)))
        current = hashlib.md5(b"one").hexdigest()
        self.assertTrue(await config.publish_config(ConfigParam(content="two", cas_md5=current, **key)))
        self.assertEqual("two", await config.get_config(ConfigParam(**key)))

    async def test_groups_and_namespaces_are_separate(self):
        data_id = unique("separate")
        none, red = await self.config(), await self.config("red")
        await none.publish_config(ConfigParam(data_id=data_id, group="one", content="group one"))
        await none.publish_config(ConfigParam(data_id=data_id, group="two", content="group two"))
        await red.publish_config(ConfigParam(data_id=data_id, group="one", content="red, group one"))
        self.assertEqual("group one", await none.get_config(ConfigParam(data_id=data_id, group="one")))
        self.assertEqual("group two", await none.get_config(ConfigParam(data_id=data_id, group="two")))
        self.assertEqual("red, group one", await red.get_config(ConfigParam(data_id=data_id, group="one")))
        self.assertEqual("", await red.get_config(ConfigParam(data_id=data_id, group="two")))

    async def test_listener_sees_creation_changes_removal_and_return(self):
        writer, reader = await self.config(), await self.config()
        key = {"data_id": unique("listen"), "group": "fresh"}
        seen = []

        async def record(tenant, group, data_id, content):
            seen.append((group, data_id, content))

        def latest():
            return seen[-1] if seen else None

        def event(content):
            return key["group"], key["data_id"], content

        await reader.add_listener(key["data_id"], key["group"], record)
        await writer.publish_config(ConfigParam(content="born", **key))
        await self.until(event("born"), latest)
        await writer.publish_config(ConfigParam(content="two", **key))
        await self.until(event("two"), latest)
        await writer.remove_config(ConfigParam(**key))
        await self.until(event(""), latest)
        await writer.publish_config(ConfigParam(content="three", **key))
        await self.until(event("three"), latest)

        await reader.remove_listener(key["data_id"], key["group"], record)
        before = len(seen)
        await writer.publish_config(ConfigParam(content="four", **key))
        self.assertEqual("four", await reader.get_config(ConfigParam(**key)))
        self.assertEqual(before, len(seen), "called after remove_listener")


class RestartTest(ClientCase):
    async def survives(self, interruption):
        service, data_id = unique("restart"), unique("restart")
        provider, consumer = await self.naming("restart"), await self.naming("restart")
        writer, reader = await self.config("restart"), await self.config("restart")
        lists, contents = [], []

        async def record_list(instances):
            lists.append(describe(instances))

        async def record_content(tenant, group, data_id, content):
            contents.append(content)

        kept = register(service + "-kept", "127.0.0.1", LIVE_PORT, ephemeral=False)
        await provider.register_instance(register(service, "10.2.0.1", metadata={"zone": "a"}))
        await provider.register_instance(kept)
        await consumer.subscribe(SubscribeServiceParam(service_name=service, subscribe_callback=record_list))
        before = ["10.2.0.1:80 DEFAULT 1.0 {'zone': 'a'}"]
        await self.until(before, lambda: lists[-1] if lists else None)
        await writer.publish_config(ConfigParam(data_id=data_id, group=GROUP, content="before"))
        await reader.add_listener(data_id, GROUP, record_content)
        await self.until("before", lambda: contents[-1] if contents else None)

        await control(interruption)

        await self.until(before, lambda: listed(consumer, service))
        await self.until([f"127.0.0.1:{LIVE_PORT} DEFAULT 1.0 {{}}"], lambda: listed(consumer, kept.service_name))
        key = ConfigParam(data_id=data_id, group=GROUP)
        await self.until("before", lambda: reader.get_config(key))
        await self.until(
            True, lambda: writer.publish_config(ConfigParam(data_id=data_id, group=GROUP, content="after"))
        )
        await self.until("after", lambda: contents[-1])
        self.assertEqual(["before", "after"], contents)

        second = await self.naming("restart")
        await second.register_instance(register(service, "10.2.0.2"))
        await self.until([*before, "10.2.0.2:80 DEFAULT 1.0 {}"], lambda: lists[-1])
        for instances in lists:
            self.assertIn(before[0], instances, "the subscriber saw a list without the provider")
        await provider.deregister_instance(DeregisterInstanceParam(service_name=service, ip="10.2.0.1", port=80))
        await self.until(["10.2.0.2:80 DEFAULT 1.0 {}"], lambda: lists[-1])

    async def test_everything_is_there_after_an_orderly_restart(self):
        await self.survives("/restart")

    async def test_everything_is_there_after_a_kill(self):
        await self.survives("/kill")


if __name__ == "__main__":
    unittest.main()
