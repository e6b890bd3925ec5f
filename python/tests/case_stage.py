"""Runs one case."""

from __future__ import annotations

import itertools
import os
import threading
import time
from concurrent.futures import Future
from typing import Any, Callable, Optional

from case_language import complaint, matches, shown, texts, variables
from harness import Scope

SLACK = float(os.environ.get("NACRE_SLACK", "2"))
"""Limits of waiting are for a machine that does nothing else; this many times as long is granted."""
_AGAIN = 0.04
_RUNS = itertools.count(1)


class Failed(Exception):
    """An error of a call, as cases see it."""

    def __init__(self, kind: str, code: int, retryable: bool, reason: str) -> None:
        super().__init__(f"error {kind} {code}{', retryable' if retryable else ''}: {reason}")
        self.parts = {"kind": kind, "code": code, "retryable": retryable}

    def is_as(self, expected: dict[str, Any]) -> bool:
        return all(self.parts[name] == value for name, value in expected.items())


class Outcome:
    """What a call has given: a value or a failure."""

    def __init__(self, value: Any = None, failure: Optional[Failed] = None) -> None:
        self.value = value
        self.failure = failure

    def __str__(self) -> str:
        return str(self.failure) if self.failure else shown(self.value)


class Recorder:
    """What a watch has told so far."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._told: list[Any] = []
        self.stop: Callable[[], None] = lambda: None

    def tell(self, event: Any) -> None:
        with self._changed:
            self._told.append(event)
            self._changed.notify_all()

    def expect(self, expected: dict[str, Any]) -> Optional[str]:
        """`None`, or what is wrong."""
        limit = expected.get("within_ms", 0) / 1000 * SLACK
        if "last" in expected:
            return self._until(lambda told: complaint(expected["last"], told[-1]) if told else "no event", limit)
        if "eventually" in expected:
            wanted = expected["eventually"]
            none = f"no event matches {shown(wanted)}"
            return self._until(lambda told: None if any(matches(wanted, one) for one in told) else none, limit)
        if "order" in expected:
            return self._until(lambda told: _in_order(expected["order"], told), limit)
        with self._changed:
            before = len(self._told)
        never = expected["never"]
        came = self._until(
            lambda told: None if any(matches(never, one) for one in told[before:]) else "nothing",
            expected["for_ms"] / 1000,
        )
        return None if came else f"an event came that must not: {shown(never)}"

    def _until(self, look: Callable[[list[Any]], Optional[str]], limit: float) -> Optional[str]:
        deadline = time.monotonic() + limit
        with self._changed:
            while True:
                wrong = look(self._told)
                left = deadline - time.monotonic()
                if wrong is None:
                    return None
                if left <= 0:
                    newest = ", ".join(map(shown, self._told[-3:]))
                    return f"{wrong}\n  {len(self._told)} events, the newest: {newest}"
                self._changed.wait(left)


def _in_order(order: list[Any], told: list[Any]) -> Optional[str]:
    """Each event matches a step at or behind that of the event before, and the newest the last step."""
    at = 0
    for event in told:
        found = next((step for step in range(at, len(order)) if matches(order[step], event)), None)
        if found is None:
            return f"out of order: {shown(event)}"
        at = found
    return None if told and at + 1 == len(order) else f"only up to number {at}"


class Stage:
    """Where a case is played; `subject` performs its operations."""

    def __init__(self, subject: Any, shared_server: Optional[str]) -> None:
        self.subject = subject
        self.run = f"{os.getpid():x}{next(_RUNS):x}"
        self._shared_server = shared_server
        self._scope = Scope()
        self._watches: dict[str, Recorder] = {}
        self._background: dict[str, Future[Outcome]] = {}
        self.known: dict[str, Any] = {}
        self._ended = False

    def play(self, case: dict[str, Any]) -> None:
        """Plays a case within its limit."""
        server = self._shared_server
        if isinstance(case.get("server"), dict):
            server = self._scope.ask("server.start", {"settings": case["server"]["own"]})["address"]
        elif case.get("server") == "none":
            server = None
        self.known.update(
            run=self.run,
            namespace=f"case-{self.run}",
            dir=str(self._scope.directory),
            server=server,
            server_port=server.rpartition(":")[2] if server else "",
        )
        played = _start(self._play, case)
        limit = case["limit_ms"] / 1000 * SLACK
        try:
            played.result(limit)
        except TimeoutError:
            self._ended = True
            raise AssertionError(f"not done within {limit} s") from None

    def _play(self, case: dict[str, Any]) -> None:
        for step in case.get("before", []):
            self._step(step)
        for name, options in case.get("clients", {}).items():
            self.subject.connect(self, name, self.expanded(options))
        for step in case["steps"]:
            if self._ended:
                return
            try:
                self._step(step)
            except Exception as error:
                raise AssertionError(f"{shown(step)}\n  {error}") from error

    def close(self) -> None:
        """Ends what runs before the servers go."""
        self._ended = True
        for watch in self._watches.values():
            watch.stop()
        self.subject.close()
        self._scope.ask("scope.end")

    def _step(self, step: dict[str, Any]) -> None:
        if "op" in step or "do" in step:
            if "background" in step:
                work = self._once if "op" in step else self._errand
                self._background[step["background"]] = _start(work, step)
            elif "op" in step:
                self._call(step)
            else:
                self._errand(step)
        elif "await" in step:
            self._judge(step.get("expect"), self._background.pop(step["await"]).result())
        elif "race" in step:
            self._race(step["race"], step["expect"])
        elif "events" in step:
            wrong = self._watches[step["events"]].expect(self._expected(step["expect"]))
            assert wrong is None, wrong
        else:
            self._watches[step["stop"]].stop()

    def _errand(self, step: dict[str, Any]) -> Outcome:
        args = self.expanded(step.get("args", {}))
        outcome = Outcome(self._scope.ask(step["do"], args, step.get("limit_ms", 30_000)))
        self._keep(step, outcome.value)
        self._judge(step.get("expect"), outcome)
        return outcome

    def _call(self, call: dict[str, Any]) -> None:
        expect = call.get("expect", {})
        if "eventually" not in expect and "eventually_error" not in expect:
            self._judge(call.get("expect"), self._once(call))
            return
        deadline = time.monotonic() + expect["within_ms"] / 1000 * SLACK
        while True:
            wrong = self._complaint(expect, self._once(call))
            if wrong is None:
                return
            assert time.monotonic() < deadline, wrong
            time.sleep(_AGAIN)

    def _complaint(self, expect: dict[str, Any], outcome: Outcome) -> Optional[str]:
        if "eventually_error" in expect:
            wanted = expect["eventually_error"]
            good = outcome.failure is not None and outcome.failure.is_as(wanted)
            return None if good else f"expected {wanted}, got {outcome}"
        if outcome.failure:
            return str(outcome.failure)
        return complaint(self._expected(expect["eventually"]), outcome.value)

    def _race(self, calls: list[dict[str, Any]], expect: dict[str, Any]) -> None:
        running = [_start(self._once, call) for call in calls]
        outcomes = [one.result() for one in running]
        for outcome in outcomes:
            if outcome.failure:
                assert "error" in expect, str(outcome)
                assert outcome.failure.is_as(expect["error"]), f"expected {expect}, got {outcome}"
        succeeded = sum(outcome.failure is None for outcome in outcomes)
        assert succeeded == expect["succeed"], f"{succeeded} of {len(calls)} succeeded"

    def _once(self, call: dict[str, Any]) -> Outcome:
        """Calls, as often as `times` says."""
        args = texts(self.expanded(call.get("args", {})))
        begun = time.monotonic()
        values = []
        outcome: Optional[Outcome] = None
        for _ in range(call.get("times", 1)):
            recorder = Recorder()
            try:
                values.append(self.subject.perform(self, call["op"], call["on"], args, recorder))
            except Failed as failure:
                outcome = Outcome(failure=failure)
                break
            if "as" in call:
                self._watches[call["as"]] = recorder
        if outcome is None:
            outcome = Outcome(values if "times" in call else values[0])
            self._keep(call, outcome.value)
        took = (time.monotonic() - begun) * 1000
        if "within_ms" in call:
            assert took <= call["within_ms"] * SLACK, f"took {took:.0f} ms, not {call['within_ms']}"
        return outcome

    def _judge(self, expect: Optional[dict[str, Any]], outcome: Outcome) -> None:
        if expect and "any" in expect:
            return
        if expect and "error" in expect:
            good = outcome.failure is not None and outcome.failure.is_as(expect["error"])
            assert good, f"expected {expect}, got {outcome}"
            return
        assert outcome.failure is None, str(outcome)
        if expect:
            wrong = complaint(self._expected(expect["value"]), outcome.value)
            assert wrong is None, wrong

    def _keep(self, step: dict[str, Any], value: Any) -> None:
        if "save" in step:
            self.known[step["save"]] = value

    def expanded(self, value: Any) -> Any:
        return variables(value, self.known)

    def _expected(self, value: Any) -> Any:
        return texts(self.expanded(value))


def _start(work: Callable[[dict[str, Any]], Any], given: dict[str, Any]) -> Future[Any]:
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(work(given))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="case", daemon=True).start()
    return future
