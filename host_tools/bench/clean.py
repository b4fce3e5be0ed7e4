"""What `stillscan clean` finds: ``make bench-clean``.

Dirt drawn at random on glass, strip and sensor of scanners with spread, and scanners without any. Seeds from --first
on: what the thresholds were chosen by (seeds below 1000) stays apart from what is reported (from 1000 on). Which piece
hurts is reckoned from what was drawn by the command's own rule (technician.dirt.likelihood), not from readings.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter

import numpy as np

from bench.service import spread
from kiosk import wire
from stillscan.commands.world import SAMPLE, scene
from stillscan.link.session import Session
from stillscan.simulator.dirt import KINDS, Dirt, Spot
from stillscan.simulator.glass import ZONE_HEIGHT_MM
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.dirt import HURTS, Piece, dirt_map, likelihood, verdict
from stillscan.technician.looking import look

_FIRST = 1000
_MOST = 8  # pieces of a scene
_SIZES_MM = {"spot": (0.2, 3.0), "streak": (0.2, 2.0), "scratch": (0.2, 1.0), "haze": (1.0, 12.0)}
_KINDS, _OF_KIND = ("spot", "streak", "haze", "scratch"), (0.55, 0.15, 0.15, 0.15)
_PLACES, _OF_PLACE = ("glass", "strip", "sensor"), (0.5, 0.25, 0.25)
_ALONG = ("streak", "scratch")
_NEAR_MM = 0.3  # beyond the edge of the larger one: four pixels


def drawn(seed: int) -> list[Spot]:
    """None to eight pieces, in mm as --dirt has them."""
    rng = np.random.default_rng([seed, 950])
    spots = []
    for _ in range(int(rng.integers(0, _MOST + 1))):
        where, kind = str(rng.choice(_PLACES, p=_OF_PLACE)), str(rng.choice(_KINDS, p=_OF_KIND))
        high = {"glass": ZONE_HEIGHT_MM, "strip": 2.0, "sensor": 0.0}[where]
        size = round(float(rng.uniform(*_SIZES_MM[kind])), 2)
        spots.append(
            Spot(where, kind, round(float(rng.uniform(1, 124)), 1), round(float(rng.uniform(0, high)), 1), size)
        )
    return spots


def found(seed: int, spots: list[Spot]) -> list[Piece]:
    """What the command reports of a scanner with spread."""
    world = scene(SAMPLE, None, "still", "clean", seed, 60.0)
    world.dirt = Dirt.of(spots)
    with SimulatedKiosk(world) as kiosk:
        spread(kiosk, seed)
        session = Session(kiosk)
        session.open(wire.STREAM_EVENTS)
        at = AtScanner(session)
        at.ready()
        return dirt_map(look(at)).pieces


def hurts(spot: Spot) -> float:
    """Of a piece as it was drawn."""
    loss, along = 1.0 - KINDS[spot.kind], spot.kind in _ALONG
    return likelihood(spot.x_mm, spot.y_mm, spot.size_mm, spot.where, loss, along=along)


def meets(spot: Spot, piece: Piece, *, same: bool) -> bool:
    """Is it the piece that was drawn? ``same``: at its place as well."""
    reach = max(spot.size_mm, piece.size_mm) / 2 + _NEAR_MM
    across = abs(spot.x_mm - piece.x_mm) <= reach
    if not same or spot.where != piece.where:
        return across and not same
    round_ = spot.kind not in _ALONG and piece.kind not in _ALONG and spot.where != "sensor"
    return across and (not round_ or abs(spot.y_mm - piece.y_mm) <= reach)


def main(arguments: list[str] | None = None) -> int:
    """Print what was missed or false, and the sums; 1 when a figure is not reached."""
    parser = argparse.ArgumentParser(prog="bench-clean", description=__doc__)
    parser.add_argument("--first", type=int, default=_FIRST, metavar="SEED", help=f"({_FIRST})")
    parser.add_argument("--scenes", type=int, default=200, metavar="N", help="with dirt (200)")
    parser.add_argument("--empty", type=int, default=50, metavar="N", help="without any (50)")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(arguments)
    sums: Counter[str] = Counter()
    for seed in range(args.first, args.first + args.scenes):
        _scene(seed, sums)
    for seed in range(args.first + 500, args.first + 500 + args.empty):
        false = found(seed, [])
        sums["false in clean scenes"] += len(false)
        for piece in false:
            _say(seed, "false, clean", piece)
    of = max(1, sums["hurting"])
    summary = {
        "scenes": args.scenes, "pieces": sums["pieces"], "hurting": sums["hurting"],
        "found": round(sums["found"] / of, 3), "found and said to hurt": round(sums["said"] / of, 3),
        "place told": round(sums["place"] / max(1, sums["found"]), 3),
        "kind told": round(sums["kind"] / max(1, sums["place"]), 3),
        "verdict right": round(sums["verdict"] / max(1, args.scenes), 3),
        "false beside dirt, said to hurt": sums["false"],
        "clean scenes": args.empty, "false in clean scenes": sums["false in clean scenes"],
    }  # fmt: skip
    print(json.dumps(summary) if args.json else "\n".join(f"{name:<32} {value}" for name, value in summary.items()))
    reached = sums["said"] >= 0.95 * of and sums["place"] >= 0.95 * sums["found"]
    return int(not reached or sums["false in clean scenes"] > 1)


def _scene(seed: int, sums: Counter[str]) -> None:
    spots = drawn(seed)
    pieces = found(seed, spots)
    for spot in spots:
        sums["pieces"] += 1
        if hurts(spot) < HURTS:
            continue
        sums["hurting"] += 1
        there = [piece for piece in pieces if meets(spot, piece, same=True)]
        anywhere = there or [piece for piece in pieces if meets(spot, piece, same=False)]
        sums["found"] += bool(anywhere)
        sums["place"] += bool(there)
        sums["kind"] += any(piece.kind == spot.kind for piece in there)
        said = any(piece.hurts >= HURTS for piece in anywhere)
        sums["said"] += said
        if not (there and said and any(piece.kind == spot.kind for piece in there)):
            _say(seed, "drawn", spot, "met by", *anywhere)
    for piece in pieces:
        if piece.hurts >= HURTS and not any(meets(spot, piece, same=spot.where == piece.where) for spot in spots):
            sums["false"] += 1
            _say(seed, "false", piece)
    truth = [Piece(*spot[2:], spot.kind, spot.where, hurts(spot)) for spot in spots]
    sums["verdict"] += verdict(truth) == verdict(pieces)


def _say(*what: object) -> None:
    print(*what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
