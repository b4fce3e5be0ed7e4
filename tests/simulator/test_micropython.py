"""How MicroPython is started: by the module of its package, and by its command where there is no such module."""

import subprocess

import pytest

from stillscan.simulator import micropython

pytestmark = pytest.mark.process


def said(*arguments: str) -> str:
    command = [*micropython.micropython_command(), "-X", "heapsize=64k", "-c", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("module", [micropython._MODULE, "no_such_module"])
def test_it_gets_its_arguments(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(micropython, "_MODULE", module)
    assert said("import sys; print(sys.implementation.name, sys.argv[1:])", "a", "b c") == "micropython ['a', 'b c']"
