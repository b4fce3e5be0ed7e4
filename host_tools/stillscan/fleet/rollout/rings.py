"""Which kiosks get a release when: rings in a row, each of a share of all kiosks, of offices, or of boards.

Shares are drawn by a hash of the roll-out's name and the kiosk's: every kiosk and the centre come to the same ring by
themselves, no list is kept, and each roll-out begins at other kiosks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from stillscan.errors import InputError

MOST_RINGS = 16
"""More steps than a roll-out of weeks has nights."""
_MOST_NAMES = 500
"""Offices or boards that one ring names: who means more means a share."""
_MOST_NAME = 200
"""Characters of an office's name, as records take them."""
_SHARES = 10_000
"""Steps of a share: hundredths of a per cent, less than one kiosk of 3,000."""
STANDARD = ("1%", "5%", "20%", "50%", "100%")
"""Of 3,000 kiosks 30, 120, 450, 900 and the rest. Thirty kiosks have 300 checks within an hour (`make
bench-fleet-rollout` shows what is found with so many), and five nights are a working week."""


@dataclass(frozen=True, order=True)
class Member:
    """What a kiosk is drawn by."""

    kiosk: str
    office: str = ""
    board: str = ""


@dataclass(frozen=True)
class Ring:
    """One of the three: ``share`` of all kiosks up to and with this ring, in hundredths of a per cent; or names."""

    share: int = 0
    offices: tuple[str, ...] = ()
    boards: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.share:
            return f"{self.share / 100:g}%"
        return f"office:{','.join(self.offices)}" if self.offices else f"board:{','.join(self.boards)}"

    def has(self, member: Member, place: int) -> bool:
        """Is it in this ring, or in one before? ``place``: where it was drawn, 0 to 9,999."""
        return place < self.share or member.office in self.offices or member.board in self.boards

    def record(self) -> dict[str, Any]:
        """As JSON."""
        if self.share:
            return {"share": self.share}
        return {"offices": list(self.offices)} if self.offices else {"boards": list(self.boards)}


def drawn(rollout: str, kiosk: str) -> int:
    """Where a kiosk was drawn in a roll-out, 0 to 9,999: every place as likely."""
    value = int.from_bytes(hashlib.sha256(f"{rollout}\0{kiosk}".encode()).digest()[:8], "big")
    return value * _SHARES >> 64


def ring_of(rings: Sequence[Ring], rollout: str, member: Member) -> int | None:
    """Number of the first ring, from 0, that it is in; None: it is in none, and gets nothing."""
    place = drawn(rollout, member.kiosk)
    return next((number for number, ring in enumerate(rings) if ring.has(member, place)), None)


def members(rings: Sequence[Ring], rollout: str, fleet: Iterable[Member]) -> list[list[Member]]:
    """The kiosks of each ring; those of none are left out."""
    found: list[list[Member]] = [[] for _ in rings]
    for member in fleet:
        number = ring_of(rings, rollout, member)
        if number is not None:
            found[number].append(member)
    return found


def parse(texts: Sequence[str]) -> tuple[Ring, ...]:
    """From what people type: 5% (of all kiosks, those of the rings before counted), office:NAME[,NAME], board:NAME.
    InputError."""
    rings = tuple(_ring(text) for text in texts)
    return checked(rings)


def read(value: Any) -> tuple[Ring, ...]:
    """From JSON, as ``Ring.record`` made it. InputError."""
    if not isinstance(value, list) or not all(isinstance(item, dict) and len(item) == 1 for item in value):
        raise InputError("rings: a list of objects is wanted")
    rings = []
    for item in value:
        ((name, what),) = item.items()
        if name == "share" and type(what) is int:
            rings.append(Ring(share=what))
        elif name in ("offices", "boards") and isinstance(what, list) and all(isinstance(text, str) for text in what):
            rings.append(Ring(offices=tuple(what)) if name == "offices" else Ring(boards=tuple(what)))
        else:
            raise InputError("rings: each has a share, offices or boards")
    return checked(tuple(rings))


def checked(rings: tuple[Ring, ...]) -> tuple[Ring, ...]:
    """InputError: rings that nobody can mean."""
    if not 1 <= len(rings) <= MOST_RINGS:
        raise InputError(f"{len(rings)} rings; there are 1 to {MOST_RINGS}")
    before = 0
    for ring in rings:
        names = ring.offices or ring.boards
        if ring.share:
            if not before < ring.share <= _SHARES:
                raise InputError(f"ring {ring}: shares grow from ring to ring, up to 100%")
            before = ring.share
        elif not 1 <= len(names) <= _MOST_NAMES or not all(0 < len(name) <= _MOST_NAME for name in names):
            raise InputError(f"a ring needs a share above 0%, or 1 to {_MOST_NAMES} names")
    return rings


def _ring(text: str) -> Ring:
    kind, _, names = text.partition(":")
    if kind in ("office", "board") and names:
        listed = tuple(name.strip() for name in names.split(","))
        return Ring(offices=listed) if kind == "office" else Ring(boards=listed)
    try:
        share = float(text.removesuffix("%")) * 100
    except ValueError:
        share = -1
    if not text.endswith("%") or not 1 <= share <= _SHARES or share != int(share):
        raise InputError(f"ring '{text}': 5% (0.01% to 100%), office:NAME[,NAME...] or board:NAME[,NAME...] is wanted")
    return Ring(share=int(share))
