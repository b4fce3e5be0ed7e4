"""What is left when a kiosk is killed in the middle of checks: a process that checks, and one that kills it and looks.

    python -m bench.crash FOLDER FIRST [EVENTS]

finishes checks of invented letters from FIRST on and tells each on standard output once it is durable. With EVENTS it
kills itself (SIGKILL) after so many calls and returns of Python and C functions: a moment that is the same every time.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from stillscan.mrz.compose import compose
from stillscan.records.audit import entries
from stillscan.records.database import Database
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.observations import Observations
from stillscan.records.release import Desk
from stillscan.records.staff import Person, Role
from stillscan.records.tracking import s10_check_digit
from stillscan.records.verification import verify

_LINES = compose(
    "TD3", code="P", number="ZZZ000101", expiry="310101", issuer="NOR", nationality="NOR",
    primary="OESTENBYEN", secondary="AASE", birth="910517", sex="F",
)  # fmt: skip
CLERK = Person("staff-1", Role.CLERK)
PASSED = Observations(_LINES, certain=True, face_matches=True)
UNREAD = Observations(_LINES, certain=False)
_LATEST_MS = 200.0  # the first checks take longest
_LATEST_EVENT = 100_000  # some 15,000 of them are of the first check, which makes the tables anew to compare


class Killed(NamedTuple):
    """One kill: how many checks were told, whether one more was recorded, and everything that is wrong."""

    told: int
    untold: int
    wrong: list[str]


def number(n: int) -> str:
    """The n-th tracking number of a made-up series."""
    return f"RR{n:08d}{s10_check_digit(f'{n:08d}')}NO"


def open_place(folder: Path) -> tuple[Database, Keyring]:
    """Database and keys of a trial."""
    return Database(folder / "records.db"), Keyring(folder / "keys", "kiosk-1")


def letters(folder: Path, count: int, first: int = 0) -> None:
    """Import so many letters for an invented person, from the first of the series on."""
    deadline = date.today() + timedelta(days=14)
    rows = [f"{number(n)},B-{n},Åse Østenbyen,{deadline}" for n in range(first, first + count)]
    database, keyring = open_place(folder)
    load("\n".join(["tracking,order,recipient,deadline", *rows]).encode(), database, keyring, "letters")
    database.close()


def kill(folder: Path, first: int, moment: random.Random, *, events: bool) -> Killed:
    """Let a process check from letter `first` on, kill it at a random moment, and look at what it left."""
    before = _recorded(folder)
    command = [sys.executable, "-m", "bench.crash", str(folder), str(first)]
    if events:
        command.append(str(moment.randrange(_LATEST_EVENT)))
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        ready = child.stdout.readline()
        if not events:
            time.sleep(moment.uniform(0, _LATEST_MS) / 1000)
            child.send_signal(signal.SIGKILL)
        told = [line.split() for line in child.stdout.read().decode().splitlines(keepends=True) if line.endswith("\n")]
    wrong = [] if ready == b"ready\n" and child.returncode == -signal.SIGKILL else [f"ended by {child.returncode}"]
    return _look(folder, before, told, wrong)


def _look(folder: Path, before: int, told: list[list[str]], wrong: list[str]) -> Killed:
    database, keyring = open_place(folder)
    wrong += [str(finding) for finding in verify(database, keyring).findings]
    with database.reading() as connection:
        kept = [(entry.seq, entry.digest, entry.facts) for entry in entries(connection, before)]
    database.close()
    for (seq, digest, facts), (seq_told, digest_told, verdict) in zip(kept, told, strict=False):
        if (str(seq), digest, facts["verdict"]) != (seq_told, digest_told, verdict):
            wrong.append(f"entry {seq} is not the one that was told")
    if not 0 <= len(kept) - len(told) <= 1:
        wrong.append(f"{len(told)} checks were told, {len(kept)} are recorded")
    return Killed(len(told), len(kept) - len(told), wrong)


def _recorded(folder: Path) -> int:
    database, _ = open_place(folder)
    with database.reading() as connection:
        count = sum(1 for _ in entries(connection))
    database.close()
    return count


def _checks(folder: Path, first: int) -> Iterator[None]:
    database, keyring = open_place(folder)
    desk = Desk(database, keyring, "1473 Oppsal")
    os.write(1, b"ready\n")
    yield
    for n in range(first, first + 10_000):
        done = desk.finish(number(n), UNREAD if n % 3 == 0 else PASSED, CLERK)
        os.write(1, f"{done.entry} {done.digest} {done.verdict}\n".encode())


def _main(folder: str, first: str, events: str | None = None) -> None:
    checks = _checks(Path(folder), int(first))
    next(checks)
    if events is not None:
        left = int(events)

        def count(*_: object) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)
    next(checks, None)


if __name__ == "__main__":
    _main(*sys.argv[1:])
