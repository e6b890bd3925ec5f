"""Runs the example with a server of its own and checks what README.md promises.

    check.py NACRE

`make example-spring` builds the applications first.
"""

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "polyglot"))
from run import free_port, start_server  # noqa: E402

PATIENCE = 60.0


def main() -> None:
    """Starts, checks, stops."""
    with tempfile.TemporaryDirectory(prefix="nacre-spring-") as home:
        port = free_port(with_grpc=True)
        processes = [start_server(Path(sys.argv[1]), Path(home), port)]
        try:
            story(f"127.0.0.1:{port}", Path(home), processes)
        finally:
            server, *applications = processes
            for process in applications:
                process.terminate()
            for process in applications:
                process.wait(PATIENCE)
            server.terminate()
            server.wait(PATIENCE)


def story(address: str, home: Path, processes: list) -> None:
    """What README.md tells."""

    def start(name: str, *more: str) -> subprocess.Popen:
        jar = HERE / name / "target" / f"spring-boot-{name}-0.1.0.jar"
        command = ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-jar", jar, *more]
        command += [f"--spring.cloud.nacos.server-addr={address}", f"--nacre.client.directory={home / 'client'}"]
        command += ["--spring.cloud.nacos.discovery.graceful-shutdown-wait-time=1000"]
        command += ["--spring.cloud.nacos.discovery.ip=127.0.0.1", "--spring.main.banner-mode=off"]
        process = subprocess.Popen(command)
        processes.append(process)
        return process

    consumer, gateway = free_port(), free_port()
    leaving = start("provider")
    start("provider")
    start("consumer", f"--server.port={consumer}")
    start("gateway", f"--server.port={gateway}")

    ways = [f"{consumer}/rest", f"{consumer}/feign", f"{gateway}/provider/greet"]
    for way in ways:
        both = set()
        eventually(f"{way} reaches both", lambda way=way, both=both: both.add(get(f"{way}/Ada")) or len(both) == 2)
        assert all(answer.startswith("hello Ada from ") for answer in both), both

    publish(address, "greeting: good morning")
    for way in ways:
        eventually(f"{way} has the change", lambda way=way: get(f"{way}/Ada").startswith("good morning Ada"))

    failures, done = [], threading.Event()
    caller = threading.Thread(target=call_on, args=(ways, failures, done))
    caller.start()
    leaving.terminate()
    leaving.wait(PATIENCE)
    eventually("one provider is left", lambda: get(f"{consumer}/providers") == "1")
    done.set()
    caller.join()
    assert not failures, failures
    print("spring-boot example: all well")


def call_on(ways: list, failures: list, done: threading.Event) -> None:
    """Calls again and again, and keeps what failed."""
    while not done.is_set():
        for way in ways:
            try:
                get(f"{way}/Ada")
            except (URLError, OSError) as error:
                failures.append(f"{way}: {error}")


def get(path: str) -> str:
    """The answer to a request."""
    with urlopen(f"http://127.0.0.1:{path}", timeout=10) as answer:
        return answer.read().decode()


def publish(address: str, content: str) -> None:
    """Publishes the config of the provider."""
    form = {"dataId": "provider.yaml", "group": "DEFAULT_GROUP", "type": "yaml", "content": content}
    with urlopen(f"http://{address}/nacos/v1/cs/configs", urlencode(form).encode(), timeout=10) as answer:
        assert answer.read() == b"true"


def eventually(what: str, condition) -> None:
    """Waits until a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if condition():
                return
        except (URLError, OSError) as error:
            what = f"{what}: {error}" if time.monotonic() > deadline else what
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


if __name__ == "__main__":
    main()
