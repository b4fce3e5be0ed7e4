"""Every bench that the Makefile names starts: what is run once a month must not have broken meanwhile."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forked import Program

ROOT = Path(__file__).parents[2]
STARTED = re.findall(r"\$\(BIN\)/python (-m bench\.\w+|tests/\S+\.py)( \$\(ARGS\))?", (ROOT / "Makefile").read_text())
MODULES = sorted({what.removeprefix("-m ") for what, args in STARTED if what.startswith("-m ") and args})
FILES = sorted({what for what, args in STARTED if what.startswith("tests/") and args})


def test_the_makefile_s_benches_are_found() -> None:
    assert len(MODULES) > 20
    assert "tests/web/bench_typing.py" in FILES


@pytest.mark.parametrize("module", MODULES)
def test_a_bench_says_what_it_takes(module: str, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", [module, "--help"])
    for loaded in (module, f"{module}.__main__"):  # another test may have needed a part of it
        monkeypatch.delitem(sys.modules, loaded, raising=False)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    assert ended.value.code in (None, 0)
    assert capsys.readouterr().out.startswith("usage: ")


@pytest.mark.process
@pytest.mark.parametrize("file", FILES)
def test_a_bench_beside_the_tests_says_what_it_takes(file: str) -> None:
    """In a process of its own: it has to find by itself what it shares with the tests."""
    started = (
        f"import runpy, sys; sys.path[0] = {str((ROOT / file).parent)!r}; runpy.run_path({file!r}, run_name='__main__')"
    )
    command = [sys.executable, "-c", Program(started), "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: ")
