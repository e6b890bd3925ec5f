"""The blocking client against a server."""

from __future__ import annotations

import gc
import logging
import os
import resource
import threading
import warnings
from typing import Any

import pytest
from harness import LIMIT, Scope, eventually

import nacre
from nacre import _process
from nacre._core import Operation

LONG = bool(os.environ.get("NACRE_TEST_LONG"))
ONE = nacre.Instance("10.0.0.1", 8080)
TWO = nacre.Instance("10.0.0.2", 8080)


def test_services_are_registered_found_and_followed(client: nacre.Client) -> None:
    naming = client.naming
    with naming.watch("orders") as watch:
        watch.established()
        naming.register("orders", ONE)
        eventually(lambda: [one.ip for one in naming.instances("orders")] == ["10.0.0.1"])
        change = watch.get(LIMIT)
        while not change.instances:
            change = watch.get(LIMIT)
        assert [one.address for one in change.added] == ["10.0.0.1:8080"]
        assert watch.current is not None
        assert watch.instances == naming.instances("orders")
        assert naming.cached("orders") is watch.current
        chosen = naming.select_one("orders")
        assert chosen is not None
        assert chosen.address == ONE.address
        assert naming.subscribed() == [nacre.ServiceKey("orders")]
        naming.deregister("orders", ONE)
        assert [one.address for one in watch.get(LIMIT).removed] == ["10.0.0.1:8080"]
    assert watch.is_closed
    with pytest.raises(nacre.ClientClosedError):
        watch.get()
    naming.unsubscribe("orders")
    assert naming.subscribed() == []
    assert naming.cached("orders") is None


def test_queries_see_at_least_what_listeners_saw(client: nacre.Client) -> None:
    seen: list[Any] = []
    naming = client.naming
    naming.watch("orders", lambda change: seen.append((len(change.instances), len(naming.instances("orders")))))
    naming.register("orders", ONE)
    eventually(lambda: seen and seen[-1][0] == 1)
    assert all(queried >= told for told, queried in seen)


def test_configs_are_published_read_and_followed(client: nacre.Client) -> None:
    config = client.config
    told: list[Any] = []
    watch = config.watch("app.yaml", lambda event: told.append(event.content))
    eventually(lambda: told == [None])
    config.publish("app.yaml", nacre.Publish("a: 1", type="yaml"))
    eventually(lambda: told[-1] == "a: 1")
    value = config.get("app.yaml")
    assert value is not None
    assert (value.content, value.type, value.source) == ("a: 1", "yaml", nacre.ConfigSource.SERVER)
    with pytest.raises(nacre.ConflictError) as conflict:
        config.publish_cas("app.yaml", "a: 2", "0" * 32)
    assert conflict.value.kind is nacre.ErrorKind.CONFLICT
    config.publish_cas("app.yaml", "a: 2", value.md5, timeout=LIMIT)
    read, listening = config.get_and_listen("app.yaml")
    assert read is not None
    assert read.content == "a: 2"
    config.remove("app.yaml")
    assert listening.get(LIMIT).value is None
    eventually(lambda: told[-1] is None)
    assert config.get("app.yaml") is None
    watch.close()
    listening.close()


def test_iterating_ends_with_the_client(options: nacre.Options) -> None:
    client = nacre.Client.connect(options)
    ended: list[str] = []

    def follow(watch: Any) -> None:
        for _ in watch:
            ended.append("value")
        ended.append("end")

    threads = [
        threading.Thread(target=follow, args=(watch,)) for watch in (client.config.watch("x"), client.naming.watch("x"))
    ]
    for thread in threads:
        thread.start()
    eventually(lambda: ended.count("value") == 2)
    client.close()
    for thread in threads:
        thread.join(LIMIT)
    assert ended.count("end") == 2


def test_a_listener_that_raises_is_called_again(client: nacre.Client, caplog: pytest.LogCaptureFixture) -> None:
    for watch in (client.config.watch, client.naming.watch):
        calls: list[Any] = []

        def listener(event: Any, calls: list[Any] = calls) -> None:
            calls.append(event)
            if len(calls) == 1:
                raise ValueError("on purpose")

        with watch("x", listener):
            eventually(lambda calls=calls: len(calls) == 2)  # type: ignore[misc]
    assert "called again later" in caplog.text


def test_a_slow_listener_skips_values_but_not_the_last(client: nacre.Client) -> None:
    told: list[Any] = []
    entered, go_on = threading.Event(), threading.Event()

    def slow(event: nacre.ConfigEvent) -> None:
        told.append(event.content)
        entered.set()
        go_on.wait(LIMIT)

    client.config.watch("x", slow)
    assert entered.wait(LIMIT)
    others: list[Any] = []
    client.config.watch("x", lambda event: others.append(event.content))
    for number in range(20):
        client.config.publish("x", str(number))
    eventually(lambda: others[-1:] == ["19"], "a slow listener keeps nobody else waiting")
    assert len(told) == 1
    go_on.set()
    eventually(lambda: told[-1] == "19")
    assert len(told) < 20


def test_blocking_calls_inside_a_listener_work(client: nacre.Client) -> None:
    read: list[Any] = []
    client.config.watch("x", lambda event: read.append(client.config.get("x")))
    eventually(lambda: read == [None])


def test_use_after_close_and_closing_twice(options: nacre.Options) -> None:
    client = nacre.Client.connect(options)
    naming, config = client.naming, client.config
    told: list[Any] = []
    config.watch("x", told.append)
    eventually(lambda: len(told) == 1)
    client.close()
    client.close()
    assert client.is_closed
    assert client.status.state is nacre.State.CLOSED
    assert client.servers == []
    calls: list[Any] = [
        lambda: naming.register("x", ONE),
        lambda: naming.instances("x"),
        lambda: naming.watch("x"),
        lambda: naming.select_one("x", balancer=nacre.balancers.round_robin),
        lambda: config.get("x"),
        lambda: config.watch("x"),
        lambda: client.ready(1),
    ]
    for call in calls:
        with pytest.raises(nacre.ClientClosedError):
            call()
    client.reopen()
    client.ready(LIMIT)
    config.publish("x", "again")
    assert len(told) == 1
    client.close()


def test_closing_while_calls_run_ends_them_all(options: nacre.Options) -> None:
    client = nacre.Client.connect(options)
    outcomes: list[str] = []

    def work() -> None:
        while True:
            try:
                client.config.get("x")
            except nacre.ClientClosedError:
                outcomes.append("closed")
                return

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    client.close()
    for thread in threads:
        thread.join(LIMIT)
    assert outcomes == ["closed"] * 8


def test_closing_deregisters(options: nacre.Options, client: nacre.Client) -> None:
    with nacre.Client.connect(options) as other:
        other.naming.register("orders", ONE)
        eventually(lambda: client.naming.instances("orders"))
    eventually(lambda: not client.naming.instances("orders"))


def test_a_server_that_goes_and_comes_back(scope: Scope) -> None:
    server = scope.server()
    with nacre.Client.connect(nacre.Options(server=server.address, request_timeout=LIMIT)) as client:
        client.naming.register("orders", ONE)
        events: list[nacre.EventType] = []
        client.watch_events(lambda event: events.append(event.type))
        server.kill()
        eventually(lambda: nacre.EventType.DISCONNECTED in events)
        server.up()
        eventually(lambda: nacre.EventType.CONNECTED in events)
        client.config.publish("x", "y")
        eventually(lambda: client.naming.instances("orders", direct=True))


def test_without_a_server_the_snapshot_is_served(scope: Scope) -> None:
    server = scope.server()
    options = nacre.Options(server=server.address, directory=scope.directory, request_timeout=LIMIT)
    with nacre.Client.connect(options) as client:
        client.config.publish("x", "kept")
        client.config.get("x")
        eventually(lambda: any(path.is_file() for path in scope.directory.rglob("x")))
    server.stop()
    impatient = nacre.Options(server=server.address, directory=scope.directory, request_timeout=0.5)
    with nacre.Client(impatient) as client:
        value = client.config.get("x")
        assert value is not None
        assert (value.content, value.source) == ("kept", nacre.ConfigSource.SNAPSHOT)
        with pytest.raises(nacre.UnreachableError) as unreachable:
            client.ready(0.1)
        assert unreachable.value.retryable
        with pytest.raises(nacre.UnreachableError):
            nacre.Client.connect(nacre.Options(server=server.address, request_timeout=0.2))


def test_filters_change_contents_above_md5_and_files(client: nacre.Client) -> None:
    class Reverse(nacre.ConfigFilter):
        name = "reverse"

        def applies(self, key: nacre.ConfigKey) -> bool:
            return key.data_id.startswith("cipher-")

        def publish(self, key: nacre.ConfigKey, outgoing: nacre.Publish) -> nacre.Publish:
            return nacre.Publish(outgoing.content[::-1])

        def receive(self, key: nacre.ConfigKey, content: str, raw: nacre.ConfigValue) -> str:
            if content == "lliw ti":
                raise ValueError("cannot be read")
            return content[::-1]

    config = client.config
    config.add_filter(Reverse())
    config.publish("cipher-x", "abc")
    config.publish("plain", "abc")
    values = [config.get("cipher-x"), config.get("cipher-x", raw=True), config.get("plain", raw=True)]
    assert [value.content for value in values if value] == ["abc", "cba", "abc"]
    told: list[Any] = []
    config.watch("cipher-x", lambda event: told.append(event.content))
    eventually(lambda: told == ["abc"])
    config.publish("cipher-x", "it will")
    with pytest.raises(nacre.InternalError, match="cannot be read"):
        config.get("cipher-x")
    config.publish("cipher-x", "next")
    eventually(lambda: told == ["abc", "next"])


def test_a_panic_becomes_an_error(client: nacre.Client) -> None:
    with pytest.raises(nacre.InternalError) as caught:
        client._opened().run(Operation(127, b"", bytes))
    if "asked for by a test" not in caught.value.reason:
        pytest.skip("the native library was built without its feature for tests")
    assert client.config.get("x") is None
    with pytest.raises(nacre.InternalError):
        client._opened().run(Operation(9999, b"", bytes))


def test_many_calls_need_bounded_memory(client: nacre.Client) -> None:
    client.config.publish("x", "y" * 1000)

    def calls(count: int) -> None:
        for _ in range(count):
            client.config.get("x")

    def work(count: int) -> None:
        threads = [threading.Thread(target=calls, args=(count // 4,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    work(4_000)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work(100_000 if LONG else 12_000)
    # A kept answer would be some 2 KB per call.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 12_000
    process = _process.current()
    eventually(lambda: process.native.counts()[2] == 0 and not process.calls)


def test_a_client_that_nobody_holds_is_closed(options: nacre.Options) -> None:
    native = _process.current().native

    def forget() -> None:
        client = nacre.Client(options)
        client.config.watch("x")
        client.naming.watch("x")

    gc.collect()
    before = native.counts()
    with pytest.warns(ResourceWarning, match="unclosed client"):  # noqa: PT031
        forget()
        gc.collect()
    # What others left may end meanwhile.
    eventually(lambda: all(now <= then for now, then in zip(native.counts(), before)))


def test_what_is_registered_or_listened_to_keeps_its_client(options: nacre.Options, client: nacre.Client) -> None:
    told: list[Any] = []

    def forget() -> None:
        one, two = nacre.Client(options), nacre.Client(options)
        one.naming.register("kept", ONE)
        two.config.watch("x", lambda event: told.append(event.content))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        forget()
        gc.collect()
    client.config.publish("x", "y")
    eventually(lambda: told[-1:] == ["y"])
    assert client.naming.instances("kept", direct=True)


def test_lines_of_the_engine_reach_logging(options: nacre.Options, caplog: pytest.LogCaptureFixture) -> None:
    process = _process.current()
    with caplog.at_level(logging.DEBUG, logger="nacre.engine"):
        process._level_checked = 0
        process.native.wake()
        eventually(lambda: process._level == 4)
        with nacre.Client.connect(options):
            eventually(lambda: any(record.name.startswith("nacre.engine.") for record in caplog.records))
    logger = logging.getLogger("nacre.engine")
    logger.setLevel(logging.CRITICAL + 1)
    try:
        process._level_checked = 0
        process.native.wake()
        eventually(lambda: process._level == 0)
    finally:
        logger.setLevel(logging.NOTSET)


def test_batches_maintenance_and_lists(client: nacre.Client) -> None:
    naming = client.naming
    naming.register_batch("batch", [ONE, TWO])
    eventually(lambda: len(naming.instances("batch")) == 2)
    naming.deregister_batch("batch", [TWO])
    eventually(lambda: [one.ip for one in naming.instances("batch")] == [ONE.ip])
    eventually(lambda: naming.all_services() == ["batch"])
    page = naming.services(page=1, size=10)
    assert (page.count, page.names) == (1, ["batch"])
    assert naming.is_server_up()
    settings = nacre.ServiceSettings(protect_threshold=0.5, metadata={"a": "b"})
    naming.maintenance.create_service("made", settings)
    detail = naming.maintenance.service("made")
    assert (detail.service, detail.protect_threshold, detail.metadata) == (nacre.ServiceKey("made"), 0.5, {"a": "b"})
    naming.maintenance.delete_service("made")
    with pytest.raises(nacre.InvalidParameterError):
        naming.register_batch("batch", [nacre.Instance("10.0.0.3", 1, ephemeral=False)])
    with pytest.raises(TypeError):
        naming.register("x", "10.0.0.1:80")  # type: ignore[arg-type]
