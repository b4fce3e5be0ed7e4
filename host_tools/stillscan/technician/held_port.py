"""The note of a running kiosk: which port it holds, and where a technician reaches the scanner through it.

It lies beside the keys, for the kiosk's own account alone: whoever can read it could read the keys as well, and is
asked for a PIN all the same.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from stillscan.records.errors import RecordsError
from stillscan.records.files import is_there, read, remove, replace

_SECRET_BYTES = 32  # 256 bits: nobody guesses them


class HeldPort(NamedTuple):
    """``secret`` lets a program of this account ask for a PIN there."""

    port: str
    url: str
    secret: str


def new_secret() -> str:
    """One that nobody guesses."""
    return secrets.token_urlsafe(_SECRET_BYTES)


@contextlib.contextmanager
def noted(folder: Path, held: HeldPort) -> Iterator[None]:
    """As long as the kiosk runs. RecordsError: it cannot be written."""
    path = _path(folder, held.port)
    replace(path, json.dumps(held._asdict()).encode(), 0o600)
    try:
        yield
    finally:
        with contextlib.suppress(RecordsError):
            if _read(path) == held:  # else another kiosk has taken over
                remove(path)


def find(folder: Path, port: str) -> HeldPort | None:
    """The note of the kiosk that holds this port; None when there is none. RecordsError: it cannot be read."""
    return _read(_path(folder, port))


def _path(folder: Path, port: str) -> Path:
    """A port has many names, as by links of udev; its file has one."""
    return folder / f"service{re.sub(r'[^A-Za-z0-9]+', '-', os.path.realpath(port))}.json"


def _read(path: Path) -> HeldPort | None:
    if not is_there(path):
        return None
    try:
        fields = json.loads(read(path))
        held = HeldPort(*(fields[name] for name in HeldPort._fields))
    except (ValueError, KeyError, TypeError):
        return None  # half a note: the kiosk writes a whole one at its next start
    return held if all(isinstance(field, str) for field in held) else None
