"""Each kiosk's own note of the newest time that it has seen, outside the database: NAME.clock in the folder of keys.

A kiosk that only waits writes no entries, and still sees the days go by. Where the note was made since the computer
started, the time that the computer has been running since then counts too. It is written in place and without waiting
for the disk: after a power cut it is the new note or an older one, and both are true.
"""

from __future__ import annotations

import contextlib
import os
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from stillscan.records.computer import Boot
from stillscan.records.errors import RecordsError
from stillscan.records.files import BINARY, make_folder, names, read

SUFFIX = ".clock"
_NOTE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (\d{20}) ([0-9a-f-]{36}) (\d{10}\.\d{3})\n", re.ASCII)
_NO_BOOT = "-" * 36  # as long as a boot's id: a note has one length, so that it is written at once


class ClockNote(NamedTuple):
    """The newest time, how many entries the chain had then, and how long the computer had been running (or None)."""

    time: str
    entries: int
    boot: Boot | None

    def by_now(self, boot: Boot | None) -> str:
        """The time that it must be at least by now: what the computer has run since the note was made is added."""
        if boot is None or self.boot is None or boot.id != self.boot.id or boot.seconds < self.boot.seconds:
            return self.time
        passed = timedelta(seconds=boot.seconds - self.boot.seconds)
        return (datetime.fromisoformat(self.time) + passed).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def clock_notes(folder: Path) -> list[ClockNote]:
    """The notes of all kiosks of a folder. RecordsError for a damaged one."""
    found = (_parse(folder / name) for name in names(folder) if name.endswith(SUFFIX))
    return [note for note in found if note is not None]


def write_note(path: Path, note: ClockNote) -> None:
    """Write it as well as can be: without it the chain still vouches for its own times."""
    boot = note.boot or Boot(_NO_BOOT, 0.0)
    line = f"{note.time} {note.entries:020d} {boot.id:36} {boot.seconds:014.3f}\n"
    with contextlib.suppress(OSError, RecordsError):
        make_folder(path.parent)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | BINARY | getattr(os, "O_NOFOLLOW", 0), 0o644)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)


def _parse(path: Path) -> ClockNote | None:
    for _ in range(2):  # it may be read while another process writes it: that is over by the second time
        content = read(path)
        if not content:
            return None
        match = _NOTE.fullmatch(content.decode("ascii", "replace"))
        if match is not None:
            break
    if match is None:
        raise RecordsError(
            f"{path}: is cut off or damaged: this is no note of the time; remove it, and look at the clock", "notes"
        )
    return ClockNote(match[1], int(match[2]), None if match[3] == _NO_BOOT else Boot(match[3], float(match[4])))
