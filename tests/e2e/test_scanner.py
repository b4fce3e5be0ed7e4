"""`stillscan scanner` at a port: a scanner that is paired, with its key and without, and a port that is held."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stillscan.cli import main
from stillscan.link.serial_port import SerialTransport

pytestmark = pytest.mark.process
_TRIES = 5  # of a command that nobody answered: more than that is a fault
COMMAND = (sys.executable, "-m", "stillscan.cli")


@contextmanager
def device(*options: str) -> Iterator[str]:
    """A simulated scanner at a pseudo-terminal; its name."""
    process = subprocess.Popen(
        [*COMMAND, "device", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate()


def place(folder: Path) -> list[str]:
    return ["--database", str(folder / "records.db"), "--kiosk", "kiosk-1"]


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """What a command says at the scanner; again, a few times at most, where that does not answer."""
    silent = "no stillscan scanner answers there"
    for _ in range(_TRIES):
        capsys.readouterr()
        ended = main(["scanner", *arguments])
        told = capsys.readouterr()
        if silent not in told.err:
            break
    assert ended == code, told.err
    if code:
        assert len(told.err.splitlines()) == 1
        return told.err
    return told.out


def test_a_paired_scanner_obeys_who_has_its_key_and_answers_everybody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    pairing = str(tmp_path / "pairing.json")
    assert main(["pair", "--simulated", pairing, "--new-database", *place(here)]) == 0
    with device("--pairing", pairing) as port:
        record = json.loads(said(capsys, "info", "--port", port, "--json", *place(here)))
        assert record["scanner"] == json.loads(Path(pairing).read_text())["scanner"]
        rows = json.loads(said(capsys, "settings", "--port", port, "--json", "--set", "dwell=200", *place(here)))
        assert next(row for row in rows if row["name"] == "dwell")["value"] == 200
        assert "no fault" in said(capsys, "recover", "--port", port, *place(here))
        # elsewhere nobody has the key
        assert (
            json.loads(said(capsys, "info", "--port", port, "--json", *place(elsewhere)))["serial"] == record["serial"]
        )
        for asked in ("health", "log", "settings"):
            said(capsys, asked, "--port", port, *place(elsewhere))
        for asked in ("recover", "calibrate", "watch", "test"):
            assert "paired elsewhere" in said(capsys, asked, "--port", port, *place(elsewhere), code=3)
        assert "paired elsewhere" in said(
            capsys, "settings", "--port", port, "--set", "dwell=300", *place(elsewhere), code=3
        )


def test_a_port_that_is_held_is_told_in_one_line_with_the_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with device() as port:
        held = SerialTransport(port)
        try:
            line = said(capsys, "info", "--port", port, *place(tmp_path), code=3)
        finally:
            held.close()
        assert "stillscan run" in line
        assert "systemctl stop stillscan" in line
        assert json.loads(said(capsys, "info", "--port", port, "--json", *place(tmp_path)))["board"] == "simulator"


def test_a_document_on_the_glass_is_no_time_for_service(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Visitors lay their passports down as soon as the light is green."""
    with device("--hands", "quick") as port:
        lines = {said_anyway(capsys, "calibrate", port, tmp_path) for _ in range(6)}
    assert any("not now: a document lies on the glass" in line for line in lines)


def said_anyway(capsys: pytest.CaptureFixture[str], command: str, port: str, folder: Path) -> str:
    capsys.readouterr()
    code = main(["scanner", command, "--port", port, *place(folder)])
    told = capsys.readouterr()
    assert code in (0, 3)
    return told.out + told.err
