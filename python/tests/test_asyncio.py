"""The client for asyncio against a server."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import time
from collections.abc import Coroutine
from typing import Any, Callable

import pytest
from harness import LIMIT, Scope

import nacre
from nacre import _process

LONG = bool(os.environ.get("NACRE_TEST_LONG"))
ONE = nacre.Instance("10.0.0.1", 8080)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Runs a test's coroutine, with a limit."""
    return asyncio.run(asyncio.wait_for(work, 3 * LIMIT))


async def holds(check: Callable[[], Any]) -> None:
    """Waits for a condition without blocking the loop."""
    deadline = time.monotonic() + LIMIT
    while not check():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def test_services_are_registered_found_and_followed(options: nacre.Options) -> None:
    async def work() -> None:
        async with await nacre.AsyncClient.connect(options) as client:
            naming = client.naming
            await naming.register("orders", ONE)
            async with naming.watch("orders") as watch:
                await watch.established()
                async for change in watch:
                    if change.instances:
                        assert [one.address for one in change.added] == [ONE.address]
                        break
                assert (await naming.instances("orders"))[0].ip == ONE.ip
                chosen = await naming.select_one("orders", balancer=nacre.balancers.round_robin)
                assert chosen is not None
                await naming.deregister("orders", ONE)
                assert (await watch.get()).removed

    run(work())


def test_listeners_are_functions_or_coroutine_functions(options: nacre.Options) -> None:
    async def work() -> None:
        async with await nacre.AsyncClient.connect(options) as client:
            told: list[Any] = []
            loop = asyncio.get_running_loop()

            async def slowly(event: nacre.ConfigEvent) -> None:
                assert asyncio.get_running_loop() is loop
                await asyncio.sleep(0.02)
                told.append(event.content)

            plain: list[Any] = []
            client.config.watch("x", slowly)
            watch = client.config.watch("x", lambda event: plain.append(event.content))
            for number in range(10):
                await client.config.publish("x", str(number))
            await holds(lambda: told[-1:] == ["9"] and plain[-1:] == ["9"])
            watch.close()
            value, listening = await client.config.get_and_listen("x")
            assert value is not None
            await client.config.remove("x")
            assert (await listening.get()).value is None
            await holds(lambda: told[-1] is None)
            assert plain[-1] == "9"

    run(work())


def test_a_listener_that_raises_is_called_again(options: nacre.Options) -> None:
    async def work() -> None:
        async with await nacre.AsyncClient.connect(options) as client:
            calls: list[Any] = []

            async def listener(event: Any) -> None:
                calls.append(event)
                if len(calls) in (1, 3):
                    raise ValueError("on purpose")

            client.config.watch("x", listener)
            await holds(lambda: len(calls) == 2)
            client.naming.watch("x", listener)
            await holds(lambda: len(calls) == 4)

    run(work())


def test_cancelling_a_task_cancels_the_call(scope: Scope) -> None:
    stub = scope.ask("stub.start", {"name": "stub"})["address"]
    scope.ask("stub.reply", {"name": "stub", "type": "ConfigQueryRequest", "replies": [{"silent": True}]})

    async def work() -> None:
        options = nacre.Options(server=stub, request_timeout=3 * LIMIT)
        async with await nacre.AsyncClient.connect(options) as client:
            native = _process.current().native
            await holds(lambda: native.counts()[2] == 0)
            task = asyncio.ensure_future(client.config.get("x"))
            await holds(lambda: native.counts()[2] == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await holds(lambda: native.counts()[2] == 0)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.config.get("x"), 0.05)
            await holds(lambda: native.counts()[2] == 0)
            with pytest.raises(nacre.RequestTimeoutError):
                await client.config.get("x", timeout=0.05)

    run(work())


def test_closing_while_calls_run_ends_them_all(options: nacre.Options) -> None:
    async def work() -> None:
        client = await nacre.AsyncClient.connect(options)
        calls = [asyncio.ensure_future(client.config.get("x")) for _ in range(200)]
        await asyncio.sleep(0)
        await client.close()
        await client.close()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert all(outcome is None or isinstance(outcome, nacre.ClientClosedError) for outcome in outcomes)
        with pytest.raises(nacre.ClientClosedError):
            await client.config.get("x")
        with pytest.raises(nacre.ClientClosedError):
            client.naming.watch("x")

    run(work())


def test_a_client_works_on_several_loops_and_outlives_them(options: nacre.Options) -> None:
    client: list[nacre.AsyncClient] = []

    async def first() -> None:
        client.append(await nacre.AsyncClient.connect(options))
        client[0].config.watch("x", lambda event: None)
        asyncio.ensure_future(client[0].config.get("x"))  # noqa: RUF006

    async def second() -> None:
        # Its first loop is closed, with a watch and perhaps a call on it.
        for number in range(5):
            await client[0].config.publish("x", str(number))
        value = await client[0].config.get("x")
        assert value is not None
        assert value.content == "4"
        await client[0].close()

    run(first())
    run(second())


def test_many_calls_need_bounded_memory(options: nacre.Options) -> None:
    async def calls(client: nacre.AsyncClient, count: int) -> None:
        limit = asyncio.Semaphore(256)

        async def call() -> None:
            async with limit:
                await client.config.get("x")

        for _ in range(count // 1_000):
            await asyncio.gather(*(call() for _ in range(1_000)))

    async def work() -> None:
        async with await nacre.AsyncClient.connect(options) as client:
            await client.config.publish("x", "y" * 1000)
            await calls(client, 4_000)
            gc.collect()
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            await calls(client, 100_000 if LONG else 12_000)
            assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 12_000

    run(work())


def test_the_loop_is_not_blocked(options: nacre.Options, monkeypatch: pytest.MonkeyPatch) -> None:
    """No step of the loop needs 5 ms of its thread's time, whatever the machine does beside it."""
    longest = [0.0]
    original = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        begun = time.thread_time()
        original(handle)
        longest[0] = max(longest[0], time.thread_time() - begun)

    async def work() -> None:
        async with await nacre.AsyncClient.connect(options) as client:
            many = [nacre.Instance("10.0.0.1", port, metadata={"zone": "a"}) for port in range(1, 201)]
            await client.naming.register_batch("many", many)
            lists: list[int] = []
            client.naming.watch("many", lambda change: lists.append(len(change.instances)))
            await holds(lambda: lists[-1:] == [200])
            await client.config.publish("x", "y" * 100_000)
            gc.collect()
            gc.disable()
            # The step that has collected ends first.
            await asyncio.sleep(0.01)
            longest[0] = 0.0
            for _ in range(3):
                await asyncio.gather(*(client.config.get("x") for _ in range(256)))
                await client.naming.instances("many", direct=True)
            gc.enable()

    monkeypatch.setattr(asyncio.Handle, "_run", timed)
    found = []
    for _ in range(3):
        run(work())
        found.append(longest[0])
        if found[-1] < 0.005:
            return
    raise AssertionError(f"a step took {[round(seconds * 1000, 1) for seconds in found]} ms")


def test_an_async_watch_that_nobody_holds_ends(options: nacre.Options) -> None:
    async def work() -> None:
        async with await nacre.AsyncClient.connect(options) as client:
            native = _process.current().native
            before = native.counts()[1]

            async def one() -> None:
                async for _ in client.naming.watch("x"):
                    break

            await one()
            gc.collect()
            await holds(lambda: native.counts()[1] <= before)

    run(work())


def test_locks_are_refused_by_this_server(options: nacre.Options) -> None:
    async def work() -> None:
        async with await nacre.AsyncClient.connect(options) as client:
            with pytest.raises(nacre.NacreError):
                await client.lock.acquire("key", lease=1)
            with pytest.raises(nacre.InvalidParameterError):
                await client.lock.acquire(" ")

    run(work())
    with nacre.Client.connect(options) as client, pytest.raises(nacre.NacreError):
        client.lock.release("key")
