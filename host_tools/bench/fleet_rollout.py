"""``make bench-fleet-rollout``: is a bad version stopped before it reaches ring 2, and is a sound one let be?

3,000 kiosks with rates of their own, of which the mean is 2 % of checks that fail; each changes from day to day,
glasses get dirty and are cleaned, all together drift, and some kiosks are off. Five rings as they are by default;
kiosks install at night; the plan is looked at every hour, with the product's own rules and judge. A bad version adds 8
points to the rate of whoever has it (98 -> 90 % read).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from stillscan.fleet.rollout import rings
from stillscan.fleet.rollout.judge import judged
from stillscan.fleet.rollout.plan import Plan, Rules, Seen, State, advance
from stillscan.fleet.rollout.release import Kind, Release
from stillscan.fleet.rollout.rings import STANDARD, Member

_KIOSKS = 3000
_DAY = 10  # hours in which an office is open
_CHECKS = 30.0  # an hour at a kiosk
_MEAN = 0.02  # of the failure rates
_SHAPE = 1.5  # of their Beta distribution: one kiosk in twenty fails three times as often as the mean
_WANDER = 0.15  # standard deviation of a kiosk's log odds from one day to the next
_DRIFT = 0.05  # the same of all together
_DIRTY = 0.005  # kiosks whose glass gets dirty on a day: six times the rate and five points
_CLEANED = 0.5  # dirty ones that are clean the day after
_OFF = 0.03  # kiosks that are off on a day
_PAST = 7  # days before the roll-out
_LONGEST = 15  # days that a roll-out may take: 5 rings, and five nights are the least
_OTHERS = 400  # that the judge is shown: as many as it looks at
_STOPPED_BAD, _STOPPED_SOUND = 0.95, 0.05
"""The figures of the fleet: bad versions that are stopped before ring 2, sound ones that are stopped at all."""

Floats = NDArray[np.float64]


class Run(NamedTuple):
    """How a roll-out ended: its state, how many rings were open, and after how many checks with the version."""

    state: State
    open: int
    checks: int


class World:
    """The fleet, hour by hour."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        own = np.clip(rng.beta(_SHAPE, _SHAPE * (1 - _MEAN) / _MEAN, _KIOSKS), 0.0005, 0.5)
        self._odds = np.log(own / (1 - own))
        self._here = self._odds.copy()
        self._dirty = np.zeros(_KIOSKS, dtype=bool)
        self.off = np.zeros(_KIOSKS, dtype=bool)
        self.new_day()

    def new_day(self) -> None:
        """Kiosks wander about what is their own; glasses get dirty and are cleaned."""
        rng = self.rng
        self._odds += rng.normal(0, _DRIFT)
        self._here = self._odds + 0.5 * (self._here - self._odds) + rng.normal(0, _WANDER, _KIOSKS)
        self._dirty &= rng.random(_KIOSKS) > _CLEANED
        self._dirty |= rng.random(_KIOSKS) < _DIRTY
        self.off = rng.random(_KIOSKS) < _OFF

    def checks(self, hours: float, worse: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(kiosks,) checks and failures; ``worse`` is added to each kiosk's rate."""
        rates = 1 / (1 + np.exp(-self._here))
        rates = np.where(self._dirty, np.minimum(6 * rates + 0.05, 0.7), rates)
        made = np.where(self.off, 0, self.rng.poisson(_CHECKS * hours, _KIOSKS))
        return made, self.rng.binomial(made, np.minimum(rates + worse, 0.95))


def run(seed: int, worse: float, name: str = "bench") -> Run:
    """One roll-out to its end."""
    rng = np.random.default_rng(seed)
    world = World(rng)
    counts = np.zeros((_KIOSKS, 4), dtype=np.int64)
    for _ in range(_PAST):
        made, failed = world.checks(_DAY, np.zeros(_KIOSKS))
        counts[:, 0] += made
        counts[:, 1] += failed
        world.new_day()
    standard = rings.parse(STANDARD)
    ring = np.array([rings.ring_of(standard, f"{name}-{seed}", Member(f"kiosk-{n}")) for n in range(_KIOSKS)])
    plan = Plan(f"{name}-{seed}", Release(Kind.KNOWN, "v1", 1), standard, Rules())
    plan = advance(plan, [], None, "")
    has = np.zeros(_KIOSKS, dtype=bool)
    for _ in range(_LONGEST):
        has |= (ring < plan.open) & ~world.off  # by night
        for _ in range(_DAY):
            made, failed = world.checks(1, np.where(has, worse, 0.0))
            counts[:, 2] += made
            counts[:, 3] += failed
            plan = _look(plan, counts, has, ring)
            if plan.state is not State.RUNNING:
                return Run(plan.state, plan.open, int(counts[has, 2].sum()))
        world.new_day()
        counts[~has & (ring < plan.open), 2:] = 0
    return Run(plan.state, plan.open, int(counts[has, 2].sum()))


def _look(plan: Plan, counts: NDArray[np.int64], has: NDArray[np.bool_], ring: NDArray[np.int64]) -> Plan:
    seen = []
    for number in range(len(plan.rings)):
        mine = ring == number
        with_it = mine & has
        seen.append(Seen(int(mine.sum()), int(with_it.sum()), 0, int(counts[with_it, 2].sum())))
    judgement = judged(counts[has][:_OTHERS], counts[~has][:_OTHERS]) if has.any() else None
    return advance(plan, seen, judgement, "")


def main(argv: list[str] | None = None) -> int:
    """1: a figure is not reached."""
    parser = argparse.ArgumentParser(prog="make bench-fleet-rollout", description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="roll-outs of each kind (200)")
    parser.add_argument("--seed", type=int, default=1, help="of the first one")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(argv)
    began = time.perf_counter()
    seeds = range(args.seed, args.seed + args.runs)
    console = Console(stderr=True)
    bad = [run(seed, 0.08) for seed in track(seeds, "bad", console=console, disable=not console.is_terminal)]
    sound = [run(seed, 0.0) for seed in track(seeds, "sound", console=console, disable=not console.is_terminal)]
    caught = sum(one.state is State.STOPPED and one.open == 1 for one in bad) / args.runs
    stopped = sum(one.state is State.STOPPED for one in sound) / args.runs
    done = sum(one.state is State.DONE for one in sound) / args.runs
    checks = sorted(one.checks for one in bad if one.state is State.STOPPED)
    record = {
        "runs": args.runs,
        "bad_stopped_before_ring_2": caught,
        "checks_until_then": checks[len(checks) // 2] if checks else None,
        "sound_stopped": stopped,
        "sound_done": done,
        "seconds": round(time.perf_counter() - began, 1),
    }
    if args.json:
        print(json.dumps(record))
    else:
        print(
            f"bad versions (98 -> 90 %) stopped before ring 2: {caught:.1%} of {args.runs} ({_STOPPED_BAD:.0%} wanted)"
        )
        print(f"  after {record['checks_until_then']} checks with the version in the median")
        print(f"sound versions stopped: {stopped:.1%} ({_STOPPED_SOUND:.0%} at most); {done:.1%} came to everybody")
        print(f"{record['seconds']} s")
    return int(caught < _STOPPED_BAD or stopped > _STOPPED_SOUND)


if __name__ == "__main__":
    sys.exit(main())
