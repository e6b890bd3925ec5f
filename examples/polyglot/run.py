"""Runs a service in each language and checks that they find and call each other, through changes and restarts.

    run.py --nacre BINARY --python "PYTHON" --node "NODE DIRECTORY" --java "CLASS PATH"

A language that is left out does not take part. `make polyglot` gives the parts that the checkout has built.
"""

import argparse
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

HERE = Path(__file__).resolve().parent
PATIENCE = 30.0


def main() -> None:
    """Starts, checks, stops."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nacre", type=Path, required=True, help="the server's binary")
    parser.add_argument("--python", help="an interpreter with nacre-client")
    parser.add_argument("--node", type=Path, help="a directory whose node_modules have nacre-client")
    parser.add_argument("--java", help="class path with the client and example.Service")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nacre-polyglot-") as home:
        run(arguments, Path(home))


def run(arguments: argparse.Namespace, home: Path) -> None:
    """The whole story."""
    server_port = free_port(with_grpc=True)
    address = f"127.0.0.1:{server_port}"
    server = start_server(arguments.nacre, home, server_port)
    commands = {}
    if arguments.python:
        commands["orders"] = [arguments.python, str(HERE / "python/service.py")]
    if arguments.node:
        # Node looks for packages beside the program.
        program = Path(shutil.copy(HERE / "node/service.mjs", arguments.node))
        commands["stock"] = ["node", str(program)]
    if arguments.java:
        commands["mail"] = ["java", "-cp", arguments.java, "example.Service"]
    ports = {name: free_port() for name in commands}
    services = {
        name: subprocess.Popen([*command, name, str(ports[name]), address]) for name, command in commands.items()
    }
    try:
        greet_each_other(ports, "hello")
        publish(address, "good morning")
        greet_each_other(ports, "good morning")

        server.kill()
        server.wait()
        publish_when_back = "good evening"
        greet_each_other(ports, "good morning")
        server = start_server(arguments.nacre, home, server_port)
        publish(address, publish_when_back)
        greet_each_other(ports, publish_when_back)

        name, leaving = next(iter(services.items()))
        leaving.terminate()
        assert leaving.wait(PATIENCE) is not None
        others = {other: port for other, port in ports.items() if other != name}
        for other in others:
            eventually(f"{other} no longer finds {name}", lambda other=other: get(ports[other], f"/ask/{name}")[0] == 503)
        greet_each_other(others, publish_when_back)
    finally:
        for process in [*services.values(), server]:
            process.terminate()
        for process in [*services.values(), server]:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
    print(f"polyglot: {len(commands)} services found each other, followed a setting and a restart of the server")


def greet_each_other(ports: dict[str, int], greeting: str) -> None:
    """Every service asks every service, itself too."""
    for asking, port in ports.items():
        for asked in ports:
            begin = f"{asking} heard: {greeting} from {asked} in "
            eventually(f"{begin}...", lambda: get(port, f"/ask/{asked}")[1].startswith(begin))


def eventually(what: str, holds) -> None:
    """Waits until it holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"polyglot: not within {PATIENCE:.0f} s: {what}")
        time.sleep(0.05)


def get(port: int, path: str) -> tuple[int, str]:
    """Status and text; 0 when nobody answers."""
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except URLError as error:
        return getattr(error, "code", 0), str(error)
    except OSError as error:
        return 0, str(error)


def publish(address: str, content: str) -> None:
    """Changes the setting, as an operator would."""
    form = urlencode({"dataId": "greeting.txt", "group": "DEFAULT_GROUP", "content": content}).encode()
    with urlopen(f"http://{address}/nacos/v1/cs/configs", data=form, timeout=10) as answer:
        assert answer.read() == b"true"


def start_server(binary: Path, home: Path, port: int) -> subprocess.Popen:
    """A server that is ready."""
    command = [str(binary), "server", "--data-dir", str(home / "data"), "--bind", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen([*command, "--set", "auth.enabled=false"], stderr=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    line = server.stdout.readline()
    assert line.startswith("nacre ready"), line
    return server


def free_port(with_grpc: bool = False) -> int:
    """A port that nobody listens on, below those that the system gives to connections."""
    begin = 12_000 + os.getpid() % 8_000
    for port in range(begin, begin + 2_000):
        if port in TAKEN:
            continue
        wanted = [port, port + 1000] if with_grpc else [port]
        sockets = [socket.socket() for _ in wanted]
        try:
            for one, number in zip(sockets, wanted):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                one.bind(("127.0.0.1", number))
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
        TAKEN.update(wanted)
        return port
    raise SystemExit("polyglot: no free port")


TAKEN: set[int] = set()

if __name__ == "__main__":
    main()
