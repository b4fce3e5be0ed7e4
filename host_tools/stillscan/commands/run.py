"""``stillscan run``: the kiosk, until interrupted."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from contextlib import closing, nullcontext
from datetime import date
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console

from stillscan.commands.config import add_config
from stillscan.commands.counter import add_page, serve
from stillscan.commands.display import ConsoleOut, LivePicture, PlainLines
from stillscan.commands.fleet_kiosk import add_releases
from stillscan.commands.json_lines import EVENTS, JsonLines
from stillscan.commands.office import is_tour, unrecorded_gate
from stillscan.commands.parser import add_language, milliseconds, seconds, simulated_group
from stillscan.commands.recording import add_recording, linked, played, recorded, streams
from stillscan.commands.settings import add_expected, expected
from stillscan.commands.simulate import EXIT
from stillscan.commands.to_centre import expect_usable, without_page
from stillscan.commands.tour import Customers
from stillscan.commands.watched import watched
from stillscan.commands.webhook import webhook_of
from stillscan.commands.world import SAMPLE, add_movement, scene, visitors
from stillscan.errors import InputError
from stillscan.files import may_write, write_whole
from stillscan.link.serial_port import SerialTransport
from stillscan.link.transport import Transport
from stillscan.scanning.reader_process import ReaderProcess
from stillscan.scanning.result import Result
from stillscan.scanning.service import Service
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.visitors import Visitors
from stillscan.terminal.streams import go_on_without
from stillscan.testing.simulate import TODAY, decider
from stillscan.verify.known import lists

_ROWS = 274  # of the reference scanner's zone: 23.2 mm at 300 dpi
_SCREEN_WIDTH = 150  # columns of the saved picture of a terminal; nothing depends on it
_VISIT_S = 60.0  # a hand's movements are drawn for so long: twice what `simulate` waits for a check at most by default
_DAY_S = 86400.0  # the most that --reconnect takes: a day
_OF_THE_PAGE = (
    *("page", "lock_minutes", "open", "webhook", "webhook_secret", "releases", "releases_seed", "releases_root"),
    *("quiet_hours", "known", "office", "reading_taken", "reading_limit", "new_database"),
)
_OF_RECORDS = ("database", "keys", "kiosk", "clock_ahead", "unsynchronised_clock")
"""Without the page they say which scanners are paired; a simulated one need not be."""
_MOST_READ_MS = 3_600_000.0  # an hour: nobody waits longer for a trial


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "run",
        help="the kiosk: one check after another, until interrupted",
        description="Connects to a scanner and serves the clerk's page on this computer: letter, scan, second "
        "document, face, verdict, record. Without the page (--once, --no-page, --recipient) it judges documents alone, "
        "in the terminal. With --port sim the scanner is simulated in real time. Exit code with --once: 0 verified, 1 "
        "refused or given up, 3 fault; 3 as well when the scanner is not there or stays away.",
    )
    parser.add_argument("--port", metavar="PORT|sim", help="serial port of the scanner, sim, or play:FILE")
    parser.add_argument("--once", action="store_true", help="end after one check")
    parser.add_argument("--recipient", metavar="NAME", help="name on the letter, compared with the MRZ")
    add_language(parser, "nb", "of the guidance")
    parser.add_argument(
        "--reconnect",
        type=seconds(_DAY_S, zero=True, endless=True),
        default=10.0,
        metavar="S",
        help="with --once, how long to wait for a scanner that is missing or went away (10); a kiosk waits as long as "
        "it takes",
    )
    parser.add_argument(
        "--read-ms", type=milliseconds(_MOST_READ_MS), metavar="MS", help="for trials: a reading takes at least so long"
    )
    parser.add_argument(
        "--json", action="store_true", help=f"what happens as a line of JSON each, nothing personal: {EVENTS}"
    )
    add_expected(parser)
    add_page(parser)
    add_recording(parser)
    add_releases(parser.add_argument_group("releases of a fleet, with the page"))
    simulated = simulated_group(parser)
    simulated.add_argument("--document", metavar="IMAGE", help="what is laid on the glass (default: a sample strip)")
    simulated.add_argument(
        "--save-strip",
        metavar="PNG",
        help="keep the joined strip of the last check as an image; of a real passport none is ever kept",
    )
    simulated.add_argument("--save-screen", metavar="SVG", help="keep what the terminal showed as a picture")
    add_movement(simulated)
    add_config(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the command out; the exit code."""
    if not args.port:
        raise InputError("--port: name the scanner's serial port, or sim (or 'port' in the file of --config)")
    simulated = args.port == "sim"
    for path in (args.save_strip, args.save_screen):
        if path:
            may_write(path)
    expect_usable(args)
    expected(args)  # a mistyped one is told before anything starts
    people = visitors(args.motion, args.seed) if simulated else None
    with linked(args, connector(args, people)) as connect:
        return _run(args, connect, people)


def _run(args: argparse.Namespace, connect: Callable[[], Transport], people: Visitors | None) -> int:
    simulated = people is not None
    if not without_page(args):
        _tell_unused(args)
        return serve(args, connect, simulated, Customers(people, args.seed) if people and is_tour(args) else None)
    lists(args.known)  # what is wrong with them is told all the same
    webhook_of(args)
    _tell_unused(args)
    today = TODAY if simulated else date.today()
    console = Console(record=True, width=_SCREEN_WIDTH) if args.save_screen else Console()
    live = console.is_terminal and not args.save_screen and not args.json
    picture = LivePicture(args.language, simulated, _ROWS, console) if live else None
    plain = JsonLines(_line) if args.json else PlainLines(args.language, simulated, ConsoleOut(console))
    display = picture or plain
    kept = _keeper(args.save_strip)
    with closing(picture) if picture else nullcontext(), closing(ReaderProcess(args.read_ms or 0.0)) as reader:
        judge = decider(args.recipient, today, args.test_mode)
        gate = unrecorded_gate(args, args.test_mode or simulated)
        with (
            recorded(args, connect, display) as (port, beside),
            watched(beside) as shown,
            gate as admission,
        ):
            service = Service(
                port,
                reader,
                judge,
                shown,
                kept,
                shown.alive,
                admission=admission,
                expected=expected(args),
                streams=streams(args),
            )
            if not args.once:
                go_on_without()
                service.run()
            result = service.run_once(args.reconnect)
    if args.save_strip and not args.json:
        print(f"the joined strip is in {args.save_strip}")
    if args.save_screen:
        write_whole(args.save_screen, _screen(console).encode())
    return EXIT[result.outcome]


def _tell_unused(args: argparse.Namespace) -> None:
    """Which options do nothing in this run, and what they need."""
    of_the_page = (*_OF_THE_PAGE, *(_OF_RECORDS if args.port == "sim" else ()))
    for names, needed, there in (
        (of_the_page, "the clerk's page", not without_page(args)),
        (("reconnect",), "--once", args.once),
        (("record_keep",), "--record", args.record is not None),
        (("quiet_hours",), "--releases", args.releases is not None or without_page(args)),
    ):
        unused = [f"--{name.replace('_', '-')}" for name in names if name in args.given]
        if unused and not there:
            print(f"stillscan: {', '.join(unused)}: nothing without {needed}", file=sys.stderr)


def _line(text: str) -> None:
    print(text, flush=True)


def connector(args: argparse.Namespace, people: Visitors | None = None) -> Callable[[], Transport]:
    """What opens the scanner that --port names; ``people`` at a simulated one, if not one after another."""
    if args.port == "sim":
        return _simulator(args, people)
    return played(args.port) or (lambda: SerialTransport(args.port))


def _simulator(args: argparse.Namespace, people: Visitors | None) -> Callable[[], Transport]:
    world = scene(args.document or SAMPLE, None, args.motion, args.dirt, args.seed, _VISIT_S)

    def connect() -> Transport:
        kiosk = SimulatedKiosk(world, paced=True)
        kiosk.visitors = people or visitors(args.motion, args.seed)
        return kiosk

    return connect


def _keeper(path: str | None) -> Callable[[Result, NDArray[np.uint8]], None]:
    def keep(_: Result, strip: NDArray[np.uint8]) -> None:
        if path is not None:
            picture = BytesIO()
            Image.fromarray(strip).save(picture, format="PNG", dpi=(300, 300))
            write_whole(path, picture.getvalue())

    return keep


def _screen(console: Console) -> str:
    """What the terminal showed, as SVG."""
    drawing = console.export_svg(title="stillscan run --port sim")
    # Fonts of the reader's machine, none fetched.
    return re.sub(r"@font-face \{.*?\}\s*", "", drawing, flags=re.DOTALL)
