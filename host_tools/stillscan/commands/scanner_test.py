"""``stillscan scanner test`` and ``watch``: every part measured beside its limits, and its sensors as they are now."""

from __future__ import annotations

import argparse
import json
import sys

from kiosk import wire
from stillscan.commands.at_scanner import add_port, at_scanner
from stillscan.commands.in_words import speaks, words
from stillscan.errors import DeviceError, InputError
from stillscan.guidance import service_texts
from stillscan.guidance.technicians import Words
from stillscan.link.messages import Sample, named
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.hands import AskedHands, Hands, SimulatedHands
from stillscan.technician.limits import Judged, judge
from stillscan.technician.measuring import Measured, everything
from stillscan.technician.procedures.report import bounds
from stillscan.technician.sliding import SCALE, flow_scale
from stillscan.technician.through_kiosk import KioskPort

_NO_SCALE = (
    "not measured: the flow sensor's scale; 'stillscan scanner test --slide' measures it, with a printed card that you "
    "slide"
)
_MOST_S = 900  # as long as the scanner lets a technician have its parts


def add_test(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``test``."""
    parser = actions.add_parser(
        "test",
        help="measure every part beside its limits; the glass has to be empty and clean",
        description="Measures lamps, line sensor, carriage, sensors, USB and controller beside the limits of a sound "
        "scanner (two minutes, most of them 100 trips of the carriage). Each failure says what it means, what to check "
        "and which part to order. Exit code: 0 all is as it has to be, 1 something is not, 3 device trouble.",
    )
    add_port(parser, at_length=True)
    parser.add_argument(
        "--slide",
        action="store_true",
        help="also the scale of the flow sensor: you are asked to lay down any printed card and to slide it (with "
        "--port sim that is always done)",
    )
    speaks(parser, _test)


def add_watch(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``watch``."""
    parser = actions.add_parser(
        "watch",
        help="flow, acceleration and switches as they are now, 50 times a second",
        description="Prints what the sensors say, ten lines a second (with --json every sample, 50 a second, one "
        "object a line). Ends after --seconds, at Ctrl-C, and when a document is laid down.",
    )
    add_port(parser)
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S", help=f"for so long (10; at most {_MOST_S})")
    speaks(parser, _watch)


def _test(args: argparse.Namespace) -> int:
    say = words(args)
    with at_scanner(args) as at:
        transport = at.session.transport
        if args.slide and isinstance(transport, KioskPort):
            raise InputError("--slide: it scans, and the running kiosk does that alone: end it first")
        if at.state == wire.FAULT:
            _say(say("the scanner reports a fault; its parts are measured all the same"))
        measured = everything(at, lambda what: _say(say(f"measuring: {what} ...")))
        if isinstance(transport, SimulatedKiosk) and at.state != wire.FAULT:
            measured.append(slide_simulated(at, transport))
        elif args.slide:
            measured.append(_slide(at, AskedHands(_say, service_texts(say.language))))
        board = at.session.hello.board_name if at.session.hello is not None else ""
    judged = judge(measured, board)
    if not any((one.part, one.measurement) == SCALE for one in measured):
        _say(say(_NO_SCALE))
    if args.json:
        print(json.dumps([one._asdict() for one in judged]))
    else:
        _show(judged, say)
    return 0 if all(one.ok for one in judged) else 1


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _slide(at: AtScanner, hands: Hands) -> Measured:
    return flow_scale(at, hands.lay, hands.slide, hands.take, hands.slide_ms)


def slide_simulated(at: AtScanner, kiosk: SimulatedKiosk) -> Measured:
    """The same with a simulated hand."""
    return _slide(at, SimulatedHands(kiosk, kiosk.bus.scene.page))


def _show(judged: list[Judged], say: Words) -> None:
    marks = [say(mark) for mark in ("FAIL", "ok")]
    parts, wide = (max(len(say(text)) for text in column) for column in zip(*(one[:2] for one in judged), strict=True))
    for one in judged:
        value = say("not measured") if one.value is None else f"{say.number(one.value)} {say(one.unit)}".rstrip()
        what = f"{say(one.part):<{max(14, parts)}} {say(one.measurement):<{wide}}"
        print(f"{marks[one.ok]:<{max(map(len, marks))}}  {what} {value:<16} ({bounds(one, say)})")
        if one.advice:
            print(f"      {say(one.advice)}")
    failed = sum(not one.ok for one in judged)
    print(
        say(f"{failed} of {len(judged)} are not as they have to be")
        if failed
        else say(f"all {len(judged)} are as they have to be")
    )


def _watch(args: argparse.Namespace) -> int:
    count = max(1, round(min(args.seconds, _MOST_S) * 50))
    say = words(args)
    flow, quality = say("flow"), say("quality")
    with at_scanner(args) as at, at.service():
        shown = 0

        def show(sample: Sample) -> None:
            nonlocal shown
            shown += 1
            if args.json:
                print(json.dumps(sample._asdict()), flush=True)
            elif shown % 5 == 1:
                pins = [say(name) for bit, name in ((1, "document"), (2, "INT1"), (4, "home")) if sample.pins & bit]
                print(
                    f"{flow} {sample.dx:>4} {sample.dy:>4}  {quality} {sample.squal:>3}  "
                    f"g {sample.x_mg:>5} {sample.y_mg:>5} {sample.z_mg:>5} mg  {' '.join(pins)}",
                    flush=True,
                )

        end = at.watch(count, show)
    if end.part:
        raise DeviceError(f"{named(wire.PARTS, end.part)}: {named(wire.FAULTS, end.fault)}")
    return 0
