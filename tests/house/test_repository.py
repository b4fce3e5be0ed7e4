"""What must hold for every file of the repository."""

import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FOLDERS = ("host_tools", "firmware", "boards", "tests")


MOST_LINES = 350
"""About what a reader keeps in the head at once. Ideas and complexity (ruff's C901) count, not lines: see below."""


def test_a_long_module_says_why_it_is_long() -> None:
    """``# long-ok: reason`` lets a module be longer: one idea that would only be harder to read in two files."""
    unexplained = {
        path.relative_to(ROOT).as_posix(): lines
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if (lines := len((text := path.read_text(encoding="utf-8")).splitlines())) > MOST_LINES
        and not re.search(r"^# long-ok: \w.{9,}", text, re.MULTILINE)
    }
    assert unexplained == {}, "one idea a module: part these, or say why not (# long-ok: reason)"


@pytest.mark.parametrize("folder", ["firmware", "boards"])
def test_no_device_code_imports_the_host(folder: str) -> None:
    guilty = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*.py")
        if path.parent.name != "models"  # of a board: for the host, on no board
        and re.search(r"^\s*(import|from)\s+(stillscan|numpy)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert guilty == []


def test_the_host_imports_nothing_of_the_firmware_but_wire() -> None:
    pattern = re.compile(
        r"^\s*(?:from kiosk import (?!wire\b)|from kiosk\.(?!wire\b)|import kiosk\b(?!\.wire\b))", re.M
    )
    guilty = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "host_tools").rglob("*.py")
        if pattern.search(path.read_text(encoding="utf-8"))
    ]
    assert guilty == []


@pytest.mark.process
def test_make_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    shown = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=20).stdout
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    listed = set(re.findall(r"^  make ([\w-]+) ", shown, re.MULTILINE))
    assert listed == set(phony[1].split())
    starts = {len(match[0]) for match in re.finditer(r"^  make [\w-]+ +", shown, re.MULTILINE)}
    assert len(starts) == 1, "what the targets do stands in one column"
