"""A technician's day as service.md tells it: its ten tasks, each line carried out as it stands there."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stillscan.cli import main
from stillscan.technician.procedures.table import answer_sheet, find
from tests.covering import WHOLE

from .short_looks import shorten

pytestmark = [pytest.mark.process, pytest.mark.slow]
PAGE = Path(__file__).parents[2] / "host_tools" / "docs" / "service.md"
PIN = "4711-blå"
AT_DEVICE = ("info", "calibrate", "settings")
"""What is to be found again by the next command; the others are quicker at a scanner in virtual time."""
SAYS = {
    "info": "lamp_hours", "log": "boot", "test": "as they have to be", "clean": "nothing is there that hurts",
    "calibrate": "calibrated at", "calibrate --back": "back to the former calibration", "settings": "brings it back",
    "run": "entry 2 of the audit chain", "bundle": "support.zip", "read": "nothing found", "card": "laser printer",
}  # fmt: skip


def told() -> list[str]:
    """The lines of the ten tasks."""
    section = PAGE.read_text().split("\n## Ten tasks\n")[1].split("\n## ")[0]
    return re.findall(r"^    (?:cat pin\.txt answers\.txt \| )?(stillscan .*?)(?:\s+#.*)?$", section, re.M)


def filled_in(sheet: str) -> str:
    """Every answer as a sound scanner gives it: yes, and the middle of the limits."""
    lines, answer = [], ""
    for line in sheet.splitlines():
        if limits := re.search(r"^#   .*, (\S+) to (\S+)", line):
            answer = f"{(float(limits[1]) + float(limits[2])) / 2:g}"
        elif line.startswith("#   "):
            answer = "y"
        lines.append(answer if line == "?" else line)
    return "\n".join(lines) + "\n"


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A scanner with an empty glass on a serial port; its folder is where the technician stands."""
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("STILLSCAN_DATABASE", str(tmp_path / "records.db"))
    monkeypatch.chdir(tmp_path)
    device = [sys.executable, "-m", "stillscan", "device", "--hands", "nobody"]
    with subprocess.Popen(device, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def test_the_ten_tasks(port: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    if not WHOLE:
        shorten(monkeypatch)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PIN}\n"))
    assert main(["staff", "add", "kari", "--role", "technician"]) == 0
    capsys.readouterr()
    lines = told()
    assert len(lines) == 13, "all tasks but the page, which is one of a browser (tests/web/test_service_page.py)"
    said: dict[str, str] = {}
    for line in lines:
        words = shlex.split(line.split(" > ")[0])[1:]
        name = next(one for one in reversed(words) if one in SAYS or one == "show")
        name += " --back" if "--back" in words else ""
        if name not in ("show", "read", "card"):
            words += ["--port", port if words[1] in AT_DEVICE else "sim"]
        answers = filled_in(said["show"]) if name == "run" else ""
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PIN}\n{answers}"))
        assert main(words) == 0, line
        out, err = capsys.readouterr()
        said[name] = out
        assert SAYS.get(name, "") in out + err, line
    assert "; before 30:" in said["settings"], "put back is what was changed"
    assert Path("card.pdf").read_bytes().startswith(b"%PDF")
    assert zipfile.is_zipfile("support.zip")
    report = next(line for line in said["run"].splitlines() if line.endswith(".pdf"))
    assert Path(report).read_bytes().startswith(b"%PDF")


def test_a_sheet_asks_as_often_as_the_procedure() -> None:
    """Unfilled it is no answer: nobody signs what nobody has seen."""
    procedure = find("acceptance")
    asks = sum(len(step.ask) for step in procedure.steps) + sum(
        step.by in ("confirm", "ring", "beeper") for step in procedure.steps
    )
    assert [line for line in answer_sheet(procedure).splitlines() if not line.startswith("#")] == ["?"] * asks
