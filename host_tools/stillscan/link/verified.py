"""The bands of a session of paired ends: given out as they come, verified many at a time.

One tag in plain Python takes a quarter of a line's time, those of a hundred bands by numpy ten milliseconds together.
So bands are used before they are verified, and what rests on them waits (`Session.prove`).
"""

from __future__ import annotations

import logging

from stillscan.link.conduct import Conduct
from stillscan.link.messages import Band, BandHeader
from stillscan.link.proof import Proof, Sealed

BATCH = 96
"""Bands that are verified together at the latest: a third of a sweep. Half as many take numpy as long."""
_MOST_FAILED = 8
"""Bands that may fail in a session whatever it lasts; and of more than 400 one in _FAILED_OF. A line that is so bad
that a damaged frame has the right CRC loses far more of them first."""
_FAILED_OF = 50  # a fiftieth of a sweep's rows is bridged; a link that loses more is not worth keeping
_LOG = logging.getLogger(__name__)


class VerifiedBands:
    """``take`` each band in order and ``begin_sweep`` with each sweep; ``verify`` before anything rests on them."""

    def __init__(self, proof: Proof, conduct: Conduct) -> None:
        self.too_many = False
        """Have more failed than a bad line explains?"""
        self._proof = proof
        self._conduct = conduct
        self._waiting: list[Sealed] = []
        self._failed: list[Band] = []
        self._good = self._bad = 0
        self._last: BandHeader | None = None  # of the sweep that runs, the last that was verified

    def begin_sweep(self) -> None:
        """The bands to come are another sweep's."""
        self.verify()
        self._last = None

    def take(self, sealed: Sealed, granted: int, now_ms: float) -> str | None:
        """Note a band before it is verified. One that cannot be is verified at once, and those before it, any of which
        may have misled us: what it is then, in words; None when all is well, or when it has failed itself."""
        wrong = self._conduct.note(sealed.band, granted, now_ms)
        if wrong is None:
            self._waiting.append(sealed)
            if len(self._waiting) >= BATCH:
                self.verify()
            return None
        misled = self.verify()
        before = self._last
        self._waiting.append(sealed)
        if self.verify():
            return None
        self._conduct.go_back(before)
        return self._conduct.note(sealed.band, granted, now_ms) if misled else wrong

    def verify(self) -> bool:
        """Verify all that wait; whether any of them failed."""
        if not self._waiting:
            return False
        waiting, self._waiting = self._waiting, []
        failed = []
        for sealed, proven in zip(waiting, self._proof.prove(waiting), strict=True):
            if proven:
                self._last = sealed.band.header
            else:
                failed.append(sealed.band)
        self._good += len(waiting) - len(failed)
        self._bad += len(failed)
        self._failed += failed
        if failed:
            _LOG.warning("bands that did not verify and count as lost: %d (%d in this session)", len(failed), self._bad)
            self._conduct.go_back(self._last)
        self.too_many = self._bad > max(_MOST_FAILED, (self._good + self._bad) // _FAILED_OF)
        return bool(failed)

    def take_failed(self) -> list[Band]:
        """All that have failed since this was asked last."""
        failed, self._failed = self._failed, []
        return failed
