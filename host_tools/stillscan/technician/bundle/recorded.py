"""What recordings of the last visits tell: the visits themselves, made anew row by row, and the dirt that they show."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from stillscan.errors import StillscanError
from stillscan.recordings.file import VISIT, Recording, read, whole
from stillscan.recordings.visit import files
from stillscan.technician.bundle.ask import Ask
from stillscan.technician.bundle.look import LOOK

_MOST_VISITS = 20  # the newest: an hour's
_MOST_BYTES = 3_000_000  # of them, unpacked: a fifth of that is left when they are packed, of the 5 MB of a bundle
_NEAR_MM = 0.5  # streaks of two visits that are one: three times what dust on the glass is wide
_OFTEN = (
    0.6  # of the visits that are long enough to tell: what documents have printed on them differs from one to the next
)
_FIGURES = 6  # of a row ``light`` before its streaks
_LEAST_ROWS = 120  # of a sweep whose streaks are told (recordings.light)


def recordings(ask: Ask) -> str | None:
    """The newest visits, the newest last, in one text; None where nothing is recorded."""
    found, left = [], _MOST_BYTES
    for recording in reversed(list(_visits(ask))):
        rows = [(t_ms, row) for t_ms, row in recording.rows if row[0] != "<line"]
        text = whole(VISIT, rows)
        left -= len(text)
        if left < 0:
            break
        found.append(text.decode())
    return "".join(reversed(found)) or None


def _visits(ask: Ask) -> Iterator[Recording]:
    """The newest that can be read, the oldest of them first."""
    folder = ask.places.recordings
    for path in files(folder)[-_MOST_VISITS:] if folder is not None else []:
        try:
            recording = read(path)
        except StillscanError:
            continue
        if recording.kind == VISIT:
            yield recording


def dirt(ask: Ask) -> dict[str, Any] | None:
    """Streaks that most of the last visits show, whatever document lay there; and what a look at the glass found."""
    visits = [streaks for recording in _visits(ask) if (streaks := _streaks(recording)) is not None]
    looked = ask.visited.parts.get(LOOK)
    if not visits and looked is None:
        return None
    places = sorted((x, width, loss, number) for number, streaks in enumerate(visits) for x, width, loss in streaks)
    starts = [0, *(at + 1 for at, (one, other) in enumerate(pairwise(places)) if other[0] - one[0] > _NEAR_MM)]
    groups = [places[start:end] for start, end in zip(starts, [*starts[1:], len(places)], strict=True)]
    lasting = [group for group in groups if len({number for *_, number in group}) >= max(2.0, _OFTEN * len(visits))]
    told = [
        {
            "x_mm": _mean(group, 0),
            "size_mm": _mean(group, 1),
            "loss": _mean(group, 2),
            "visits": len({number for *_, number in group}),
        }
        for group in lasting
    ]
    return {"visits": len(visits), "streaks": told, "look": looked}


def _mean(group: list[tuple[float, float, float, int]], index: int) -> float:
    return round(sum(row[index] for row in group) / len(group), 2)


def _streaks(recording: Recording) -> list[tuple[float, float, float]] | None:
    """(x_mm, width_mm, loss) of the longest sweep; None of a visit without one that is long enough."""
    rows = [row for row in recording.of("light") if len(row) >= _FIGURES and row[2] >= _LEAST_ROWS]
    if not rows:
        return None
    figures = max(rows, key=lambda row: float(row[2]))[_FIGURES:]
    return [(figures[at], figures[at + 1], figures[at + 2]) for at in range(0, len(figures) - 2, 3)]
