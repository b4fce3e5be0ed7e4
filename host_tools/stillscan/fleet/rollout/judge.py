"""Do kiosks with a new version read worse than the others? Asked after every hour, for as long as a roll-out lasts.

What is weighed: of each kiosk checks and failures before the change and after it. Under the hypothesis that the version
changes nothing, a kiosk of the ring is one like all others: its own rate, which its past tells, changes by itself as
theirs do (customers, seasons, a glass that gets dirty). Against it stands that the version shifts the odds of failure
by some amount in all of them. The ratio of what both hypotheses promised for the counts that came (mixture sequential
probability ratio, Robbins 1970; e-values as in Grünwald, de Heide, Koolen 2024) is above 1 / ALPHA with a probability
of at most ALPHA at any time of its whole course, so that looking at it each hour costs nothing (Ville's inequality).

The fleet itself tells how kiosks differ (a mixture over a grid of rates, fitted to all of them by the EM algorithm) and
how they change (the others, before and after). One kiosk alone is no evidence: a few in a hundred go bad by themselves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.02
"""Sound versions that are stopped at most, if kiosks change as the model has it; less than half of the 5 % that are
bearable, because they do not quite (`make bench-fleet-rollout` counts how many it is)."""
_ODDS = np.log(np.geomspace(0.001, 0.9, 40) / (1 - np.geomspace(0.001, 0.9, 40)))
"""Rates from one failure in a thousand checks to a kiosk that reads next to nothing, as logarithms of odds: steps of
19 % are finer than what a kiosk's week tells."""
_WORSE = np.log(np.array([1.5, 2.0, 3.0, 5.0, 8.0, 12.0]))
"""By how much the odds of failure may rise, all as likely: from what three hundred checks just show to a broken
reader."""
_DRIFTS = np.linspace(-0.8, 0.8, 9)
"""By how much all may change together (log odds), customers of December against those of November."""
_SPREADS = np.array([0.1, 0.25, 0.5])
"""And each by itself: standard deviation of its log odds from week to week; the others tell which it is."""
_BAD = 0.03
"""Kiosks that go bad by themselves meanwhile: a glass in thirty is dirty on the day on which it is looked at."""
_ROUNDS = 25  # of EM: the fit moves by less than a thousandth after fifteen
_MOST_OTHERS = 400
"""Others that are looked at: drift and spread are known to a few per cent from so many, and a look takes 50 ms."""

Weights = NDArray[np.float64]
Counts = NDArray[np.int64]
"""(kiosks, 4): checks and failures before the change, checks and failures after it."""


class Judgement(NamedTuple):
    """``evidence``: the ratio, capped. ``kiosks``, ``checks`` and ``rate``: of the ring since the change; ``expected``:
    the rate that these kiosks would have without it."""

    evidence: float
    kiosks: int
    checks: int
    rate: float
    expected: float

    @property
    def worse(self) -> bool:
        """Significantly."""
        return self.evidence >= 1 / ALPHA and self.rate > self.expected


_CAP = 1e6
"""Of the ratio that is told: more is no more certain."""


def judged(ring: Counts, others: Counts) -> Judgement:
    """``ring``: kiosks that have the version; ``others``: those that do not, with "after" since the ring was opened."""
    if len(others) > _MOST_OTHERS:
        others = others[np.linspace(0, len(others) - 1, _MOST_OTHERS).astype(int)]
    prior = _prior(np.concatenate([ring[:, :2], others[:, :2] + others[:, 2:]]))
    ring_before, ring_after = prior * _likelihood(ring[:, :2]), _likelihood(ring[:, 2:])
    others_before, others_after = prior * _likelihood(others[:, :2]), _likelihood(others[:, 2:])
    null, worse, rates = [], [], []
    for drift in _DRIFTS:
        for spread in _SPREADS:
            kernel = _kernel(drift, spread)
            weight = _told(others_before @ kernel, others_after) - drift**2 / 2 / 0.3**2
            unchanged = _told(ring_before @ kernel, ring_after)
            shifted = [_told(ring_before @ _kernel(drift + shift, spread), ring_after) for shift in _WORSE]
            null.append(weight + unchanged)
            worse.append(weight + np.logaddexp.reduce(shifted) - np.log(len(_WORSE)))
            rates.append((float(weight), ring_before @ kernel))
    log_ratio = np.logaddexp.reduce(worse) - np.logaddexp.reduce(null)
    checks = int(ring[:, 2].sum())
    return Judgement(
        evidence=float(min(np.exp(min(log_ratio, 50.0)), _CAP)),
        kiosks=int((ring[:, 2] > 0).sum()),
        checks=checks,
        rate=float(ring[:, 3].sum() / max(checks, 1)),
        expected=_expected(rates, ring[:, 2]),
    )


def _prior(counts: Counts) -> Weights:
    """(grid,): how many kiosks have which rate (nonparametric maximum likelihood by EM)."""
    likelihood = _likelihood(counts[counts[:, 0] > 0])
    weights = np.full(len(_ODDS), 1 / len(_ODDS))
    for _ in range(_ROUNDS):
        shares = likelihood * weights
        shares /= shares.sum(axis=1, keepdims=True)
        weights = (shares.sum(axis=0) + 1 / len(_ODDS)) / (len(shares) + 1)
    return weights


def _likelihood(counts: Counts) -> Weights:
    """(kiosks, grid): of checks and failures at each rate, the best one 1."""
    checks, failures = counts[:, :1], counts[:, 1:2]
    log = failures * _ODDS - checks * np.logaddexp(0.0, _ODDS)
    likelihood: Weights = np.exp(log - log.max(axis=1, keepdims=True))
    return likelihood


def _kernel(drift: float, spread: float) -> Weights:
    """(grid, grid): from a rate before to one after: about the same, or anything worse."""
    steps = _ODDS[None, :] - _ODDS[:, None] - drift
    near = np.exp(-(steps**2) / 2 / spread**2) + 1e-12
    bad = np.triu(np.ones_like(near))
    near /= near.sum(axis=1, keepdims=True)
    kernel: Weights = (1 - _BAD) * near + _BAD * bad / bad.sum(axis=1, keepdims=True)
    return kernel


def _told(rates: Weights, likelihood: Weights) -> float:
    """Logarithm of what the rates (kiosks, grid) promise for what came after, up to a constant of what came."""
    return float(np.log((rates * likelihood).sum(axis=1) / rates.sum(axis=1)).sum())


def _expected(rates: list[tuple[float, Weights]], checks: NDArray[np.int64]) -> float:
    weights = np.exp(np.array([weight for weight, _ in rates]) - max(weight for weight, _ in rates))
    probability = 1 / (1 + np.exp(-_ODDS))
    means = [(rate @ probability / rate.sum(axis=1) * checks).sum() / max(int(checks.sum()), 1) for _, rate in rates]
    return float(np.average(means, weights=weights))
