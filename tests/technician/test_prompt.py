"""What the host has MicroPython do at its prompt."""

import sys
from types import SimpleNamespace

import pytest

from stillscan.technician import prompt


def test_nothing_that_the_host_says_next_interrupts_a_restart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One HELLO in twelve holds the byte of Ctrl-C, and the host says HELLO as soon as it has asked for the restart."""
    done: list[object] = []
    modules = {
        "machine": SimpleNamespace(reset=lambda: done.append("reset")),
        "micropython": SimpleNamespace(kbd_intr=done.append),
        "time": SimpleNamespace(sleep_ms=lambda ms: done.append(capsys.readouterr().out)),
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    exec(prompt._RESET, {})
    assert done == [-1, "restarting\n", "reset"], "deaf to Ctrl-C before it says so, and told before it is gone"
