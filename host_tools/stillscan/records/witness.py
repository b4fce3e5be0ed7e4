"""Each kiosk's own note of how far the audit chain went, outside the database.

A signed head in the database cannot show that the whole database was put back to an older state, head and all. The note
can: what it names must still be in the chain. It is written after the record is durable, in place and without waiting
for the disk; after a power cut it is the new note or an older one, and both are true.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from stillscan.files import why
from stillscan.records.errors import RecordsError
from stillscan.records.files import is_there, make_folder, names, read

_SUFFIX = ".head"
_NOTE = re.compile(rb"([0-9]{20}) ([0-9a-f]{64})\n")


class Seen(NamedTuple):
    """The chain's end as a kiosk saw it last."""

    seq: int
    digest: str


@contextlib.contextmanager
def noting(path: Path) -> Iterator[tuple[Seen | None, Callable[[int, str], None]]]:
    """(what was noted before or None, a function that notes anew). It is opened before anything else is written."""
    make_folder(path.parent)
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise RecordsError(f"{path}: {why(error)}") from None

    def note(count: int, digest: str) -> None:
        with contextlib.suppress(OSError):  # the record is kept; an older note stays true
            os.lseek(file, 0, os.SEEK_SET)
            os.write(file, f"{count:020d} {digest}\n".encode())

    try:
        yield _parse(path, os.read(file, 200)), note
    finally:
        os.close(file)


def own_note(path: Path) -> Seen | None:
    """What the kiosk of this file noted; None when it has not written yet. RecordsError for a damaged note."""
    return _parse(path, read(path)) if is_there(path) else None


def noted(folder: Path) -> dict[str, Seen]:
    """What every kiosk of this folder noted, by its name. RecordsError for a damaged note."""
    paths = [folder / name for name in names(folder) if name.endswith(_SUFFIX)]
    notes = {path.stem: _parse(path, read(path)) for path in paths}
    return {kiosk: seen for kiosk, seen in notes.items() if seen is not None}


def _parse(path: Path, content: bytes) -> Seen | None:
    if not content:
        return None
    match = _NOTE.fullmatch(content)
    if match is None:
        raise RecordsError(f"{path}: this is no note of where the audit chain ended")
    return Seen(int(match[1]), match[2].decode())
