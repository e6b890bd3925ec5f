"""Measures an application with nacre-spring-cloud-starter beside the same one with Spring Cloud Alibaba.

    run.py NACRE

`make bench-spring` builds everything first. The starts of both take turns.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "examples/polyglot"))
from run import free_port, start_server  # noqa: E402

STARTS = 5
STARTERS = ("nacre", "alibaba")
MAIN = "io.nacre.spring.bench.BenchApplication"


class Application:
    """A running application."""

    def __init__(self, starter: str, address: str, home: Path, mode: str, name: str = "bench") -> None:
        jars = (HERE / starter / "target/classpath.txt").read_text().strip()
        home = home / starter
        command = ["java", "-Xmx256m", "-XX:+UseSerialGC", f"-DJM.SNAPSHOT.PATH={home}", f"-Duser.home={home}"]
        command += ["-cp", jars, MAIN, "--spring.main.banner-mode=off", "--logging.level.root=warn"]
        command += ["--server.port=0", f"--spring.application.name={name}", f"--bench.mode={mode}"]
        command += [f"--bench.server={address}", f"--spring.cloud.nacos.server-addr={address}"]
        command += ["--spring.cloud.nacos.discovery.ip=127.0.0.1", "--spring.config.import=nacos:bench.properties"]
        command += ["--spring.cloud.nacos.discovery.graceful-shutdown-wait-time=2000", "--server.shutdown=graceful"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def hear(self, word: str) -> list[str]:
        """What follows a word that it says."""
        for line in self.process.stdout:
            words = line.split()
            if words[:2] == ["BENCH", word]:
                return words[2:]
        raise SystemExit(f"bench-spring: an application ended without a word of {word}")

    def end(self) -> None:
        """As an operator ends it."""
        self.process.terminate()
        self.process.wait(60)


def main() -> None:
    """Starts a server, measures, prints."""
    with tempfile.TemporaryDirectory(prefix="nacre-bench-spring-") as home:
        port = free_port(with_grpc=True)
        server = start_server(Path(sys.argv[1]), Path(home), port)
        address = f"127.0.0.1:{port}"
        publish(address)
        try:
            starts(address, Path(home))
            refresh(address, Path(home))
            rolling_restart(address, Path(home))
        finally:
            server.terminate()
            server.wait(30)


def publish(address: str) -> None:
    """The config that the applications import."""
    form = {"dataId": "bench.properties", "group": "DEFAULT_GROUP", "content": "setting=first"}
    urlopen(f"http://{address}/nacos/v1/cs/configs", urlencode(form).encode(), timeout=10).read()


def starts(address: str, home: Path) -> None:
    """Time from the start of the JVM until the application is ready, its threads and its heap."""
    seen: dict[str, list[list[int]]] = {starter: [] for starter in STARTERS}
    for turn in range(STARTS + 1):
        for starter in STARTERS:
            application = Application(starter, address, home, "start")
            figures = [int(word) for word in application.hear("start")]
            application.end()
            # The first turn fills the caches of the system.
            if turn > 0:
                seen[starter].append(figures)
    for starter, rows in seen.items():
        millis, threads, heap = (statistics.median(column) for column in zip(*rows))
        print(f"start    {starter:8} {millis:6.0f} ms  {threads:4.0f} threads  {heap / 1024:6.1f} MB heap")


def refresh(address: str, home: Path) -> None:
    """Time from a publish until a bean of the refresh scope shows the value."""
    for starter in STARTERS:
        application = Application(starter, address, home, "refresh")
        p50, p90 = application.hear("refresh")
        application.end()
        text = "missed" if p50 == "missed" else f"p50 {int(p50) / 1000:7.1f} ms  p90 {int(p90) / 1000:7.1f} ms"
        print(f"refresh  {starter:8} {text}")


def rolling_restart(address: str, home: Path) -> None:
    """Two providers are replaced one after the other while a consumer calls 200 times a second."""
    for starter in STARTERS:
        providers = [Application(starter, address, home, "serve", "provider") for _ in range(2)]
        for provider in providers:
            provider.hear("ready")
        consumer = Application(starter, address, home, "calls", "consumer")
        consumer.hear("ready")
        time.sleep(3)
        for old in providers:
            new = Application(starter, address, home, "serve", "provider")
            new.hear("ready")
            # So that the new one has calls before the next goes.
            time.sleep(2)
            old.end()
            providers.append(new)
            if len(providers) == 4:
                break
        time.sleep(2)
        consumer.process.stdin.close()
        done, failed = consumer.hear("calls")
        print(f"rolling  {starter:8} {done} calls, {failed} failed")
        for application in [consumer, *providers[2:]]:
            application.end()


if __name__ == "__main__":
    main()
