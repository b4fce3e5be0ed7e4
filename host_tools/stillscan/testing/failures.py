"""What pytest shows of a test that has failed: how to see it again, and of an expected failure the test's own line."""

from __future__ import annotations

import shlex
from pathlib import Path
from traceback import walk_tb
from types import TracebackType

import pytest

from stillscan.errors import StillscanError

_PACKAGE = Path(__file__).parents[1]


def leave_ours_out(raised: pytest.ExceptionInfo[BaseException]) -> pytest.ExceptionInfo[BaseException]:
    """The same without the lines of this package where it is a StillscanError, which says all in one line: which of
    ours has found it, nobody needs to read. A defect keeps them."""
    if not raised.errisinstance(StillscanError):
        return raised
    left: TracebackType | None = None
    for frame, line in reversed(list(walk_tb(raised.tb))):
        if _PACKAGE not in Path(frame.f_code.co_filename).parents:
            left = TracebackType(left, frame, frame.f_lasti, line)
    return pytest.ExceptionInfo.from_exception(raised.value.with_traceback(left))


def again(item: pytest.Item, seed: int) -> str:
    """The command that runs a test once more as it was."""
    on = item.config.getoption("--stillscan-on")
    image = item.config.getoption("--stillscan-uf2") if on == "chip" else None
    there = "" if on == "sim" else f" --stillscan-on {shlex.quote(on)}"
    there += f" --stillscan-uf2 {shlex.quote(image)}" if image else ""
    return f"pytest {shlex.quote(item.nodeid.replace(f'[seed{seed}]', ''))} --stillscan-seed {seed}{there}"
