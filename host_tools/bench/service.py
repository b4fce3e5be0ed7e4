"""What `stillscan scanner test` finds: ``make bench-service``.

Parts that age, each on a few scanners: is the part named, and does a check still come through on the same scanner?
Sound scanners with spread: is anything named? Seeds from --first on, so that what the limits were chosen by (seeds
below 1000) stays apart from what is reported (from 1000 on).
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import NamedTuple

import numpy as np

from kiosk import wire
from stillscan.commands.scanner_test import slide_simulated
from stillscan.commands.world import SAMPLE, scene
from stillscan.errors import DeviceError, StillscanError
from stillscan.link.session import Session
from stillscan.simulator.kiosk import AGEING, SimulatedKiosk
from stillscan.simulator.scene import Scene
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.limits import Judged, judge
from stillscan.technician.measuring import everything
from stillscan.testing.simulate import Options, simulate

_FIRST = 1000
_TRIPS = 12  # of the carriage: a simulated one that loses steps does so on each
_VISIT_S = 60.0
PARTS = {
    "lamp": ("lamp",), "line": ("line_sensor", "lamp"), "carriage": ("carriage",), "flow": ("flow",),
    "accelerometer": ("accelerometer",), "int1": ("accelerometer",), "usb": ("usb",), "chip": ("controller",),
}  # fmt: skip
"""What may be named, by the first word of the kind: a lamp and a sensor cannot always be told apart by light alone."""


class Found(NamedTuple):
    """One scanner: ``failed`` are part and measurement of what is not as it has to be."""

    kind: str
    seed: int
    failed: tuple[tuple[str, str], ...]
    check: str


def spread(kiosk: SimulatedKiosk, seed: int) -> None:
    """A sound scanner, as parts differ from one to the next."""
    rng = np.random.default_rng([seed, 900])
    bus = kiosk.bus
    bus.lamp.infrared, bus.lamp.white = rng.uniform(0.85, 1.08, 2)
    bus.lamp.rise_us = float(rng.uniform(0.0, 800.0))
    bus.lamp.flicker = float(rng.uniform(0.0, 0.002))
    bus.line_sensor.fall = float(rng.uniform(-0.08, 0.08))
    bus.line_sensor.noise = float(rng.uniform(0.8, 1.4))
    bus.line_sensor.offset = float(rng.uniform(-4.0, 5.0))
    bus.line_sensor.gain = float(rng.uniform(0.95, 1.04))
    bus.carriage.scatter = float(rng.uniform(0.0, 0.5))
    bus.flow.scale = float(rng.uniform(0.98, 1.02))
    bus.flow.noise = float(rng.uniform(0.0, 0.01))
    bus.flow.haze = float(rng.uniform(0.0, 0.15))
    bus.accelerometer.noise_mg = float(rng.uniform(0.0, 3.0))
    bus.accelerometer.bias_mg = float(rng.uniform(-40.0, 40.0))
    bus.accelerometer.late_us = int(rng.integers(0, 500))
    bus.usb.slow = float(rng.uniform(0.8, 1.1))
    bus.chip.temperature_c = float(rng.uniform(15.0, 50.0))
    bus.chip.supply_v = float(rng.uniform(4.6, 5.1))
    bus.chip.drift_ppm = float(rng.uniform(-80.0, 80.0))


def world(seed: int) -> Scene:
    """An empty glass, and the document that may be laid there."""
    return scene(SAMPLE, None, "still", "clean", seed, _VISIT_S)


def worn(seed: int, kind: str | None) -> SimulatedKiosk:
    """A scanner with spread, one of whose parts has aged."""
    return _wear(SimulatedKiosk(world(seed)), seed, kind)


def _wear(kiosk: SimulatedKiosk, seed: int, kind: str | None) -> SimulatedKiosk:
    spread(kiosk, seed)
    if kind is not None:
        kiosk.fail(kind)
    return kiosk


def tested(seed: int, kind: str | None) -> list[Judged]:
    """What `scanner test` says of it."""
    with worn(seed, None) as kiosk:
        session = Session(kiosk)
        hello = session.open(wire.STREAM_EVENTS)
        at = AtScanner(session)
        at.ready()
        if kind is not None:
            kiosk.fail(kind)  # since it was calibrated
        measured = everything(at, lambda _: None, trips=_TRIPS)
        measured.append(slide_simulated(at, kiosk))
        return judge(measured, hello.board_name)


def found(seed: int, kind: str | None, checked: bool = True) -> Found:
    """The test, and a check on the same scanner when that is asked for."""
    try:
        failed = tuple((one.part, one.measurement) for one in tested(seed, kind) if not one.ok)
    except DeviceError as error:
        failed = (("none", str(error)),)
    if not checked:
        return Found(kind or "sound", seed, failed, "verified")
    try:
        record = simulate(world(seed), Options(), switch_on=lambda lying: _wear(SimulatedKiosk(lying), seed, kind))
        check = str(record["outcome"])
    except StillscanError as error:
        check = str(error)
    return Found(kind or "sound", seed, failed, check)


def named(one: Found) -> bool:
    """Was the part that aged among what was named?"""
    parts = PARTS[one.kind.split("-")[0]]
    return any(part in parts for part, _ in one.failed)


def main(arguments: list[str] | None = None) -> int:
    """Print a line a scanner and the sums; 1 when a kind is not named, or something sound is."""
    parser = argparse.ArgumentParser(prog="bench-service", description=__doc__)
    parser.add_argument("--first", type=int, default=_FIRST, metavar="SEED", help=f"({_FIRST})")
    parser.add_argument("--sound", type=int, default=50, metavar="N", help="sound scanners (50)")
    parser.add_argument("--each", type=int, default=2, metavar="N", help="scanners of each kind (2)")
    parser.add_argument("--kind", choices=tuple(AGEING), action="append", help="only these")
    parser.add_argument("--only-tests", action="store_true", help="no check on the same scanners")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(arguments)
    rows = [(args.first + n, kind) for kind in args.kind or AGEING for n in range(args.each)]
    results = []
    for seed, kind in [*rows, *((args.first + 500 + n, None) for n in range(args.sound))]:
        one = found(seed, kind, not args.only_tests)
        results.append(one)
        print(f"{one.kind:<26} seed {one.seed}  {one.check:<10} {one.failed}", file=sys.stderr, flush=True)
    aged = [one for one in results if one.kind != "sound"]
    kinds = {one.kind for one in aged}
    missed = sorted({one.kind for one in aged if not named(one)})
    broken = sorted({one.kind for one in aged if one.check != "verified"})
    false = [one for one in results if one.kind == "sound" and one.failed]
    summary = {
        "kinds": len(kinds), "named": len(kinds) - len(missed), "missed": missed, "check_failed": broken,
        "sound": sum(one.kind == "sound" for one in results), "false": len(false),
    }  # fmt: skip
    print(json.dumps(summary) if args.json else "\n".join(f"{name:<14} {value}" for name, value in summary.items()))
    return int(bool(missed or false))


if __name__ == "__main__":
    sys.exit(main())
