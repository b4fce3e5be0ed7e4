"""Several captures of one document joined to one reading: noise, dust and glare change between them, print does not."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import effort, typeface, unity
from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.character_grid import fit
from stillscan.mrz.confusables import CONFUSABLE_OF
from stillscan.mrz.effort import TIME_IS_OVER, Stop
from stillscan.mrz.errors import MrzError
from stillscan.mrz.evidence import Evidence
from stillscan.mrz.judge import Reading, judge
from stillscan.mrz.pages import examine_pages
from stillscan.mrz.pixels import to_grey
from stillscan.mrz.read import GOES_ON, examine_prints, is_strip
from stillscan.mrz.typeface import STRANGE, Print
from stillscan.mrz.unity import Pair

TWO = "a picture shows two MRZs"
DIFFERENT = "the pictures show different documents"
_FILLER = ALPHABET.index("<")
_SURE = np.log(0.97)  # of a character; one of lower probability is named as unsure (`judge.SURE_CHARACTER`)
_MOST_DISAGREEING = 4
"""Characters that two pictures may be sure of and yet see differently, before they must be of different documents.
Captures of one document of the development set disagree in none (levels 3 to 5, 300 pairs), those of different ones in
36 and more."""
_LEAST_COMMON = 1 / 3
"""Share of what a line tells (its letters and digits) that two captures have to be sure of, and see alike, before one
may count for the other: in each line by itself, or else line 1 of one passport and line 2 of another came together.
Captures of one document are sure of 0.93 of it together at level 4, and of 0.38 and more (0.55 and more in 95 of 100)
at level 5 (300 pairs)."""
_COMMON_TO_MANY = ((0, slice(0, 5)), (1, slice(10, 13)))
"""Characters of a passport's lines (line, positions) that it shares with every other of its state."""
_MOST_FORMER = 3
"""What more captures than these have seen adds nothing that can be measured."""
_SHARED = 0.7
"""What captures have in common (wear, print) does not average out: n of them weigh as n to the power of 1 less this."""


class CaptureReader:
    """Reads one document's captures as they come: each is examined once, and joined with what the former ones showed.

    Of a capture its evidence is kept, not its picture: the chances of each character, 20 kB. Not for several threads.
    """

    def __init__(self) -> None:
        self._former: list[_Seen] = []
        self._newest: _Seen | None = None

    def add(self, picture: NDArray[Any], *, stop: Stop | None = None) -> Reading:
        """`read`, and from now on the picture counts as a former capture."""
        reading = self.read(picture, stop=stop)
        self.keep()
        return reading

    def read(self, picture: NDArray[Any], *, stop: Stop | None = None, calm: bool = False) -> Reading:
        """The reading of a picture (see `read_image`) together with the former captures.

        `calm`: it is of one sweep of a strip scanner, under which the document lay still.

        `ms` and `effort_ms` are those of this picture and of the joining. A reading that `stop` ended tells of no
        capture, and its picture cannot be kept. MrzError for what is no picture.
        """
        start = time.perf_counter()
        self._newest = None
        grey = to_grey(picture)
        (own, evidence), pairs = examine_prints(grey, is_strip=is_strip(grey), stop=stop, calm=calm)
        if own.reason == TIME_IS_OVER:
            return own
        if evidence is not None:
            if is_strip(grey) and not pairs:
                pairs = unity.compared(grey, evidence, calm=calm)
            self._newest = _seen(own, evidence, pairs, calm=calm)
        newest = self._newest
        with effort.counted() as counted:
            # what shows no MRZ now is none, whatever was seen before
            reading = own if newest is None else _joined(_borne_out(self._former, newest), own)
        ms = round((time.perf_counter() - start) * 1000, 2)
        return replace(reading, ms=ms, effort_ms=round(own.effort_ms + counted.ms, 2))

    def keep(self) -> None:
        """The picture that was read last counts as a former capture from now on, one of at most three."""
        if self._newest is not None:
            self._former = [*self._former, self._newest][-_MOST_FORMER:]
            self._newest = None

    def clear(self) -> None:
        """Another document: nothing is known of it."""
        self._former.clear()
        self._newest = None


class _Seen(NamedTuple):
    """What is kept of a capture."""

    reading: Reading
    likelihoods: NDArray[np.float32]
    goes_on: bool
    pairs: tuple[Pair, ...]
    """How the lines of a strip differ."""
    clear: bool
    printed: Print
    calm: bool


def _seen(own: Reading, evidence: Evidence, pairs: tuple[Pair, ...] = (), *, calm: bool = False) -> _Seen:
    return _Seen(own, evidence.likelihoods, evidence.goes_on, pairs, evidence.clear, evidence.printed, calm)


def read_captures(sources: Sequence[str | Path | NDArray[Any]]) -> Reading:
    """One reading of several pictures (files or arrays, strips or others) of the same document.

    Chances of each character are multiplied over the captures. Refuses, with a reason, pictures that clearly show
    different documents. MrzError when there is no picture or one cannot be loaded. `ms` and `effort_ms` are of all.
    """
    if isinstance(sources, str | bytes | Path | np.ndarray):
        raise MrzError("a list of pictures is needed, not one: read_image reads a single one")
    if not sources:
        raise MrzError("there is no picture to read")
    examined = [examine_pages(source) for source in sources]
    start = time.perf_counter()
    seen = [_seen(own, found) for own, found in examined if found is not None]
    with effort.counted() as counted:
        reading = _joined(seen, examined[0][0])
    ms = round(sum(own.ms for own, _ in examined) + (time.perf_counter() - start) * 1000, 2)
    effort_ms = round(sum(own.effort_ms for own, _ in examined) + counted.ms, 2)
    return replace(reading, ms=ms, effort_ms=effort_ms)


def _joined(seen: list[_Seen], otherwise: Reading) -> Reading:
    """What all captures together say; `otherwise` when none shows an MRZ."""
    if len(seen) < 2:
        return seen[0].reading if seen else otherwise
    # a grid on the wrong cells or of the wrong length would spoil the rest: most captures decide the size
    sizes = [one.likelihoods.shape for one in seen]
    size = max(sizes, key=lambda of: sum(fit(one.likelihoods) + 4 for one in seen if one.likelihoods.shape == of))
    usable = [one for one in seen if one.likelihoods.shape == size]
    stack = np.stack([one.likelihoods for one in usable])
    best = max((one.reading for one in usable), key=lambda own: (own.accepted, own.valid, own.confidence))
    if _disagree(stack):
        return replace(best, accepted=False, reason=DIFFERENT)
    joined = judge(join(stack))
    if joined is None:
        return best
    if joined.accepted and any(one.goes_on for one in usable):
        return replace(joined, accepted=False, reason=GOES_ON, quality=best.quality)
    if joined.accepted and any(fault.code == "two-mrzs" for one in usable for fault in one.reading.quality):
        return replace(joined, accepted=False, reason=TWO, quality=best.quality)
    # of print that one capture has doubted all together tell more
    if joined.accepted and (strange := typeface.doubt([one.printed for one in usable], joined.lines or ())):
        return replace(joined, accepted=False, reason=strange.text, quality=best.quality)
    quality = tuple(fault for fault in best.quality if not (joined.accepted and fault.code in STRANGE))
    found = [pair for one in usable for pair in one.pairs]
    return unity.judged(replace(joined, quality=quality), found, calm=all(one.calm for one in usable))


def join(stack: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log probabilities (captures, lines, cells, 37) to those of all together, (lines, cells, 37).

    Between letters and digits that a cut prints alike many captures tell no more than one: all mistake them alike.
    """
    mean = stack.mean(axis=0)
    summed = mean * np.float32(len(stack) ** (1 - _SHARED))
    both = np.logaddexp(summed, summed[..., CONFUSABLE_OF])
    apart = np.logaddexp(0, mean[..., CONFUSABLE_OF] - mean)  # how much less one of two is than both
    joined = np.where(np.arange(len(CONFUSABLE_OF)) == CONFUSABLE_OF, summed, both - apart)
    top = joined.max(axis=-1, keepdims=True)
    return np.asarray(joined - top - np.log(np.exp(joined - top).sum(axis=-1, keepdims=True)), np.float32)


def _borne_out(former: list[_Seen], newest: _Seen) -> list[_Seen]:
    """The newest capture, and those of the former ones that show its document as all the others do."""
    found = [newest]
    for one in reversed(former):
        if all(_bear_out(one, other) for other in found):
            found.insert(0, one)
    return found


def _bear_out(one: _Seen, other: _Seen) -> bool:
    """Whether two captures show one document: in each line they are sure of enough of the same, and of nothing else.

    Of different sizes: one of them has been laid on the wrong cells, and `_joined` chooses.
    """
    if one.likelihoods.shape != other.likelihoods.shape:
        return True
    best, best_other = one.likelihoods.argmax(axis=-1), other.likelihoods.argmax(axis=-1)
    sure = (one.likelihoods.max(axis=-1) > _SURE) & (other.likelihoods.max(axis=-1) > _SURE)
    alike = (best == best_other) | (CONFUSABLE_OF[best] == best_other)
    tells = (best != _FILLER) | (best_other != _FILLER)
    if len(best) == 2:
        for line, positions in _COMMON_TO_MANY:
            tells[line, positions] = False
    common = (tells & sure & alike).sum(axis=1)
    return not (sure & ~alike).any() and bool((common >= _LEAST_COMMON * np.maximum(tells.sum(axis=1), 1)).all())


def _disagree(stack: NDArray[np.float32]) -> bool:
    """Whether two captures are sure of different characters in too many places."""
    best, sure = stack.argmax(axis=-1), stack.max(axis=-1) > _SURE
    for first in range(len(stack)):
        for other in range(first):
            differs = (best[first] != best[other]) & (CONFUSABLE_OF[best[first]] != best[other])
            if int((differs & sure[first] & sure[other]).sum()) > _MOST_DISAGREEING:
                return True
    return False
