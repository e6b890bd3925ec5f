#!/usr/bin/env python3
"""Runs official Nacos clients against a Nacre server: run.py [SUITE...].

Each suite gets a fresh server on free ports and a control endpoint that restarts (POST /restart) or kills
(POST /kill) that server in the middle of the suite. The server binary is $NACRE_SERVER or target/debug/nacre.
"""

import concurrent.futures
import contextlib
import http.server
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent.parent / "target")).resolve()
BUILD = TARGET / "compat"
JAVA_MODULES = {"java-1.4": "nacos-1.4", "java-2.5": "nacos-2.5", "java-3": "nacos-3"}
GROUPS = {"java": list(JAVA_MODULES), "python": ["python"], "node": ["node"], "go": ["go"]}

READY_SECONDS = 30
STOP_SECONDS = 20
SUITE_SECONDS = 300
# The suites mostly wait: for polls of 1.x clients, for back-offs after a restart.
SUITES_AT_ONCE = 3


class Server:
    """One server process on its own data directory; survives being restarted."""

    def __init__(self, binary, home):
        self.binary = binary
        self.port = free_port_pair()
        self.data = home / "data"
        self.log = open(home / "server.log", "a+", encoding="utf-8", errors="replace")
        self.process = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        command = [self.binary, "server", "--data-dir", self.data, "--bind", "127.0.0.1", "--port", str(self.port)]
        command += ["--set", "auth.enabled=false"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        ready = threading.Event()
        threading.Thread(target=self._watch_stdout, args=(self.process, ready), daemon=True).start()
        deadline = time.monotonic() + READY_SECONDS
        while not ready.wait(0.01):
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode} before it was ready")
            if time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the server was not ready within {READY_SECONDS} s")

    @staticmethod
    def _watch_stdout(process, ready):
        for line in process.stdout:
            if line.startswith("nacre ready "):
                ready.set()

    def stop(self):
        """Asks the server to stop and insists on a clean exit."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(f"the server did not stop within {STOP_SECONDS} s of SIGTERM") from None
        if code != 0:
            raise RuntimeError(f"the server exited with {code} after SIGTERM")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def tail(self, lines=60):
        self.log.flush()
        self.log.seek(0)
        return "".join(self.log.readlines()[-lines:])


class Control(http.server.ThreadingHTTPServer):
    """POST /restart and POST /kill answer once the server is ready again."""

    def __init__(self, server):
        super().__init__(("127.0.0.1", 0), ControlHandler)
        self.nacre = server
        self.turn = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class ControlHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):  # noqa: N802 - the name that http.server calls
        nacre = self.server.nacre
        actions = {"/restart": nacre.stop, "/kill": nacre.kill}
        status, answer = 200, "ok"
        try:
            with self.server.turn:
                actions[self.path]()
                nacre.start()
        except Exception as error:  # the suite gets to see it as a failed call
            status, answer = 500, repr(error)
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *arguments):
        pass


def free_port_pair():
    """A port that is free together with port + 1000, below the range the kernel hands to outgoing connections."""
    while True:
        port = random.randrange(12000, 31000)
        with contextlib.ExitStack() as stack:
            try:
                for candidate in (port, port + 1000):
                    listener = stack.enter_context(socket.socket())
                    listener.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return port


def find_binary():
    path = pathlib.Path(os.environ.get("NACRE_SERVER") or TARGET / "debug" / "nacre").resolve()
    if not os.access(path, os.X_OK):
        sys.exit(f"no server at {path}; build it with `make server-dev` or set NACRE_SERVER")
    return path


def is_newer(made, *sources):
    return made.exists() and all(made.stat().st_mtime >= source.stat().st_mtime for source in sources)


def prepare(suites):
    """Fetches and compiles what the suites need, once, before any server runs."""
    modules = [JAVA_MODULES[suite] for suite in suites if suite in JAVA_MODULES]
    if modules:
        subprocess.run(maven("-pl", ",".join(modules), "test-compile"), check=True, stdin=subprocess.DEVNULL)
    if "go" in suites:
        command = ["go", "test", "-c", "-o", BUILD / "go-suite", "."]
        subprocess.run(command, cwd=HERE / "go", check=True, stdin=subprocess.DEVNULL)
    if "python" in suites:
        prepare_python()
    if "node" in suites and not is_newer(
        HERE / "node/node_modules/.package-lock.json", HERE / "node/package-lock.json"
    ):
        subprocess.run(
            ["npm", "ci", "--silent", "--ignore-scripts"], cwd=HERE / "node", check=True, stdin=subprocess.DEVNULL
        )


def prepare_python():
    requirements = HERE / "python" / "requirements.txt"
    stamp = BUILD / "python" / "installed"
    if is_newer(stamp, requirements):
        return
    shutil.rmtree(BUILD / "python", ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", BUILD / "python"], check=True)
    subprocess.run(
        [BUILD / "python/bin/pip", "install", "-q", "--disable-pip-version-check", "-r", requirements],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    stamp.touch()


def maven(*arguments):
    return ["mvn", "-q", "-B", "-f", HERE / "java/pom.xml", *arguments]


def suite_command(suite):
    """The command of a prepared suite and the folder it runs in."""
    if suite in JAVA_MODULES:
        return maven("-pl", JAVA_MODULES[suite], "surefire:test"), HERE / "java"
    if suite == "go":
        return [BUILD / "go-suite", "-test.v", "-test.timeout", f"{SUITE_SECONDS}s"], HERE / "go"
    if suite == "python":
        return [BUILD / "python/bin/python", "-m", "unittest", "-v", "suite"], HERE / "python"
    return ["node", "--test", "--test-concurrency", "1", "--test-reporter", "spec"], HERE / "node"


def run_suite(suite, binary):
    """Runs one suite against a server of its own; true when everything passed."""
    started = time.monotonic()
    home = pathlib.Path(tempfile.mkdtemp(prefix=f"nacre-compat-{suite}-"))
    server = Server(binary, home)
    passed = False
    try:
        server.start()
        control = Control(server)
        threading.Thread(target=control.serve_forever, daemon=True).start()
        environment = dict(os.environ, NACRE_ADDR=server.address, NACRE_CONTROL=control.url)
        if suite not in JAVA_MODULES:
            environment["HOME"] = str(home)  # the clients keep snapshots and logs there; Maven needs the real one
        if suite == "node":
            # Config clients of all Node processes on a machine share one connection through this port, 7777 by default.
            environment["NODE_CLUSTER_CLIENT_PORT"] = str(free_port_pair())
        command, folder = suite_command(suite)
        passed = run_bounded(command, folder, environment, home / "suite.log")
        control.shutdown()
        server.stop()
    except RuntimeError as error:
        print(f"compat {suite}: {error}", flush=True)
        passed = False
    finally:
        if server.process and server.process.poll() is None:
            server.kill()
    if passed:
        shutil.rmtree(home, ignore_errors=True)
    else:
        print(f"--- end of the server's log ({home}/server.log)\n{server.tail()}", flush=True)
    print(f"== compat {suite:9} {time.monotonic() - started:6.1f} s  {'ok' if passed else 'FAILED'}", flush=True)
    return passed


def run_bounded(command, folder, environment, log):
    """Runs the command, its whole process group at most SUITE_SECONDS; prints its output when it fails."""
    with open(log, "wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(SUITE_SECONDS)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            code = f"no end within {SUITE_SECONDS} s"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if code != 0:
        print(log.read_text(encoding="utf-8", errors="replace"), f"--- suite ended with {code}", flush=True)
    return code == 0


def main(arguments):
    suites = []
    for name in arguments or GROUPS:
        suites += GROUPS.get(name, [name])
    known = [suite for group in GROUPS.values() for suite in group]
    for suite in suites:
        if suite not in known:
            sys.exit(f"no suite {suite!r}; there are: {', '.join([*GROUPS, *JAVA_MODULES])}")
    binary = find_binary()
    BUILD.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    prepare(suites)
    print(f"== compat prepared  {time.monotonic() - started:6.1f} s", flush=True)
    with concurrent.futures.ThreadPoolExecutor(SUITES_AT_ONCE) as pool:
        outcomes = dict(zip(suites, pool.map(lambda suite: run_suite(suite, binary), suites)))
    failed = [suite for suite, passed in outcomes.items() if not passed]
    if failed:
        sys.exit(f"compat: failed: {', '.join(failed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
