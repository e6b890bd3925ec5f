"""Servers, proxies and files for tests: the process `nacre-harness serve`, see tests/cases/README.md."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Callable, Optional

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 20.0
"""How long tests wait for a condition."""


class Harness:
    """The process; it ends with this one."""

    _shared: Optional[Harness] = None
    _lock = threading.Lock()

    def __init__(self) -> None:
        program = os.environ.get("NACRE_HARNESS")
        if not program:
            raise RuntimeError("set NACRE_HARNESS and NACRE_SERVER to the programs, or use `make python`")
        self._process = subprocess.Popen(
            [program, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        assert self._process.stdin
        assert self._process.stdout
        self._input, self._output = self._process.stdin, self._process.stdout
        ready = json.loads(self._output.readline())
        assert ready["ready"]["protocol"] == 1
        self._waiting: dict[int, Future[Any]] = {}
        self._ids = itertools.count(1)
        self.scopes = itertools.count(1)
        threading.Thread(target=self._read, name="harness", daemon=True).start()

    @classmethod
    def shared(cls) -> Harness:
        """The one of all tests of this process."""
        with cls._lock:
            if cls._shared is None:
                cls._shared = Harness()
            return cls._shared

    def ask(self, scope: str, do: str, args: dict[str, Any], limit_ms: int) -> Any:
        number = next(self._ids)
        answer: Future[Any] = Future()
        self._waiting[number] = answer
        line = json.dumps({"id": number, "scope": scope, "do": do, "args": args, "limit_ms": limit_ms})
        with self._lock:
            self._input.write(line + "\n")
            self._input.flush()
        return answer.result(limit_ms / 1000 + 10)

    def _read(self) -> None:
        for line in self._output:
            answer = json.loads(line)
            future = self._waiting.pop(answer.get("id"), None)
            if future is None:
                continue
            if "error" in answer:
                future.set_exception(RuntimeError(answer["error"]))
            else:
                future.set_result(answer.get("value"))
        for future in self._waiting.values():
            future.set_exception(RuntimeError("the harness ended"))


class Scope:
    """What a test makes; closing it ends all of it."""

    def __init__(self) -> None:
        self._harness = Harness.shared()
        self._name = f"py{os.getpid()}-{next(self._harness.scopes)}"
        self.directory = Path(self.ask("scope.begin")["dir"])

    def ask(self, do: str, args: Optional[dict[str, Any]] = None, limit_ms: int = 30_000) -> Any:
        """Asks the harness for something."""
        return self._harness.ask(self._name, do, args or {}, limit_ms)

    def server(self, name: str = "main", start: bool = True, **settings: Any) -> Server:
        """A server without authentication; `start=False` only sets its ports aside."""
        args: dict[str, Any] = {"name": name, "start": start}
        if settings:
            args["settings"] = settings
        return Server(self, name, self.ask("server.start", args)["address"])

    def __enter__(self) -> Scope:
        return self

    def __exit__(self, *_: object) -> None:
        self.ask("scope.end")


class Server:
    """A server of a scope."""

    def __init__(self, scope: Scope, name: str, address: str) -> None:
        self._scope = scope
        self._args = {"name": name}
        self.address = address

    def stop(self) -> None:
        self._scope.ask("server.stop", self._args)

    def kill(self) -> None:
        self._scope.ask("server.kill", self._args)

    def up(self) -> None:
        self._scope.ask("server.up", self._args)


def eventually(check: Callable[[], Any], what: str = "the condition", limit: float = LIMIT) -> Any:
    """Waits until a check gives something true; failures on the way do not count."""
    deadline = time.monotonic() + limit
    while True:
        failure: Optional[Exception] = None
        found = None
        try:
            found = check()
        except Exception as error:
            failure = error
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not hold within {limit} s") from failure
        time.sleep(0.02)
