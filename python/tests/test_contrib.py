"""Helpers for frameworks, and the example that uses them."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from harness import LIMIT, ROOT, Scope, Server, eventually

import nacre
from nacre import balancers


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{self.path} {self.headers['host']}".encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def upstream() -> Any:
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def test_httpx_resolves_names_of_services(client: nacre.Client, upstream: int) -> None:
    httpx = pytest.importorskip("httpx")
    from nacre.contrib.httpx import RegistryTransport

    client.naming.register("orders", nacre.Instance("127.0.0.1", upstream))
    client.naming.register("orders", nacre.Instance("127.0.0.1", upstream), group="shop")
    with httpx.Client(transport=RegistryTransport(client, groups=["shop"])) as http:
        assert http.get("http://orders/x").text == f"/x 127.0.0.1:{upstream}"
        assert http.get("http://orders.shop/y").text == f"/y 127.0.0.1:{upstream}"
        assert http.get(f"http://localhost:{upstream}/z").text == f"/z localhost:{upstream}"
        with pytest.raises(httpx.ConnectError, match="no healthy instance"):
            http.get("http://nobody/")
    with pytest.raises(nacre.InvalidParameterError):
        RegistryTransport(client, attempts=0)


def test_httpx_tries_another_instance(options: nacre.Options, upstream: int) -> None:
    httpx = pytest.importorskip("httpx")
    from nacre.contrib.httpx import AsyncRegistryTransport

    async def work() -> None:
        async with await nacre.AsyncClient.connect(options) as client:
            both = [nacre.Instance("127.0.0.1", port) for port in (upstream, free_port())]
            await client.naming.register_batch("orders", both)
            transport = AsyncRegistryTransport(client, balancer=balancers.round_robin)
            async with httpx.AsyncClient(transport=transport) as http:
                for _ in range(6):
                    assert (await http.get("http://orders/x")).status_code == 200
            once = AsyncRegistryTransport(client, balancer=balancers.round_robin, attempts=1)
            async with httpx.AsyncClient(transport=once) as http:
                outcomes = [await _status(httpx, http) for _ in range(4)]
                assert sorted(outcomes) == [0, 0, 200, 200]

    asyncio.run(asyncio.wait_for(work(), LIMIT))


async def _status(httpx: Any, http: Any) -> int:
    try:
        return int((await http.get("http://orders/x")).status_code)
    except httpx.ConnectError:
        return 0


def test_an_application_is_registered_while_it_runs(options: nacre.Options, client: nacre.Client) -> None:
    pytest.importorskip("starlette")
    from starlette.applications import Starlette

    from nacre.contrib.starlette import lifespan

    @asynccontextmanager
    async def inner(app: Any) -> AsyncIterator[dict[str, Any]]:
        assert app.state.nacre is not None
        yield {"own": 7}

    async def work() -> None:
        app = Starlette(lifespan=lifespan("web", port=8080, options=options, metadata={"v": "1"}, inner=inner))
        async with app.router.lifespan_context(app) as state:
            assert state is not None
            assert state["own"] == 7
            assert isinstance(state["nacre"], nacre.AsyncClient)
            found = await asyncio.to_thread(client.naming.instances, "web", direct=True)
            assert [(one.ip, one.port, one.metadata) for one in found] == [("127.0.0.1", 8080, {"v": "1"})]
        assert not await asyncio.to_thread(client.naming.instances, "web", direct=True)

    asyncio.run(asyncio.wait_for(work(), LIMIT))


def test_an_application_starts_without_a_registry(scope: Scope) -> None:
    pytest.importorskip("starlette")
    from nacre.contrib.starlette import lifespan

    server = scope.server(start=False)
    options = nacre.Options(server=server.address, request_timeout=0.3)

    async def work() -> None:
        async with lifespan("web", ip="10.0.0.1", port=1, options=options)(_App()) as state:
            assert state["nacre"].status.state is not nacre.State.CONNECTED
            await asyncio.to_thread(server.up)
            with nacre.Client(server.address) as client:
                await asyncio.to_thread(eventually, lambda: client.naming.instances("web", direct=True))

    asyncio.run(asyncio.wait_for(work(), 3 * LIMIT))


class _App:
    class state:
        nacre: Any = None


def test_settings_follow_a_config(client: nacre.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    pydantic_settings = pytest.importorskip("pydantic_settings")
    from nacre.contrib.settings import ConfigSettingsSource, ReloadingSettings

    class Settings(pydantic_settings.BaseSettings):  # type: ignore[misc, name-defined]
        greeting: str = "hi"
        limit: int = 1
        user_name: str = ""

    monkeypatch.setenv("USER_NAME", "from the environment")
    settings: Any = ReloadingSettings(Settings, client, "app.json")
    assert (settings.current.greeting, settings.current.limit) == ("hi", 1)
    told: list[Any] = []
    settings.on_change(told.append)
    client.config.publish("app.json", json.dumps({"greeting": "hello", "limit": 2, "user_name": "other"}))
    eventually(lambda: settings.current.greeting == "hello")
    assert (settings.current.limit, settings.current.user_name) == (2, "from the environment")
    eventually(lambda: told and told[-1].greeting == "hello")
    client.config.publish("app.json", "{")
    client.config.publish("app.json", '{"limit": "many"}')
    client.config.publish("app.json", '{"limit": 3}')
    eventually(lambda: settings.current.limit == 3)
    assert settings.current.greeting == "hi"
    settings.close()

    class Direct(Settings):
        @classmethod
        def settings_customise_sources(cls, settings_cls: Any, **given: Any) -> Any:
            return given["init_settings"], ConfigSettingsSource(settings_cls, client, "app.properties")

    client.config.publish("app.properties", "# no\nlimit = 9\n")
    assert Direct().limit == 9
    assert Direct(limit=1).limit == 1


@pytest.mark.parametrize(
    ("format", "content", "expected"),
    [
        ("json", '{"a": 1}', {"a": 1}),
        ("properties", "a = 1\n# b\n! c\n\nd=e=f", {"a": "1", "d": "e=f"}),
        ("json", "null", {}),
        ("json", "[]", None),
        ("html", "a", None),
    ],
)
def test_formats_of_settings(format: str, content: str, expected: Any) -> None:
    pytest.importorskip("pydantic_settings")
    from nacre.contrib.settings import parse

    if expected is None:
        with pytest.raises(ValueError, match="settings"):
            parse(content, format)
    else:
        assert parse(content, format) == expected


def test_the_fastapi_example(scope: Scope) -> None:
    pytest.importorskip("fastapi")
    server: Server = scope.server()
    program = ROOT / "examples" / "python-fastapi" / "main.py"
    ports = {name: free_port() for name in ("orders", "stock")}
    running = [
        subprocess.Popen([sys.executable, str(program), name, str(port), server.address])
        for name, port in ports.items()
    ]

    def ask(name: str, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{ports[name]}{path}", timeout=5) as answer:
            return str(json.loads(answer.read()))

    try:
        eventually(lambda: ask("orders", "/ask/stock") == "orders heard: hi from stock", limit=2 * LIMIT)
        eventually(lambda: ask("stock", "/ask/orders") == "stock heard: hi from orders")
        with nacre.Client.connect(server.address) as client:
            client.config.publish("greeting.json", '{"greeting": "hello"}')
            eventually(lambda: ask("orders", "/ask/stock") == "orders heard: hello from stock")
            server.kill()
            assert ask("orders", "/ask/stock") == "orders heard: hello from stock"
            server.up()
            eventually(lambda: client.naming.instances("stock", direct=True))
            client.config.publish("greeting.json", '{"greeting": "again"}')
            eventually(lambda: ask("orders", "/ask/stock") == "orders heard: again from stock")
            for process in running:
                process.terminate()
            eventually(lambda: not client.naming.instances("stock", direct=True))
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(LIMIT)
