"""Processes: they end by themselves, are forked, interrupted, and load the right library."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any, Callable

import pytest
from harness import LIMIT, ROOT, Scope, Server, eventually

import nacre
from nacre import _process

ONE = nacre.Instance("10.0.0.1", 8080)
ENDINGS = {
    "calls": "client.config.get('x')",
    "a subscription": "client.config.watch('x', print); client.naming.watch('y', print)",
    "a registration": "client.naming.register('y', nacre.Instance('10.0.0.1', 1))",
    "a busy listener": "import time; client.config.watch('x', lambda event: time.sleep(60)); time.sleep(0.1)",
    "a thread that waits": """
        import threading
        threading.Thread(target=lambda: next(client.config.listen('x', '')), daemon=True).start()""",
    "calls that run": """
        import threading
        def work():
            try:
                while True:
                    client.config.get('x')
            except nacre.ClientClosedError:
                pass
        for _ in range(4):
            threading.Thread(target=work, daemon=True).start()""",
    "an exception": "raise SystemExit(0)",
    "a client in a module": "import builtins; builtins.kept = client",
}


def program(text: str, *arguments: str, **kwargs: Any) -> subprocess.Popen[str]:
    """A Python process that runs this."""
    return subprocess.Popen(
        [
            sys.executable,
            "-X",
            "faulthandler",
            "-W",
            "ignore::ResourceWarning",
            "-c",
            textwrap.dedent(text),
            *arguments,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **kwargs,
    )


def ended(process: subprocess.Popen[str], limit: float = LIMIT) -> str:
    """Its output, once it has ended well."""
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        raise AssertionError(f"it has not ended: {output}") from None
    assert process.returncode == 0, output
    return output


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_process_ends_with_clients_open(ending: str, server: Server) -> None:
    text = "import nacre, sys\nclient = nacre.Client.connect(sys.argv[1])\n" + textwrap.dedent(ENDINGS[ending])
    rounds = 20 if ending == "a subscription" else 3
    for _ in range(0, rounds, 2):
        pair = [program(text, server.address) for _ in range(2)]
        for process in pair:
            assert "Error" not in ended(process).replace("KeyboardInterrupt", "")


def test_a_process_with_a_loop_ends(server: Server) -> None:
    text = """
        import asyncio, nacre, sys
        async def main():
            client = await nacre.AsyncClient.connect(sys.argv[1])
            client.config.watch('x', print)
            asyncio.ensure_future(client.config.get('x'))
            await client.naming.register('y', nacre.Instance('10.0.0.1', 1))
        asyncio.run(main())
    """
    for _ in range(3):
        assert "Error" not in ended(program(text, server.address))


def test_what_a_process_registered_goes_with_it(server: Server, options: nacre.Options, client: nacre.Client) -> None:
    text = """
        import nacre, sys
        client = nacre.Client.connect(nacre.Options(server=sys.argv[1], namespace=sys.argv[2]))
        client.naming.register('y', nacre.Instance('10.0.0.1', 1))
        print('registered', flush=True)
        sys.stdin.read()
    """
    process = program(text, server.address, options.namespace, stdin=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == "registered\n"
    assert client.naming.instances("y", direct=True)
    ended(process)
    eventually(lambda: not client.naming.instances("y", direct=True))


@pytest.mark.parametrize(
    "wait",
    [
        "client.config.get('x')",
        "client.ready(120)",
        "next(client.config.watch('x'))",
    ],
)
def test_ctrl_c_ends_a_blocking_call(wait: str, scope: Scope) -> None:
    address = scope.server(start=False).address
    text = f"""
        import nacre, signal, sys, threading, time
        from nacre import _process
        begun = []
        def tell():
            main = threading.main_thread().ident
            while not begun or sys._current_frames()[main].f_code.co_name != 'wait':
                time.sleep(0.01)
            print('waiting', flush=True)
        # Who was started in the background ignores the signal.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        client = nacre.Client(nacre.Options(server=sys.argv[1], request_timeout=120))
        native = _process.current().native
        before = native.counts()[2]
        threading.Thread(target=tell, daemon=True).start()
        begun.append(True)
        try:
            {wait}
        except KeyboardInterrupt:
            print('interrupted', native.counts()[2] == before)
    """
    process = program(text, address)
    assert process.stdout
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    assert "interrupted True" in ended(process)


def in_child(work: Callable[[], Any], limit: float = LIMIT) -> str:
    """Runs this in a fork of this process and gives what it returned, as text."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        text = "nothing"
        try:
            text = str(work())
        except BaseException as error:
            text = f"{type(error).__name__}: {error}"
        finally:
            os.write(writer, text.encode())
            os._exit(0)
    os.close(writer)
    chunks: list[bytes] = []

    def read() -> None:
        with os.fdopen(reader, "rb") as pipe:
            chunks.append(pipe.read())

    thread = threading.Thread(target=read)
    thread.start()
    thread.join(limit)
    if thread.is_alive():
        os.kill(pid, signal.SIGKILL)
    thread.join()
    os.waitpid(pid, 0)
    return chunks[0].decode() or "it hung"


def test_a_blocking_client_opens_anew_in_a_child(client: nacre.Client) -> None:
    told: list[Any] = []
    client.naming.register("parents", ONE)
    watch = client.config.watch("x", lambda event: told.append((os.getpid(), event.content)))
    client.config.publish("x", "before")
    follow = client.config.watch("x")
    eventually(lambda: told[-1:] == [(os.getpid(), "before")])

    def work() -> Any:
        if client.naming.subscribed():
            return "the child follows what the parent followed"
        value = client.config.get("x")
        client.config.publish("x", "from the child")
        client.naming.register("childs", ONE)
        own: list[Any] = []
        client.config.watch("x", lambda event: own.append(event.content))
        eventually(lambda: own == ["from the child"])
        watch.close()
        try:
            follow.get(1)
        except nacre.ForkedProcessError:
            client.close()
            return f"{value and value.content} {len(told)}"
        return "a watch of the parent works in the child"

    before = len(told)
    for _ in range(3):
        client.config.publish("x", "before")
        eventually(lambda: told[-1:] == [(os.getpid(), "before")])
        before = len(told)
        assert in_child(work) == f"before {before}"
        eventually(lambda: told[-1:] == [(os.getpid(), "from the child")])
    assert all(pid == os.getpid() for pid, _ in told)
    assert [one.ip for one in client.naming.instances("parents", direct=True)] == [ONE.ip]
    eventually(lambda: not client.naming.instances("childs", direct=True))
    assert not watch.is_closed


def test_forks_while_calls_run(client: nacre.Client) -> None:
    stop = threading.Event()
    failures: list[Exception] = []

    def work() -> None:
        while not stop.is_set():
            try:
                client.config.get("x")
                client.naming.instances("y", direct=True)
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(10):

            def child(number: int = number) -> Any:
                client.config.publish(f"x{number}", "y")
                return client.config.get(f"x{number}") is not None

            assert in_child(child) == "True"
    finally:
        stop.set()
        for thread in threads:
            thread.join(LIMIT)
    assert not failures


def test_threads_of_a_child_share_one_connection(client: nacre.Client) -> None:
    def child() -> Any:
        together = threading.Barrier(8)

        def work() -> None:
            together.wait()
            client.config.get("x")

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return _process.current().native.counts()[0]

    assert in_child(child) == "1"


def test_a_child_of_a_child(client: nacre.Client) -> None:
    def child() -> Any:
        client.config.publish("x", "child")
        return in_child(lambda: client.config.get("x") is not None)

    assert in_child(child) == "True"


def test_an_asyncio_client_is_refused_in_a_child(options: nacre.Options) -> None:
    async def work() -> None:
        async with await nacre.AsyncClient.connect(options) as client:
            watch = client.config.watch("x")

            def child() -> Any:
                async def use() -> Any:
                    refused = 0
                    for call in (lambda: client.config.get("x"), lambda: client.naming.instances("y"), watch.get):
                        try:
                            await call()
                        except nacre.ForkedProcessError:
                            refused += 1
                    try:
                        _ = client.status
                    except nacre.ForkedProcessError:
                        refused += 1
                    await client.close()
                    async with await nacre.AsyncClient.connect(options) as own:
                        await own.config.publish("x", "from the child")
                    return refused

                asyncio._set_running_loop(None)
                return asyncio.new_event_loop().run_until_complete(use())

            assert in_child(child) == "4"
            event = await asyncio.wait_for(watch.get(), LIMIT)
            while event.content is None:
                event = await asyncio.wait_for(watch.get(), LIMIT)
            assert event.content == "from the child"

    asyncio.run(work())


def _read(address: str) -> str:
    with nacre.Client.connect(address) as client:
        value = client.config.get("multiprocessing")
        return value.content if value else ""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing(method: str, server: Server) -> None:
    with nacre.Client.connect(server.address) as client:
        client.config.publish("multiprocessing", "works")
        context: Any = multiprocessing.get_context(method)
        with context.Pool(2) as pool:
            assert pool.map_async(_read, [server.address] * 4).get(3 * LIMIT) == ["works"] * 4


def test_gunicorn_with_preload(server: Server, tmp_path: Path) -> None:
    pytest.importorskip("gunicorn")
    (tmp_path / "app.py").write_text(
        textwrap.dedent(f"""
        import nacre, os
        client = nacre.Client.connect({server.address!r})
        client.config.publish("gunicorn", "served")
        def app(environ, start_response):
            value = client.config.get("gunicorn")
            start_response("200 OK", [("content-type", "text/plain")])
            return [f"{{os.getpid()}} {{value.content}}".encode()]
        """)
    )
    socket = tmp_path / "port"
    arguments = ["--preload", "--workers", "2", "--bind", "127.0.0.1:0", "--graceful-timeout", "5", "app:app"]
    with socket.open("w") as log:
        gunicorn = subprocess.Popen([sys.executable, "-m", "gunicorn", *arguments], cwd=tmp_path, stderr=log)
    try:

        def address() -> str:
            return socket.read_text().split("Listening at: ")[1].split()[0]

        eventually(lambda: socket.read_text().count("Booting worker") == 2 and address())
        seen: set[str] = set()

        def ask() -> bool:
            pid, word = urllib.request.urlopen(address(), timeout=LIMIT).read().decode().split()
            assert word == "served"
            seen.add(pid)
            return len(seen) == 2

        eventually(ask)
        assert str(gunicorn.pid) not in seen
    finally:
        gunicorn.terminate()
        begun = time.monotonic()
        gunicorn.wait(LIMIT)
        assert time.monotonic() - begun < LIMIT


def test_a_library_of_another_version_is_refused() -> None:
    text = """
        import nacre
        nacre._process.ENGINE = '9.9.9/1'
        try:
            nacre.Client()
        except ImportError as error:
            print(error)
    """
    output = ended(program(text))
    assert "9.9.9" in output
    assert "reinstall nacre-client" in output
    assert "_native" in output


def test_a_missing_library_is_named(tmp_path: Path) -> None:
    source = Path(nacre.__file__).parent
    (tmp_path / "nacre").mkdir()
    for file in source.rglob("*.py"):
        target = tmp_path / "nacre" / file.relative_to(source)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(file.read_bytes())
    text = """
        import sys
        sys.path.insert(0, sys.argv[1])
        try:
            import nacre
        except ImportError as error:
            print(error)
    """
    output = ended(program(text, str(tmp_path)))
    for word in (str(tmp_path / "nacre"), "nacre-client", "pip install", sys.platform):
        assert word in output


def test_without_rust_the_build_says_so_in_one_line(tmp_path: Path) -> None:
    backend = ROOT / "python" / "build_backend"
    (tmp_path / "maturin.py").write_text("")
    text = f"import sys; sys.path[:0] = [{str(backend)!r}, {str(tmp_path)!r}]; import backend; backend.build_wheel('.')"
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    process = subprocess.run([sys.executable, "-c", text], env=environment, capture_output=True, text=True, check=False)
    assert process.returncode != 0
    assert process.stderr.count("\n") == 1
    assert "Rust" in process.stderr
    assert "cargo" in process.stderr
