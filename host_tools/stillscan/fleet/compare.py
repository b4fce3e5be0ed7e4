"""Each of many against all others in the same strata: a series at the same kiosks, a kiosk with the same series."""

from __future__ import annotations

import math
from array import array
from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.fleet.counts import Strata, tail

Ints = NDArray[np.int64]


class Cell(NamedTuple):
    """Documents of one subject in one stratum, and how many of them failed."""

    subject: Hashable
    stratum: Hashable
    documents: int
    failed: int


class Table:
    """Cells as columns: subjects and strata by number, and what all of a stratum comes to."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        """Cells of one subject in one stratum are put together. ValueError when more failed than there were."""
        subjects: dict[Hashable, int] = {}
        strata: dict[Hashable, int] = {}
        columns = [array("q") for _ in range(4)]  # four numbers a cell: a month of a large fleet has five million
        for subject, stratum, documents, failed in cells:
            if not 0 <= failed <= documents:
                raise ValueError("more documents failed than there were")
            if documents:
                numbers = (subjects.setdefault(subject, len(subjects)), strata.setdefault(stratum, len(strata)))
                for column, number in zip(columns, (*numbers, documents, failed), strict=True):
                    column.append(number)
        number_of, self.stratum, self.documents, self.failed = _merged(*map(_numbers, columns))
        self._total = np.bincount(self.stratum, self.documents).astype(np.int64)
        self._failures = np.bincount(self.stratum, self.failed).astype(np.int64)
        self.strata: list[Any] = list(strata)
        """What each number of a stratum stands for."""
        ends = np.searchsorted(number_of, np.arange(len(subjects) + 1))
        self.rows: dict[Hashable, Ints] = {
            subject: np.arange(ends[at], ends[at + 1]) for subject, at in subjects.items()
        }
        """The rows of each subject."""

    def chance(self, rows: Ints) -> float:
        """The mid-p of so many failures in these rows if they were like the others of their strata."""
        stratum = self.stratum[rows]
        return tail(
            Strata(self.documents[rows], self._failures[stratum], self._total[stratum]), int(self.failed[rows].sum())
        )

    def shift(self, rows: Ints, times: float) -> float:
        """By how many standard deviations these rows would stand out if they failed ``times`` as often as all do."""
        stratum, own = self.stratum[rows], int(self.documents[rows].sum())
        strata = Strata(self.documents[rows], self._failures[stratum], self._total[stratum])
        rate = strata.expected() / own
        if not 0 < rate < 1:
            return 0.0
        more = min(times * rate, (1 + rate) / 2)  # no rate is above 1
        return math.log(more * (1 - rate) / rate / (1 - more)) * math.sqrt(strata.variance())

    def expected(self, rows: Ints) -> float | None:
        """The failure rate of the others where these were; None where there were no others."""
        own, stratum = self.documents[rows], self.stratum[rows]
        others, failed = self._total[stratum] - own, self._failures[stratum] - self.failed[rows]
        beside = others > 0
        if not beside.any():
            return None
        return float((own[beside] * failed[beside] / others[beside]).sum() / own[beside].sum())

    def excess(self, rows: Ints) -> NDArray[np.float64]:
        """By how many failures each row is above what its stratum has."""
        stratum = self.stratum[rows]
        excess: NDArray[np.float64] = (
            self.failed[rows] - self.documents[rows] * self._failures[stratum] / self._total[stratum]
        )
        return excess


def _numbers(column: array[int]) -> Ints:
    return np.array(column, dtype=np.int64)


def _merged(subject: Ints, stratum: Ints, documents: Ints, failed: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """The cells by subject and stratum, those of one pair put together."""
    if not len(subject):
        return subject, stratum, documents, failed
    order = np.lexsort((stratum, subject))
    subject, stratum = subject[order], stratum[order]
    begins = np.flatnonzero(np.r_[True, (np.diff(subject) != 0) | (np.diff(stratum) != 0)])
    documents, failed = (np.add.reduceat(column[order], begins) for column in (documents, failed))
    return subject[begins], stratum[begins], documents, failed
