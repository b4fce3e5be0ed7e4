"""Each of many against all others in the same strata: a series at the same kiosks, a kiosk with the same series."""

from __future__ import annotations

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
        sums: dict[tuple[Hashable, Hashable], list[int]] = {}
        for subject, stratum, documents, failed in cells:
            if not 0 <= failed <= documents:
                raise ValueError("more documents failed than there were")
            if documents:
                both = sums.setdefault((subject, stratum), [0, 0])
                both[0] += documents
                both[1] += failed
        subjects: dict[Hashable, int] = {}
        strata: dict[Hashable, int] = {}
        rows = [
            (subjects.setdefault(subject, len(subjects)), strata.setdefault(stratum, len(strata)), *both)
            for (subject, stratum), both in sums.items()
        ]
        columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
        order = np.argsort(columns[0], kind="stable")
        number, self.stratum, self.documents, self.failed = columns[:, order]
        self._total = np.bincount(self.stratum, self.documents).astype(np.int64)
        self._failures = np.bincount(self.stratum, self.failed).astype(np.int64)
        self.strata: list[Any] = list(strata)
        """What each number of a stratum stands for."""
        ends = np.searchsorted(number, np.arange(len(subjects) + 1))
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
