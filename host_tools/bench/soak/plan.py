"""What a day brings, drawn by seed: who comes with what for which letter, and which misfortune strikes when."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from stillscan.records.tracking import s10_check_digit
from stillscan.simulator.kiosk import FAULTS


@dataclass(frozen=True)
class Document:
    """What a customer lays on the glass, for whom the letter is, and which verdicts may come of it."""

    file: str
    recipient: str
    verdicts: tuple[str, ...]
    share: float
    same_person: bool = True
    passport: bool = True
    """False: nothing that can be read; the clerk ends the visit at the first failure."""


_AASE, _KNUT, _ANNA = "Åse Østenbyen", "Knut Olav Fjellvang Dal", "Anna Maria Eriksson"
_NOT_READ = ("rescan", "refuse")
PASSPORTS = (
    Document("nor-clean.png", _AASE, ("release",), 70),
    Document("nor-clean.png", _AASE, ("refuse",), 6, same_person=False),
    Document("nor-expired.png", _AASE, ("refuse",), 6),
    Document("nor-clean.png", _KNUT, ("refuse",), 6),
    Document("uto-clean.png", _ANNA, ("needs_second_document",), 6),
    Document("nor-worn.png", _KNUT, ("release", *_NOT_READ), 6),
)
PAPERS = tuple(
    Document(f"{name}.png", _AASE, _NOT_READ, 1, passport=False) for name in ("text", "blank", "cloth", "card")
)
"""Files that ``pictures`` draws."""


@dataclass(frozen=True)
class Kind:
    """A kind of misfortune: how often it is drawn beside the others, and how long it lasts (seconds, with weights)."""

    weight: float
    seconds: tuple[tuple[float, float], ...]
    restarts: bool = False


_SHORT = ((1.0, 6), (4.0, 3), (15.0, 0.5))
_STOP = ((1.0, 8), (4.0, 4), (60.0, 0.25))
KINDS = {
    "host stopped": Kind(8, _STOP),
    "device stopped": Kind(4, _STOP),
    "board frozen": Kind(4, _STOP),
    "reader stopped": Kind(3, ((1.0, 2), (6.0, 1))),
    "reader killed": Kind(3, ((0.0, 1),)),
    "computer asleep": Kind(3, ((4.0, 3), (30.0, 1))),
    "unplugged": Kind(6, ((0.2, 3), (2.0, 4), (12.0, 1))),
    "power cut": Kind(4, ((0.2, 3), (2.0, 4), (12.0, 1))),
    "reboot": Kind(5, ((0.0, 1),)),
    "noise": Kind(5, _SHORT),
    "silence": Kind(5, _SHORT),
    "garbage": Kind(3, _SHORT),
    "stranger": Kind(2, ((3.0, 2), (8.0, 1))),
    "port busy": Kind(3, ((1.0, 2), (6.0, 1))),
    "load": Kind(5, ((3.0, 2), (8.0, 1))),
    "part": Kind(12, ((0.5, 2), (2.0, 3), (6.0, 1))),
    "paper": Kind(8, ((0.0, 1),)),
    "database locked": Kind(4, ((2.0, 3), (8.0, 1))),
    "disk full": Kind(3, ((2.0, 3), (6.0, 1))),
    "windows": Kind(5, ((1.0, 2), (4.0, 1))),
    "killed": Kind(3, ((0.0, 1),), restarts=True),
    "ended": Kind(3, ((0.0, 1),), restarts=True),
}
_GAP = (4, 11)  # checks from one misfortune to the next: 250 in 2,000, and each recovers before the next one
_MOST_OFFSET_S = 1.6  # into the check: any moment of it
RESTARTS_UNTIL = 0.35
"""The program is killed and ended only in this first part of the day: memory needs a long life to be judged by."""


@dataclass(frozen=True)
class Misfortune:
    """``offset_s`` seconds into its check, for ``seconds``; ``detail`` is a part's fault."""

    kind: str
    seconds: float
    offset_s: float
    detail: str = ""


@dataclass(frozen=True)
class Visit:
    """One customer. ``tracking`` is of a letter of their own."""

    number: int
    tracking: str
    document: Document
    misfortune: Misfortune | None = None


def draw(seed: int, checks: int, kinds: tuple[str, ...] = tuple(KINDS)) -> list[Visit]:
    """The day of a seed: the same for the same arguments. ``kinds``: which misfortunes may strike."""
    chance = random.Random(f"soak {seed}")
    visits = []
    next_one = chance.randint(*_GAP)
    for n in range(checks):
        document = chance.choices(PASSPORTS, [passport.share for passport in PASSPORTS])[0]
        misfortune = None
        if n >= next_one:
            next_one = n + chance.randint(*_GAP)
            misfortune = _misfortune(chance, [kind for kind in kinds if _fits(kind, n / checks)])
        if misfortune is not None and misfortune.kind == "paper":
            document = chance.choice(PAPERS)
        visits.append(Visit(n, tracking(n), document, misfortune))
    return visits


def _fits(kind: str, part: float) -> bool:
    return part < RESTARTS_UNTIL or not KINDS[kind].restarts


def _misfortune(chance: random.Random, kinds: list[str]) -> Misfortune | None:
    if not kinds:
        return None
    kind = chance.choices(kinds, [KINDS[name].weight for name in kinds])[0]
    lengths = KINDS[kind].seconds
    seconds = chance.choices([length for length, _ in lengths], [weight for _, weight in lengths])[0]
    detail = chance.choice(sorted(FAULTS)) if kind == "part" else ""
    return Misfortune(kind, seconds, round(chance.uniform(0, _MOST_OFFSET_S), 3), detail)


def tracking(n: int) -> str:
    """The n-th tracking number of a made-up series."""
    return f"RR{n:08d}{s10_check_digit(f'{n:08d}')}NO"


def letters(visits: list[Visit]) -> bytes:
    """The day's letters as a file for ``stillscan consignment import --test``."""
    deadline = date.today() + timedelta(days=14)
    rows = [f"{visit.tracking},S-{visit.number},{visit.document.recipient},{deadline}" for visit in visits]
    return "\n".join(["tracking,order,recipient,deadline", *rows, ""]).encode()
