"""What all tests share."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from harness import Scope, Server

import nacre


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The server of all tests that do not stop it."""
    with Scope() as scope:
        yield scope.server()


@pytest.fixture
def scope() -> Iterator[Scope]:
    """A place for servers and files of one test."""
    with Scope() as scope:
        yield scope


@pytest.fixture
def options(server: Server) -> nacre.Options:
    """Of a client in a namespace of its own."""
    return nacre.Options(server=server.address, namespace=f"t-{uuid.uuid4().hex[:12]}", request_timeout=20)


@pytest.fixture
def client(options: nacre.Options) -> Iterator[nacre.Client]:
    """A connected client."""
    with nacre.Client.connect(options) as client:
        yield client


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints how many behaviour cases have run, and a table of those that were skipped."""
    reports = terminalreporter.stats
    ran = sum("::test_case[" in report.nodeid for report in reports.get("passed", []) + reports.get("failed", []))
    skipped = [report for report in reports.get("skipped", []) if "::test_case[" in report.nodeid]
    if ran or skipped:
        terminalreporter.write_line(f"behaviour cases: {ran} run, {len(skipped)} skipped")
        for report in skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            terminalreporter.write_line(f"  {report.nodeid.partition('[')[2].rstrip(']'):60} {reason}")
