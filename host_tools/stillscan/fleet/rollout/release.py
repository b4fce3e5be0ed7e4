"""What a kiosk can be given: firmware of a board, a list of known problems, settings of the scanner.

A release is one file. What it is stands beside its digest in the metadata that the offline keys have signed, so that no
kiosk has to trust a name or the file itself.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from stillscan.errors import InputError

MOST_BYTES = 4_000_000
"""Of a release: ten times the compiled firmware of a board, and far more than any list that people write."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_MOST_SERIAL = 2**31 - 1  # a number that every database keeps, and no house ever reaches
_FIELDS = {"kind", "version", "serial", "board"}


class Kind(StrEnum):
    """What a release is put on, and how."""

    FIRMWARE = "firmware"
    KNOWN = "known"
    SETTINGS = "settings"


_ENDINGS = {Kind.FIRMWARE: "zip", Kind.KNOWN: "toml", Kind.SETTINGS: "toml"}


@dataclass(frozen=True)
class Release:
    """``serial`` counts the releases of a kind: a kiosk goes forward, and back only to the one that it had before.

    ``board``: on which alone it runs; "" for any.
    """

    kind: Kind
    version: str
    serial: int
    board: str = ""

    @property
    def path(self) -> str:
        """Where it lies in the repository."""
        place = f"{self.kind}/{self.board}/" if self.board else f"{self.kind}/"
        return f"{place}{self.version}.{_ENDINGS[self.kind]}"

    def custom(self) -> dict[str, Any]:
        """As it stands in the metadata."""
        return asdict(self)


def release(kind: str, version: str, serial: int, board: str = "") -> Release:
    """Of what people have typed. InputError."""
    if kind not in set(Kind):
        raise InputError(f"'{kind}' is no kind of release; there are: {', '.join(Kind)}")
    for what, name in (("version", version), ("board", board)):
        if (name or what == "version") and not _NAME.fullmatch(name):
            raise InputError(f"'{name}' is no {what}: small letters (a-z), digits, '.', '_' and '-', 64 at most")
    if not 1 <= serial <= _MOST_SERIAL:
        raise InputError(f"serial {serial}: releases of a kind are counted from 1 on")
    if (kind == Kind.FIRMWARE) != bool(board):
        raise InputError("firmware is for one board, which is named; all else is for any")
    return Release(Kind(kind), version, serial, board)


def read(path: str, custom: Any) -> Release:
    """What the metadata say of a path. InputError: no release of ours, which can be installed by nobody."""
    if not isinstance(custom, dict) or set(custom) != _FIELDS:
        raise InputError(f"{path}: the metadata do not say what it is")
    kind, version, serial, board = (custom[name] for name in ("kind", "version", "serial", "board"))
    if not all(isinstance(value, str) for value in (kind, version, board)) or type(serial) is not int:
        raise InputError(f"{path}: the metadata do not say what it is")
    found = release(kind, version, serial, board)
    if found.path != path:
        raise InputError(f"{path}: the metadata say that it is {found.path}")
    return found
