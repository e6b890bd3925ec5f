"""The behaviour cases of tests/cases, through both faces of the client.

`NACRE_CASES` holds parts of names, separated by commas: only these run. That each file fits the schema is the Rust
runner's to check.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from case_language import complaint, matches, texts, variables
from case_stage import Failed, Recorder, Stage, _in_order
from case_subject import CAPABILITIES, Subject
from harness import ROOT, Server

FOLDER = ROOT / "tests" / "cases"
FACES = ("blocking", "asyncio")
_AT_ONCE = 6


def _chosen() -> dict[str, dict[str, Any]]:
    parts = os.environ.get("NACRE_CASES", "").split(",")
    files = sorted(path for path in FOLDER.rglob("*.json") if path.name != "schema.json")
    named = {str(path.relative_to(FOLDER).with_suffix("")): path for path in files}
    return {name: json.loads(path.read_text()) for name, path in named.items() if any(part in name for part in parts)}


CASES = _chosen()


def _lacks(case: dict[str, Any]) -> set[str]:
    return set(case.get("requires", [])) - CAPABILITIES


def _run(case: dict[str, Any], face: str, server: str) -> None:
    stage = Stage(Subject(face), server)
    try:
        stage.play(case)
    finally:
        stage.close()


@pytest.fixture(scope="module")
def runs(server: Server, request: pytest.FixtureRequest) -> Iterator[dict[tuple[str, str], Future[None]]]:
    """All cases that pytest has chosen, some of them at a time."""
    chosen = (item for item in request.session.items if isinstance(item, pytest.Function))
    params = [item.callspec.params for item in chosen if "runs" in item.fixturenames]
    wanted = [(str(one["name"]), str(one["face"])) for one in params]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield {
            (name, face): pool.submit(_run, CASES[name], face, server.address)
            for name, face in wanted
            if not _lacks(CASES[name])
        }


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", CASES)
def test_case(name: str, face: str, runs: dict[tuple[str, str], Future[None]]) -> None:
    lacking = _lacks(CASES[name])
    if lacking:
        pytest.skip(f"this client has no {', '.join(sorted(lacking))}")
    runs[name, face].result()


def test_capabilities_are_those_of_the_schema() -> None:
    schema = json.loads((FOLDER / "schema.json").read_text())
    assert set(schema["$defs"]["capability"]["enum"]) == CAPABILITIES


def test_there_are_cases() -> None:
    assert CASES, "no case has one of these in its name: " + os.environ.get("NACRE_CASES", "")


@pytest.mark.parametrize(
    ("expected", "good", "bad"),
    [
        (1, 1.0, 2),
        (True, True, 1),
        (None, None, 0),
        ({"a": None}, {"b": 1}, {"a": 1}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, {"a": {}}),
        ([1, 2], [1, 2], [2, 1]),
        ([1], [1], [1, 1]),
        ({"$unordered": [{"a": 1}, {}]}, [{"b": 2}, {"a": 1}], [{"b": 2}, {"b": 1}]),
        ({"$contains": [1]}, [2, 1], [2]),
        ({"$each": {"a": 1}}, [{"a": 1}], [{"a": 1}, {}]),
        ({"$length": 0}, [], [1]),
        ({"$min": 2}, 2.5, 1),
        ({"$starts_with": "a"}, "ab", "b"),
        ({"$any_of": [1, 2]}, 2, 3),
        ({"$all_of": [{"a": 1}, {"b": 2}]}, {"a": 1, "b": 2}, {"a": 1}),
        ({"$not": []}, [1], []),
    ],
)
def test_every_matcher_accepts_and_refuses(expected: Any, good: Any, bad: Any) -> None:
    assert matches(expected, good)
    assert complaint(expected, bad)


def test_variables_and_texts_are_expanded() -> None:
    known = {"run": "r1", "p": {"port": 7, "host": "h"}}
    value = ["a-${run}-${p.host}:${p.port}", "${p.port}", {"k": "${run}"}]
    assert variables(value, known) == ["a-r1-h:7", 7, {"k": "r1"}]
    with pytest.raises(KeyError):
        variables("${p.nothing}", known)
    assert texts([{"repeat": "ab", "times": 2}, {"base64": "w6Q="}, {"md5": {"repeat": "v1", "times": 1}}]) == [
        "abab",
        "ä",
        "6654c734ccab8f440ff0825eb443dc7f",
    ]


def test_order_lets_events_be_skipped_but_not_go_back() -> None:
    assert _in_order([1, 2, 3], [1, 3]) is None
    assert _in_order([1, 2, 3], [3]) is None
    assert str(_in_order([1, 2, 3], [2, 1, 3])).startswith("out of order")
    assert str(_in_order([1, 2, 3], [1, 2])).startswith("only up to")
    assert str(_in_order([1, 2, 3], [])).startswith("only up to")
    recorder = Recorder()
    recorder.tell(1)
    assert recorder.expect({"never": 2, "for_ms": 1}) is None
    assert recorder.expect({"last": 2, "within_ms": 1})
    threading.Timer(0.05, recorder.tell, [2]).start()
    assert recorder.expect({"never": 2, "for_ms": 20_000})


_GET = {"op": "config.get", "on": "a", "args": {"data_id": "x"}}
_BROKEN: list[dict[str, Any]] = [
    {**_GET, "expect": {"value": {"content": "x"}}},
    {**_GET, "expect": {"error": {"kind": "closed"}}},
    {**_GET, "args": {"data_id": "a b"}},
    {**_GET, "expect": {"eventually": {"content": "x"}, "within_ms": 100}},
    {**_GET, "on": "b"},
    {"do": "file.read", "args": {"path": "none"}, "expect": {"value": "text"}},
    {"events": "w", "expect": {"last": {"value": {"content": "x"}}, "within_ms": 100}},
    {"race": [_GET], "expect": {"succeed": 0}},
]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("step", _BROKEN)
def test_a_broken_promise_is_noticed(step: dict[str, Any], face: str, server: Server) -> None:
    with pytest.raises((AssertionError, Failed)):
        _run(_case(step), face, server.address)


@pytest.mark.parametrize("face", FACES)
def test_a_kept_promise_passes(face: str, server: Server) -> None:
    _run(_case({**_GET, "expect": {"value": None}}), face, server.address)


def _case(step: dict[str, Any]) -> dict[str, Any]:
    watch = {"op": "config.watch", "on": "a", "args": {"data_id": "x"}, "as": "w"}
    return {"limit_ms": 10_000, "clients": {"a": {}}, "steps": [watch, step]}
