"""A scanner that is not paired, a simulated one, one that was revoked: processes, a pseudo-terminal, real records."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stillscan import __version__

pytestmark = pytest.mark.process
COMMAND = (sys.executable, "-m", "stillscan.cli")
HANG_S = 120.0
LETTER = "RR123456785NO"
PIN = "4711-blue"


class Office:
    """Records with one letter, ``test``: for trying out."""

    def __init__(self, folder: Path, test: bool) -> None:
        self.place = ["--database", str(folder / "records.db"), "--kiosk", "kiosk-1"]
        deadline = datetime.now(UTC).date() + timedelta(days=9)
        letters = folder / "letters.csv"
        letters.write_text(f"tracking,order,recipient,deadline\n{LETTER},B-1,Åse Østenbyen,{deadline}\n")
        self.said("consignment", "import", str(letters), *["--test"] * test)
        self.pairing = folder / "pairing.json"
        added = self.run("staff", "add", "anna", "--role", "clerk", typed=f"{PIN}\n")
        assert added.returncode == 0, added.stderr

    def run(self, *command: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *command, *self.place], capture_output=True, text=True, input=typed, timeout=HANG_S
        )

    def said(self, *command: str) -> str:
        done = self.run(*command)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def check(self, port: str, *more: str) -> subprocess.CompletedProcess[str]:
        check = ("check", "--tracking", LETTER, "--port", port, "--language", "en", "--staff", "anna")
        return self.run(*check, *more, typed=f"{PIN}\nyes\n")

    def scanner(self) -> dict[str, object]:
        """That of the newest check."""
        with contextlib.closing(sqlite3.connect(self.place[1])) as connection:
            (body,) = connection.execute("select body from audit_entry order by seq desc limit 1").fetchone()
        found: dict[str, object] = json.loads(body)["scanner"]
        return found


@contextmanager
def device(*options: str) -> Iterator[str]:
    """Port of a simulated scanner."""
    process = subprocess.Popen([*COMMAND, "device", "--hands", "quick", *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def is_refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one line about it."""
    assert done.returncode == 3, (done.stdout, done.stderr)
    (line,) = [
        line for line in done.stderr.splitlines() if line.startswith("stillscan: ") and "new database" not in line
    ]
    assert line.startswith("stillscan: scanner_not_paired: ")
    assert "--test-mode takes it" in line
    return line


def test_a_picture_and_two_of_our_own_commands_make_no_release(tmp_path: Path) -> None:
    """trials 2.1: a letter for real, a simulated scanner on a pseudo-terminal, paired or not."""
    office = Office(tmp_path, test=False)
    with device() as port:
        is_refused(office.check(port))
    office.said("pair", "--simulated", str(office.pairing))
    with device("--pairing", str(office.pairing)) as port:
        is_refused(office.check(port))
        is_refused(office.run("run", "--once", "--port", port))
        is_refused(office.run("run", "--no-page", "--port", port))
        served = office.run("run", "--office", "Sentrum", "--page", "0", "--port", port)
        is_refused(served)
        assert "http://" not in served.stdout, "no address is printed of a page that never stands"
    shown = office.said("audit", "show", "--last", "0")
    assert [line.split()[3] for line in shown.splitlines()] == ["consignment", "staff", "pairing"]


def test_test_mode_takes_any_scanner_and_the_entry_says_which(tmp_path: Path) -> None:
    office = Office(tmp_path, test=True)
    office.said("pair", "--simulated", str(office.pairing))
    with device("--pairing", str(office.pairing)) as port:
        assert office.check(port, "--test-mode").returncode == 0
    row = json.loads(office.said("pair", "list", "--json"))
    assert office.scanner() | {"session": ""} == {
        "id": row["scanner"], "board": "simulator", "firmware": __version__, "boot": 1, "session": "",
    }  # fmt: skip
    with device() as port:
        assert office.check(port, "--test-mode").returncode == 1, "handed out already"
    assert office.scanner() is None, "no passport was asked for"
    (tmp_path / "other").mkdir()
    other = Office(tmp_path / "other", test=True)
    with device() as port:
        assert other.check(port, "--test-mode").returncode == 0
    assert other.scanner()["id"] is None


def test_a_revoked_scanner_is_for_nobody(tmp_path: Path) -> None:
    office = Office(tmp_path, test=True)
    office.said("pair", "--simulated", str(office.pairing))
    row = json.loads(office.said("pair", "list", "--json"))
    with device("--pairing", str(office.pairing)) as port:
        office.said("pair", "revoke", row["scanner"])
        done = office.check(port, "--test-mode")
        assert done.returncode == 3
        assert done.stderr.splitlines()[-1].startswith("stillscan: scanner_not_paired: ")
        assert "revoked" in done.stderr.splitlines()[-1]


def test_without_records_test_mode_needs_none(tmp_path: Path) -> None:
    with device() as port:
        done = subprocess.run(
            [*COMMAND, "run", "--once", "--port", port, "--test-mode", "--database", str(tmp_path / "none.db")],
            capture_output=True, text=True, timeout=HANG_S,
        )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    assert not (tmp_path / "none.db").exists()
