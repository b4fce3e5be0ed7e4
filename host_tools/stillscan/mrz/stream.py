"""Reads a strip while it is being scanned: each line as soon as its rows are there."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import character_grid, flatten, lines
from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.errors import MrzError
from stillscan.mrz.find import SPACING_PX
from stillscan.mrz.judge import SURE_CHARACTER, Reading
from stillscan.mrz.lines import CROP_ROWS, LETTER_ROWS, Track
from stillscan.mrz.net import FIRST, QUICK, Known, recognise
from stillscan.mrz.pixels import median, to_grey
from stillscan.mrz.read import examine

_LEAST_MARK = 0.04
"""How far a row must stand out (`lines.marks`). Lines of development strips of levels 3 and 4 have 0.05 to 0.09, the
paper between them 0.002; those of level 5, 0.02 to 0.035, are left to the whole strip."""
_LEAST_LINE_SCORE = 0.4
"""Score of a line's character grid below which there is no text. Nothing changes between 0.2 and 0.6, 15 strips of
levels 3 to 5."""
_WORTH_READING = 0.5
"""Probability of each character from which on the text is likely to be read: rules mend what print leaves open."""
_QUICKLY_SURE = 0.99
"""Probability of each character from which the quick network's word is enough: 131 of 132 lines of development strips
of levels 0 to 2 have it, 39 of 44 of level 3. With 0.97 one strip (of level 5, of 30) asked no longer for a line that
the thorough one was not certain of, with 0.99 none."""
_SPARE_ROWS = 6
"""Rows beyond the letters that a small tilt needs (0.5 degrees at the ends of a line); what a crop reaches beyond them
counts as paper until it is scanned. With 12 a sweep went on for 18 ms longer, and no line was read better."""
_THIN = 8
"""Columns of which one is enough to tell how bright paper is. Nothing changes between 2 and 32, 15 strips of levels 3
to 5."""
_MOST_KNOWN = 3
"""Lines, the newest, of which is kept what the quick network has seen: as many as an MRZ has. 0.1 MB each."""
NO_ROWS = "no rows were scanned"
NEXT_LINE_ROWS = round(SPACING_PX) + LETTER_ROWS // 2 + _SPARE_ROWS
"""From the centre of one line to the last row that the next one needs."""
_FIRST_LINE_ROW, _LAST_LINE_END = 10, 20
"""Rows at the top and at the bottom of a strip that no line of any format reaches."""


class PartialLine(NamedTuple):
    """One line read so far: its centre row, the likeliest text by print alone, and each character's probability."""

    row: int
    text: str
    probabilities: tuple[float, ...]

    def __repr__(self) -> str:
        """Without personal data, because objects end up in logs and tracebacks."""
        return f"PartialLine(row={self.row}, characters={len(self.text)})"


class Partial(NamedTuple):
    """State after a band: share of the rows that are there (0..1), and the lines found in them, uppermost first."""

    scanned: float
    lines: tuple[PartialLine, ...]

    @property
    def complete(self) -> bool:
        """Whether all lines that their format has are there, every character sure enough that reading is worthwhile."""
        return _whole([line for line in self.lines if min(line.probabilities) > _WORTH_READING])


class MrzReader:
    """Takes the rows of a strip in any order and in any number of bands; memory stays that of one strip.

    Rows that come again (another sweep) are averaged with what is there.
    """

    def __init__(self, rows: int = 274, width_px: int = 1476) -> None:
        """A reader of strips of `rows` by `width_px` at 300 dpi. MrzError for sizes that cannot be a strip."""
        if not (100 <= rows <= 2000 and 900 <= width_px <= 4000):
            raise MrzError("a strip has 100 to 2000 rows of 900 to 4000 pixels")
        self._sum = np.zeros((rows, width_px), np.float32)
        self._times = np.zeros(rows, np.float32)
        self._mean = np.zeros((rows, width_px), np.uint8)
        self._thinned = flatten.Rows(np.zeros((rows, width_px // flatten.ACROSS), np.uint8), np.ones(rows, bool))
        self._done: dict[int, PartialLine] = {}
        self.known: Known = {}
        """What the quick network has seen in the lines: see `net.knowing`."""

    def feed(self, first_row: int, pixels: NDArray[Any]) -> Partial:
        """Take `pixels` (n, width) for the rows from `first_row` on; rows with NaN count as not scanned.

        MrzError when they do not lie inside the strip.
        """
        rows, width = self._sum.shape
        if pixels.ndim != 2 or pixels.shape[1] != width or first_row < 0 or first_row + len(pixels) > rows:
            raise MrzError("the rows do not lie inside the strip")
        at: slice | NDArray[np.intp] = slice(first_row, first_row + len(pixels))
        grey = to_grey(pixels)
        if pixels.dtype.kind == "f" and not (known := np.isfinite(pixels).all(axis=1)).all():
            at, grey = first_row + np.flatnonzero(known), grey[known]
        if len(grey):
            self._take(at, grey)
        for row in [row for row in self._done if _overlaps(row, first_row, first_row + len(pixels))]:
            del self._done[row]
        self._look(first_row, first_row + len(pixels))
        return Partial(float((self._times > 0).mean()), tuple(self._done[row] for row in sorted(self._done)))

    def _take(self, at: slice | NDArray[np.intp], grey: NDArray[np.uint8]) -> None:
        """Rows that were scanned now: their means, and what each tells by itself."""
        self._sum[at] += grey
        self._times[at] += 1
        self._mean[at] = np.rint(self._sum[at] / self._times[at, None])
        for whole, part in zip(self._thinned, flatten.rows_of(self._mean[at]), strict=True):
            whole[at] = part

    def needed_rows(self) -> list[tuple[int, int]]:
        """Rows (first, end) that are still worth scanning: such as were never seen, and lines that are not certain."""
        rows = len(self._times)
        wanted = np.zeros(rows, bool)
        whole = _whole(self._done.values())
        if not whole:
            wanted[_FIRST_LINE_ROW : rows - _LAST_LINE_END] = self._times[_FIRST_LINE_ROW : rows - _LAST_LINE_END] == 0
        for row, line in self._done.items():
            if min(line.probabilities) < SURE_CHARACTER:
                wanted[max(0, row - CROP_ROWS // 2) : row + CROP_ROWS // 2] = True
        edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]]).astype(np.int8)))
        return [(int(first), int(end)) for first, end in zip(edges[::2], edges[1::2], strict=True)]

    def result(self) -> Reading:
        """The reading of all rows so far."""
        if not self._times.any():
            return Reading(reason=NO_ROWS)
        return examine(self._picture(0, len(self._times)), is_strip=True)[0]

    def _picture(self, first: int, end: int) -> NDArray[np.uint8]:
        """The mean of what was scanned in these rows; where nothing was, paper as bright as around."""
        mean = self._mean[first:end].copy()
        mean[self._times[first:end] == 0] = self._paper(first, end)
        return mean

    def _ink(self, first: int, end: int) -> NDArray[np.float32]:
        """The ink of `_picture`, whose rows were thinned when they came."""
        thin, blank = self._thinned.thin[first:end].copy(), self._thinned.blank[first:end].copy()
        unseen = self._times[first:end] == 0
        thin[unseen], blank[unseen] = self._paper(first, end), True
        return flatten.ink_of(flatten.Rows(thin, blank))

    def _paper(self, first: int, end: int) -> int:
        """How bright what was scanned in these rows mostly is."""
        return median(self._mean[first:end, ::_THIN][self._times[first:end] > 0])

    def _look(self, first: int, end: int) -> None:
        """Recognise the lines that these new rows have completed."""
        top, bottom = max(0, first - 2 * CROP_ROWS), min(len(self._times), end + 2 * CROP_ROWS)
        possible = self._possible(top, bottom)
        if not possible.any():
            return
        marked = lines.marks(self._ink(top, bottom), flatten.ACROSS)
        profile = np.where(self._times[top:bottom] > 0, marked.mean(axis=1), -1)
        while possible.any():
            row = int(profile.argmax())
            if profile[row] < _LEAST_MARK:
                return
            profile[max(0, row - CROP_ROWS // 2) : row + CROP_ROWS // 2] = -1
            if not possible[row]:
                continue
            fine = (np.arange(-4.0, 5), np.arange(-18.0, 18.1, 3), np.zeros(1))
            track, _ = lines.follow(marked, Track(float(row)), fine)
            line = _line(self._picture(top, bottom), track, top, self.known)
            if line is not None:
                self._done[line.row] = line
                possible = self._possible(top, bottom)

    def _possible(self, top: int, bottom: int) -> NDArray[np.bool_]:
        """In which of these rows a further line may have its middle: all it needs is there, and none was found near."""
        needed = LETTER_ROWS // 2 + _SPARE_ROWS
        seen = np.concatenate([[0], np.cumsum(self._times[top:bottom] > 0)])
        possible = np.zeros(bottom - top, bool)
        possible[needed:-needed] = seen[2 * needed + 1 :] - seen[: -2 * needed - 1] == 2 * needed + 1
        for row in self._done:
            possible[max(0, row - top - CROP_ROWS + 1) : max(0, row - top + CROP_ROWS)] = False
        return possible


def _whole(found: Iterable[PartialLine]) -> bool:
    """Whether these lines are all that their format has."""
    lengths = [len(line.text) for line in found]
    return lengths.count(44) >= 2 or lengths.count(36) >= 2 or lengths.count(30) >= 3


def _overlaps(row: int, first: int, end: int) -> bool:
    """Whether new rows belong to the line around `row`."""
    return first < row + CROP_ROWS // 2 and end > row - CROP_ROWS // 2


def _line(part: NDArray[np.uint8], track: Track, top: int, known: Known) -> PartialLine | None:
    """The line along `track` as far as print alone tells it, None when there is no text; what the quick network sees
    is `known` from then on.

    The thorough network is asked where the quick one is not sure of every character.
    """
    crop = lines.cut(part, track)[None]
    found: PartialLine | None = None
    for net in (QUICK, FIRST):
        seen = recognise(crop, net)
        if net == QUICK:
            known[crop.tobytes()] = seen
            if len(known) > _MOST_KNOWN:
                del known[next(iter(known))]
        best = next(character_grid.grids(seen.centres), None)
        if best is None or best.score < _LEAST_LINE_SCORE:
            found = None
            continue
        chances = character_grid.cells(seen, best)[0]
        text = "".join(ALPHABET[index] for index in chances.argmax(axis=1))
        found = PartialLine(round(track.row) + top, text, tuple(np.round(np.exp(chances.max(axis=1)), 4).tolist()))
        if min(found.probabilities) >= _QUICKLY_SURE:
            break
    return found
