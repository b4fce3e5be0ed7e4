"""``stillscan clean``: where the glass, the white strip and the sensor are dirty, and what to wipe."""

from __future__ import annotations

import argparse
import json
import sys

from kiosk import wire
from stillscan.commands.at_scanner import add_port, at_scanner
from stillscan.commands.in_words import speaks, words
from stillscan.commands.records import keys
from stillscan.errors import DeviceError
from stillscan.files import may_write
from stillscan.guidance.technicians import Words
from stillscan.records.clock import utc_now
from stillscan.technician.dirt import GLASS, HURTS, KINDS, SENSOR, STRIP, VERDICTS, DirtMap, dirt_map, verdict
from stillscan.technician.dirt_picture import save
from stillscan.technician.glass import FILE, Glass
from stillscan.technician.looking import look
from stillscan.technician.through_kiosk import KioskPort

_EVERY = 25  # per cent between two lines of progress


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "clean",
        help="where glass, white strip and sensor are dirty, and what to wipe; the glass has to be empty",
        description="Looks at the white strip and at the empty glass under the closed lid, row by row (a minute), and "
        "maps the dirt in mm. Exit code: 0 nothing hurts reading, 1 something does, 2 bad input, 3 device trouble.",
    )
    add_port(parser)
    parser.add_argument(
        "--history",
        action="store_true",
        help="what the kiosk of these keys has seen day by day, without looking now",
    )
    parser.add_argument("--map", metavar="FILE.png", help="also draw the map into this file")
    speaks(parser, run)


def run(args: argparse.Namespace) -> int:
    """Carry the command out."""
    if args.history:
        return _history(args)
    if args.map is not None:
        may_write(args.map)  # before a minute of looking
    say = words(args)
    with at_scanner(args) as at:
        if at.state == wire.FAULT:
            raise DeviceError(
                f"{at.session.transport.name}: the scanner reports a fault; 'stillscan scanner test' says which part"
            )
        told = -1

        def progress(percent: int) -> None:
            nonlocal told
            if percent // _EVERY > told and not args.json:
                told = percent // _EVERY
                print(say(f"looking: {percent} % ..."), file=sys.stderr, flush=True)

        found = dirt_map(look(at, progress))
        if isinstance(at.session.transport, KioskPort):
            _tell(at.session.transport, found, say)
    word = verdict(found.pieces)
    if args.json:
        print(json.dumps({"spots": [piece._asdict() for piece in found.pieces], "verdict": word}))
    else:
        _show(found, word, say)
    if args.map is not None:
        save(found, args.map, say)  # last: where it cannot be, what was found has been said
    return int(word != "clean")


def _tell(kiosk: KioskPort, found: DirtMap, say: Words) -> None:
    """For the history that the kiosk keeps; the look is worth having without it."""
    try:
        kiosk.looked([piece._asdict() for piece in found.pieces])
    except DeviceError as error:
        print(say(f"not in the kiosk's history: {error}"), file=sys.stderr)


def _history(args: argparse.Namespace) -> int:
    rows = Glass(keys(args).folder / FILE, utc_now).history()
    if args.json:
        print(json.dumps(rows))
        return 0
    say = words(args)
    if not rows:
        print(say("nothing yet: 'stillscan run' looks once a day while nobody is there, and technicians at its page"))
    for row in rows:
        day = row["when"][:16].replace("T", " ")
        counts = say("{spots} pieces, {hurting} hurt reading, {scratches} scratches")
        below_each_other = {name: f"{row[name]:>3}" for name in ("spots", "hurting")}
        print(f"{day} UTC  {counts.format(**row | below_each_other)}")
    return 0


def _show(found: DirtMap, word: str, say: Words) -> None:
    wide = {
        name: max(len(say(one)) for one in known)
        for name, known in (("where", (GLASS, STRIP, SENSOR)), ("kind", KINDS))
    }
    for piece in found.pieces:
        place = f"x {say.number(piece.x_mm, '5.1f')} mm"
        if piece.where != SENSOR:
            place += f"; y {say.number(piece.y_mm, '4.1f')} mm"
        hurts = say("hurts reading" if piece.hurts >= HURTS else "does not hurt")
        what = f"{say(piece.where):<{wide['where']}}  {say(piece.kind):<{wide['kind']}}"
        print(f"{what}  {place:<24} {say.number(piece.size_mm, '5.2f')} mm  {hurts} ({100 * piece.hurts:.0f} %)")
    print(f"{say(word)}: {say(VERDICTS[word])}")
