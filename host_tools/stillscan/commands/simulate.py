"""``stillscan simulate``: one check against the simulated world, in virtual time."""

from __future__ import annotations

import argparse
import json
import math
import os
import shlex
from collections.abc import Callable
from datetime import date
from pathlib import Path

from stillscan.boards.files import SIMULATOR, chip, simulated_folders
from stillscan.commands.parser import milliseconds, seconds
from stillscan.commands.recording import add_record_link, listened
from stillscan.commands.settings import check, named_values
from stillscan.commands.world import UF2_ALONE, add_movement, chip_kiosk, scene
from stillscan.errors import InputError
from stillscan.files import may_write
from stillscan.guidance import say
from stillscan.scanning.policy import RESTART_ONLY, Policy
from stillscan.simulator.kiosk import AGEING, FAULTS, SimulatedKiosk
from stillscan.simulator.models import models_of
from stillscan.simulator.scene import Scene
from stillscan.simulator.waves import Waves
from stillscan.technician.clashes import refuse
from stillscan.testing.modelled_reader import ReadingTime
from stillscan.testing.plot import Recorder, draw, expect_matplotlib
from stillscan.testing.simulate import TODAY, Options, Simulated, simulate
from stillscan.testing.targets import Target
from stillscan.testing.vcd import expect_pyvcd, write

_MOST_S = 3600.0  # of virtual time: an hour, where a check takes seconds
_DEFAULT_S = 30.0  # ten times what a check takes
_MOST_READ_MS = 60_000.0  # a minute: thirty times the longest reading that is waited for
_AFTER_MS = 300.0  # of a plot: what is seen and heard at the end
_OF_ONE_CHECK = (
    *("motion", "dirt", "seed", "restart_only", "max_seconds", "read_ms", "test_mode", "recipient", "today", "fault"),
    *("set", "plot"),
)
"""Options that a scenario does not take."""
EXIT = {"verified": 0, "refused": 1, "gave_up": 1, "fault": 3}  # exit codes, as README.md has them


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "simulate",
        help="one check of a simulated passport, in virtual time",
        description="Runs the real firmware on MicroPython against simulated sensors, reads what it scans and judges "
        "it. The same seed gives the same result. Exit code: 0 verified, 1 refused or given up, 2 usage, 3 fault; of a "
        "scenario: 0 all was as expected, 1 it was not.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--document", metavar="IMAGE", help="strip of 1476 x 274 px, or a whole page at its dpi (300)")
    what.add_argument("--mrz-text", metavar="'L1|L2'", help="print these lines in OCR-B and scan them")
    what.add_argument(
        "--scenario",
        metavar="NAME|FILE",
        help="carry out the steps of a scenario file, or of a shipped one by its name",
    )
    what.add_argument("--scenarios", action="store_true", help="list the shipped scenarios")
    add_movement(parser)
    parser.add_argument("--restart-only", action="store_true", help="any movement restarts the scan; three attempts")
    parser.add_argument(
        "--max-seconds", type=seconds(_MOST_S), default=_DEFAULT_S, metavar="S", help="virtual, from placing (30)"
    )
    parser.add_argument(
        "--board",
        default=SIMULATOR,
        metavar="BOARD",
        help="whose wiring and drivers run: name, or a folder of your own (simulator); on this computer, or on the "
        "emulated chip if there is an image for it",
    )
    parser.add_argument(
        "--uf2",
        metavar="FILE",
        help="official MicroPython image for a board whose chip is emulated, an RP2040 (default: STILLSCAN_UF2)",
    )
    parser.add_argument(
        "--read-ms",
        type=reading_time,
        metavar="N|real",
        help="how long a reading takes: N ms of virtual time, or as long as it takes on this computer (default: "
        "modelled by what is on the picture, so that a seed gives the same result everywhere)",
    )
    parser.add_argument("--test-mode", action="store_true", help="take specimens and test numbers")
    parser.add_argument("--recipient", metavar="NAME", help="name on the letter, compared with the MRZ")
    parser.add_argument(
        "--today", type=date.fromisoformat, default=TODAY, metavar="DATE", help=f"date of the simulated world ({TODAY})"
    )
    parser.add_argument(
        "--fault",
        metavar="FAULT[@MS]",
        help=f"break a part, from power-on or MS after placing: {', '.join((*FAULTS, *AGEING))}",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the scanner, in its unit"
    )
    parser.add_argument(
        "--plot", metavar="PNG", help="draw the check: movement, sensors, ring and tones, sweeps over rows, certainty"
    )
    parser.add_argument(
        "--vcd",
        metavar="FILE",
        help="write waveforms for GTKWave and PulseView: pins, buses, steps, lamp, lines, states; the same names for "
        "every board",
    )
    add_record_link(parser)
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the command out; the exit code."""
    if args.scenarios:
        from stillscan.commands import scenarios  # what it needs besides takes a tenth of a start

        return scenarios.show(args.json)
    if args.scenario is not None:
        _refuse_of_one_check(args)
        return _scenario(args)
    fault, fault_ms = _fault(args.fault)
    settings = named_values(args.set)
    check(settings)
    world = scene(args.document, args.mrz_text, args.motion, args.dirt, args.seed, args.max_seconds)
    options = Options(
        policy=RESTART_ONLY if args.restart_only else Policy(),
        most_s=args.max_seconds,
        recipient=args.recipient,
        today=args.today,
        fault=fault,
        fault_ms=fault_ms,
        read_ms=args.read_ms,
        test_mode=args.test_mode,
        settings=settings,
    )
    _expect_to_write(args)
    recorder = Recorder(after_ms=_AFTER_MS if args.plot or args.vcd else 0.0)
    waves = Waves()
    with listened(args, _kiosk(args.board, args.uf2)) as kiosk:
        record = simulate(world, options, recorder, _watched(kiosk, waves) if args.vcd else kiosk)
    if args.plot:
        draw(recorder, world, record, Path(args.plot))
    if args.vcd:
        write(Path(args.vcd), waves, recorder)
    if args.json:
        print(json.dumps(record))
    else:
        _show(record)
    return EXIT[str(record["outcome"])]


def _expect_to_write(args: argparse.Namespace) -> None:
    """Before anything is simulated: what could not be drawn or written at the end is told."""
    for path, expect in ((args.plot, expect_matplotlib), (args.vcd, expect_pyvcd)):
        if path:
            expect()
            may_write(path)


def _refuse_of_one_check(args: argparse.Namespace) -> None:
    """A scenario says itself what else could be asked for."""
    plain = {"motion": "still", "dirt": "clean", "seed": 1, "today": TODAY, "max_seconds": _DEFAULT_S, "set": []}
    for name in _OF_ONE_CHECK:
        if getattr(args, name) not in (plain.get(name), None, False):
            raise InputError(f"--{name.replace('_', '-')} does not go with --scenario: the file says so itself")


def reading_time(text: str) -> ReadingTime:
    """Milliseconds, or "real"."""
    return "real" if text == "real" else milliseconds(_MOST_READ_MS, or_else="real")(text)


def _scenario(args: argparse.Namespace) -> int:
    """A scenario carried out, and its waveforms written if they are asked for; the exit code."""
    _expect_to_write(args)
    waves, recorder = Waves(), Recorder()
    with listened(args, _kiosk(args.board, args.uf2)) as kiosk:
        target = Target("sim", args.board, _watched(kiosk, waves) if args.vcd else kiosk)
        from stillscan.commands import scenarios

        code = scenarios.run(args.scenario, target, args.json, _again(args), recorder.message)
    if args.vcd:
        write(Path(args.vcd), waves, recorder)
    return code


def _again(args: argparse.Namespace) -> str:
    """The command that carries the same scenario out on the same kiosk."""
    board = () if args.board == SIMULATOR else ("--board", args.board)
    return shlex.join(
        ["stillscan", "simulate", "--scenario", args.scenario, *board, *(("--uf2", args.uf2) if args.uf2 else ())]
    )


def _kiosk(board: str, uf2: str | None) -> Callable[[Scene], Simulated]:
    """What makes the kiosk of this board: its firmware on this computer, or on an emulated chip."""
    if board == SIMULATOR:
        if uf2 is not None:
            raise InputError(UF2_ALONE)
        return SimulatedKiosk
    facts = chip(board)
    refuse(board)
    uf2 = uf2 or (os.environ.get("STILLSCAN_UF2") if facts.name == "RP2040" else None)
    if uf2:
        return chip_kiosk(board, uf2)
    simulated_folders(board)
    models_of(board)
    return lambda world: SimulatedKiosk(world, board)


def _watched(switch_on: Callable[[Scene], Simulated], waves: Waves) -> Callable[[Scene], Simulated]:
    def on(world: Scene) -> Simulated:
        kiosk = switch_on(world)
        waves.watch(kiosk.bus)
        return kiosk

    return on


def _fault(text: str | None) -> tuple[str | None, float | None]:
    if text is None:
        return None, None
    name, at, moment = text.partition("@")
    if name not in FAULTS and name not in AGEING:
        raise InputError(f"--fault: no fault '{name}'; there are: {', '.join((*FAULTS, *AGEING))}")
    if not at:
        return name, None
    most = round(_MOST_S * 1000)
    try:
        value = float(moment)
    except ValueError:
        value = math.nan
    if not 0 <= value <= most:
        raise InputError(f"--fault: '{moment}' is not a number of milliseconds from 0 to {most}")
    return name, value


def _show(record: dict[str, object]) -> None:
    print(f"{record['outcome']}: {record['reason']}")
    for line in record["mrz"] or ():  # type: ignore[attr-defined]
        print(f"  {line}")
    for abort in record["aborts"]:  # type: ignore[attr-defined]
        print(f"  aborted at {abort['t_ms']} ms, row {abort['row']}: {say('cause.' + abort['cause'], 'en')}")
    for sensor in record["sensors"]:  # type: ignore[attr-defined]
        print(f"  {say('sensor.' + sensor, 'en')}")
    verdict_ms = record["t_verdict_ms"]
    when = "no verdict" if verdict_ms is None else f"verdict after {verdict_ms} ms"
    print(f"  {record['attempts']} attempt{'s' * (record['attempts'] != 1)}, {when}, seed {record['seed']}")
