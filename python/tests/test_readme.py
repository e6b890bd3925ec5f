"""The programs that the README shows."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from harness import LIMIT, ROOT, Server

BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "python" / "README.md").read_text(), re.S)
EXPECTED = [
    ["call 10.0.0.7:8080", "greeting: hello"],
    ["there: 10.0.0.8:8080"],
    ["as before"],
]


def test_every_program_is_expected() -> None:
    assert len(BLOCKS) == len(EXPECTED)


@pytest.mark.parametrize("number", range(len(EXPECTED)))
def test_a_program_runs_and_ends(number: int, server: Server) -> None:
    if "nacos" in BLOCKS[number]:
        pytest.importorskip("pydantic")
    program = f"server = {server.address!r}\n{BLOCKS[number]}"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=3 * LIMIT, check=False
    )
    assert ended.returncode == 0, ended.stderr
    for line in EXPECTED[number]:
        assert line in ended.stdout
