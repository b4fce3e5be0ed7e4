"""Each kiosk's own note of how far the audit chain went when it saw it last, outside the database.

A signed head in the database cannot show that the whole database was put back to an older state, head and all. The
notes can: what they name must still be in the chain. A kiosk notes what it wrote after that is durable, and what it
followed or verified after that was found whole, whoever wrote it; in place and without waiting for the disk: after a
power cut it is the new note or an older one, and both are true.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from stillscan.records.errors import RecordsError, of_file
from stillscan.records.files import BINARY, make_folder, names, read

try:
    import fcntl
except ImportError:  # no such locks on this system: two processes of one kiosk may leave the older of two true notes
    fcntl = None  # type: ignore[assignment]

_SUFFIX = ".head"
_NOTE = re.compile(rb"([0-9]{20}) ([0-9a-f]{64})\n")
_MOST = 200  # bytes of a note that are looked at: it has 86


class Seen(NamedTuple):
    """The chain's end as a kiosk saw it last."""

    seq: int
    digest: str


Notes = dict[str, Seen]
"""What every kiosk of a folder saw last, by its name."""


@contextlib.contextmanager
def noting(path: Path, *, writes: bool) -> Iterator[tuple[Notes, Callable[[Seen], None]]]:
    """(all notes beside ``path``, a function that notes in it what was seen since).

    Who ``writes`` records has a place to note it before anything else is written: RecordsError. Who only reads notes it
    where that is possible. RecordsError for a damaged note.
    """
    if writes:
        make_folder(path.parent)
    try:
        # Whoever reads as another user leaves no file behind that the kiosk's own user could not write.
        makes = writes or not hasattr(os, "geteuid") or path.parent.stat().st_uid == os.geteuid()
        file = os.open(path, os.O_RDWR | BINARY | (os.O_CREAT if makes else 0), 0o644)
    except OSError as error:
        if writes:
            raise of_file(path, error) from None
        yield noted(path.parent), lambda _: None
        return

    try:
        yield noted(path.parent), lambda seen: _note(file, seen)
    finally:
        os.close(file)


def noted(folder: Path) -> Notes:
    """What every kiosk of this folder noted, by its name. RecordsError for a damaged note."""
    paths = [folder / name for name in names(folder) if name.endswith(_SUFFIX)]
    notes = {path.stem: _parse(path, read(path)) for path in paths}
    return {kiosk: seen for kiosk, seen in notes.items() if seen is not None}


def _note(file: int, seen: Seen) -> None:
    """Note it, unless another process of this kiosk has seen more already."""
    with contextlib.suppress(OSError):  # the record is kept; an older note stays true
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        try:
            os.lseek(file, 0, os.SEEK_SET)
            match = _NOTE.fullmatch(os.read(file, _MOST))
            if seen.seq and (match is None or int(match[1]) < seen.seq):
                os.lseek(file, 0, os.SEEK_SET)
                os.write(file, f"{seen.seq:020d} {seen.digest}\n".encode())
        finally:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_UN)


def _parse(path: Path, content: bytes) -> Seen | None:
    if not content:
        return None
    match = _NOTE.fullmatch(content)
    if match is None:
        raise RecordsError(
            f"{path}: is cut off or damaged: this is no note of where the audit chain ended; move it away, and it is "
            "written anew. Then look for a database that was put back: 'stillscan audit verify --end' with an end that "
            "was noted elsewhere",
            "notes",
        )
    return Seen(int(match[1]), match[2].decode())
