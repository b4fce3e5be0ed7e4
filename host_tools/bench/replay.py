"""Recorded visits run again: ``make bench-replay``. Of 50 simulated visits, how often does the replay say the same?

Each motion profile on other seeds, and parts that break in mid-visit. The replay knows only the recording, and runs on
another seed: another noise of every sensor.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter

from stillscan.commands.world import SAMPLE, scene
from stillscan.recordings.file import parse
from stillscan.testing.replay import compared, replay
from stillscan.testing.seen import seen
from stillscan.testing.visit import Options, visit

_PROFILES = (
    "still", "tremor", "one-slip", "slips", "drift", "bump", "lift", "removed", "slips-3", "lift-slips", "restless",
    "mixed",
)  # fmt: skip
_FAULTS = (
    "flow-silent", "flow-stuck", "flow-spin", "accelerometer-nak", "line-sensor-stuck", "lamp-dark", "carriage-jam",
    "flow-blank", "accelerometer-full-scale", "flow-wrong-id", "lamp-aged", "line-sensor-noisy", "usb-errors",
    "flow-haze",
)  # fmt: skip
_FAULT_MS = 350.0  # after the placing: in mid-sweep
_SEEDS = 100  # of the first visit: what replays were tuned on
_OTHER_SEED = 1000  # of the replay, beside that of the visit
_MOST_S = 60.0  # of a hand's movement


def cases(visits: int, seeds: int = _SEEDS) -> list[tuple[str, int, str]]:
    """Profile, seed and fault of each visit: three of the profiles for one of the faults."""
    found = []
    for number in range(visits):
        block, place = divmod(number, 4)
        if place == 3:
            found.append(("still", seeds + number, _FAULTS[block % len(_FAULTS)]))
        else:
            at = 3 * block + place
            found.append((_PROFILES[at % len(_PROFILES)], seeds + number, ""))
    return found


def one(profile: str, seed: int, fault: str) -> dict[str, object]:
    """A visit, its recording, and its replay, compared."""
    world = scene(SAMPLE, None, profile, "clean", seed, _MOST_S)
    recorded = parse("the visit", visit(world, Options(faults=[(_FAULT_MS, fault)] if fault else [])))
    return compared(seen(recorded), seen(replay(recorded, seed + _OTHER_SEED)))


def main() -> int:
    """Run and print; 1 when the verdict differs more often than in one of 25."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=50)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=_SEEDS, metavar="SEED", help=f"of the first visit ({_SEEDS})")
    parser.add_argument("--only", type=int, action="append", default=[], metavar="SEED")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    same: Counter[str] = Counter()
    for profile, seed, fault in cases(args.visits, args.seeds)[args.first :]:
        if args.only and seed not in args.only:
            continue
        told = one(profile, seed, fault)
        verdicts = told["same"]
        assert isinstance(verdicts, dict)
        same.update(name for name, value in verdicts.items() if value)
        same["visits"] += 1
        if args.json:
            print(json.dumps({"profile": profile, "seed": seed, "fault": fault, **told}), flush=True)
        else:
            differ = ", ".join(name for name, value in verdicts.items() if not value)
            print(f"{profile:<12} {seed:>4} {fault:<24} {differ or 'the same'}", flush=True)
    print(", ".join(f"{name} {count}" for name, count in same.items()), file=sys.stderr)
    return int(25 * (same["visits"] - same["verdict"]) > same["visits"])


if __name__ == "__main__":
    sys.exit(main())
