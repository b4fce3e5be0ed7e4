"""Exact laws of counts: how likely are so many failures by chance alone, and between which bounds a rate lies."""

from __future__ import annotations

import functools
import heapq
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_EXACT_VARIANCE = 400.0
"""Above it the sum of hypergeometric counts is taken by an Edgeworth series: at 400 both differ by less than 3 % of a
tail of 1e-4 (tests/fleet/test_series_laws.py), and the exact sum of a million strata would take minutes."""
_NOTHING = 1e-18  # a tail of this mass is cut off a distribution: far below any p-value that decides anything
_LEAST_SHIFT = 1e-3  # of a test that can show nothing: it gets nothing, and is no division by 0
_MOST_LEVEL, _HALVINGS = 500.0, 80  # of the search for the mean of 1: beyond any level, and to the last digit
_Z95 = 1.959963984540054  # the normal distribution's 97.5 % quantile: intervals hold in 95 %


class Strata(NamedTuple):
    """Of one series: documents ``own`` of it, and ``failed`` of ``total`` documents of all series, stratum by stratum.

    A stratum is a kiosk on a day: whatever made documents fail there (dirt, light, a clerk) did so for every series.
    """

    own: NDArray[np.int64]
    failed: NDArray[np.int64]
    total: NDArray[np.int64]

    def expected(self) -> float:
        """Failures of the series if it failed like everything else where it was."""
        return float((self.own * self.failed / self.total).sum())

    def variance(self) -> float:
        """Of these failures, then."""
        return float(_spread(*(part.astype(np.float64) for part in self)).sum())


def tail(strata: Strata, seen: int) -> float:
    """The mid-p of at least ``seen`` failures of a series that is like the others at the same kiosks and days.

    Exact given how many documents failed in each stratum (Fisher; as the Mantel-Haenszel test, without its normal law);
    half of the chance of ``seen`` itself counts (Lancaster), because a whole step makes small tables too shy.
    """
    own, failed, total = (part.astype(np.float64) for part in strata)
    moving = (failed > 0) & (failed < total) & (own > 0) & (own < total)
    fixed = int(np.where(moving, 0, own * failed / total).sum().round())
    own, failed, total = own[moving], failed[moving], total[moving]
    over = seen - fixed
    mean, spread = own * failed / total, _spread(own, failed, total)
    if not len(own):
        return 0.5 if over == 0 else float(over < 0)
    if spread.sum() > _EXACT_VARIANCE:
        return _edgeworth(own, failed, total, mean, spread, over)
    low, law = _sum(zip(own.astype(int).tolist(), failed.astype(int).tolist(), total.astype(int).tolist(), strict=True))
    at = over - low
    if at < 0:
        return 1.0
    return min(1.0, float(law[at + 1 :].sum() + (law[at] / 2 if at < len(law) else 0.0)))


def _spread(own: Floats, failed: Floats, total: Floats) -> Floats:
    """Variances of hypergeometric counts."""
    spread: Floats = own * failed / total * (1 - failed / total) * (total - own) / np.maximum(1, total - 1)
    return spread


def _edgeworth(own: Floats, failed: Floats, total: Floats, mean: Floats, spread: Floats, over: int) -> float:
    skewed = spread * (total - 2 * failed) * (total - 2 * own) / (total * np.maximum(1, total - 2))
    deviation = math.sqrt(spread.sum())
    x = (over - float(mean.sum())) / deviation
    skewness = float(skewed.sum()) / deviation**3
    density = math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    upper = _upper(x) + density * skewness / 6 * (x * x - 1)
    return min(1.0, max(0.0, upper))


def _sum(strata: Iterable[tuple[int, int, int]]) -> tuple[int, Floats]:
    """The law of the sum of hypergeometric counts: (its lowest value, chances from there on)."""
    laws = [(len(law), number, low, law) for number, (low, law) in enumerate(map(_law, *zip(*strata, strict=True)))]
    heapq.heapify(laws)
    count = len(laws)
    while len(laws) > 1:  # the two shortest together, so that long ones are folded seldom
        _, _, low, law = heapq.heappop(laws)
        _, _, other_low, other = heapq.heappop(laws)
        first, both = _trimmed(np.convolve(law, other))
        heapq.heappush(laws, (len(both), count, low + other_low + first, both))
        count += 1
    return laws[0][2], laws[0][3]


@functools.lru_cache(maxsize=4096)  # most strata hold one document of a series: few laws serve for all
def _law(own: int, failed: int, total: int) -> tuple[int, Floats]:
    """Hypergeometric: ``own`` of ``total`` documents drawn, ``failed`` of them failed."""
    low, high = max(0, own + failed - total), min(own, failed)
    logs = np.array([_choose(failed, k) + _choose(total - failed, own - k) for k in range(low, high + 1)])
    first, law = _trimmed(np.exp(logs - _choose(total, own)))
    return low + first, law


def _choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _trimmed(law: Floats) -> tuple[int, Floats]:
    kept = np.flatnonzero(law > _NOTHING)
    return int(kept[0]), law[kept[0] : kept[-1] + 1]


def rate_bounds(failed: int, documents: int) -> tuple[float, float]:
    """Between what the rate lies in 95 % (Wilson's score interval); (0, 1) without documents."""
    if not documents:
        return 0.0, 1.0
    rate, weight = failed / documents, _Z95**2 / documents
    middle = (rate + weight / 2) / (1 + weight)
    half = _Z95 * math.sqrt(rate * (1 - rate) / documents + weight / (4 * documents)) / (1 + weight)
    return max(0.0, min(rate, middle - half)), min(1.0, max(rate, middle + half))


def discovery_rates(chances: list[float]) -> list[float]:
    """The q-value of each p-value: the least false discovery rate at which it counts (Benjamini and Hochberg 1995)."""
    order = sorted(range(len(chances)), key=chances.__getitem__, reverse=True)
    rates, least = [1.0] * len(chances), 1.0
    for rank, index in zip(range(len(chances), 0, -1), order, strict=True):
        least = min(least, chances[index] * len(chances) / rank)
        rates[index] = least
    return rates


def weights(shifts: Sequence[float], rate: float) -> list[float]:
    """How much of the false discovery ``rate`` each of many tests gets, 1 in the mean: as much as finds the most.

    ``shifts``: by how many standard deviations each would stand out if there were something to find. One that shows it
    in any case needs little, one that can never show it gets little; and since no weight knows what was seen, the rate
    is held (Roeder and Wasserman 2009, Statistical Science 24; the rate itself: Genovese, Roeder and Wasserman 2006).
    """
    some = [max(shift, _LEAST_SHIFT) for shift in shifts]
    low, high = -_MOST_LEVEL, _MOST_LEVEL
    for _ in range(_HALVINGS):
        level = (low + high) / 2
        low, high = (level, high) if sum(_upper(one / 2 + level / one) for one in some) > rate else (low, level)
    return [_upper(one / 2 + high / one) * len(some) / rate for one in some]


def _upper(x: float) -> float:
    """The normal distribution's upper tail."""
    return 0.5 * math.erfc(x / math.sqrt(2))


def binomial_tail(seen: int, of: int, chance: float) -> float:
    """The mid-p of at most ``seen`` of ``of`` at this chance each."""
    if not 0 < chance < 1:
        return 1.0
    logs = [_choose(of, k) + k * math.log(chance) + (of - k) * math.log1p(-chance) for k in range(seen + 1)]
    return min(1.0, sum(map(math.exp, logs)) - math.exp(logs[-1]) / 2)
