"""Letters and digits that some cuts print alike: O and 0, I and 1. Where they cannot be told apart, the sums must.

A cut whose O looks like its 0 deceives in every place at once, so that chances of single places must not be multiplied:
two such errors may even cancel in a check digit.
"""

import numpy as np

from stillscan.mrz.alphabet import ALPHABET, VALUE, WEIGHTS
from stillscan.mrz.formats import Format

_TWINS = {"O": "0", "0": "O", "I": "1", "1": "I"}
_MOST = 10
"""More doubtful places than this are too many to be decided by a few check digits."""
TWIN_OF = np.array([ALPHABET.index(_TWINS.get(character, character)) for character in ALPHABET])
"""Class of the twin of each class, its own where it has none."""


def undecided(form: Format, lines: tuple[str, ...], doubtful: list[tuple[int, int]]) -> bool:
    """Whether some of the `doubtful` twins (line, column) can be exchanged without any check digit noticing."""
    if len(doubtful) > _MOST:
        return True
    changes = [_change(form, lines, place) for place in doubtful]
    reached: set[tuple[int, ...]] = set()
    for change in changes:
        reached |= {tuple(sum(pair) % 10 for pair in zip(change, other, strict=True)) for other in reached} | {change}
    return any(not any(sums) for sums in reached)


def _change(form: Format, lines: tuple[str, ...], place: tuple[int, int]) -> tuple[int, ...]:
    """What exchanging the twin at `place` adds to each sum of the format, modulo 10."""
    line, column = place
    mine = lines[line][column]
    step = VALUE[_TWINS[mine]] - VALUE[mine]
    changes = []
    for check in form.checks:
        covered = [(span.line, at) for span in check.covers for at in range(span.first, span.end)]
        ran_on = check.digit.of(lines) == "<"  # a number that runs on has its digit elsewhere
        weight = WEIGHTS[covered.index(place) % 3] if place in covered and not ran_on else 0
        changes.append(weight * step % 10)
    return tuple(changes)
