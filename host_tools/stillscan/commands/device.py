"""``stillscan device``: a simulated scanner on a pseudo-terminal, for programs that want a serial port."""

from __future__ import annotations

import argparse
import os
from contextlib import ExitStack
from pathlib import Path

from stillscan.commands.records import read_input
from stillscan.commands.world import SAMPLE, UF2_ALONE, add_movement, chip_kiosk, scene, visitors
from stillscan.errors import InputError, expect_posix
from stillscan.link.pairing import Pairing
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.technician.clashes import refuse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "device",
        help="a simulated scanner on a pseudo-terminal, in real time",
        description="Prints the port's name, then serves it until interrupted: passports are laid down and taken away "
        "by the lights of the kiosk. Use it with: stillscan run --port NAME",
    )
    parser.add_argument("--document", metavar="IMAGE", help="what is laid on the glass (default: a sample strip)")
    parser.add_argument(
        "--link", metavar="PATH", help="a symbolic link to the port: a name that stays when the cable is pulled"
    )
    parser.add_argument(
        "--hands",
        choices=("human", "quick", "nobody"),
        default="human",
        help="people act after a second, or a quarter; nobody: the glass stays empty, as technicians need it (human)",
    )
    parser.add_argument(
        "--control",
        metavar="PATH",
        help="a Unix socket that takes one command a line: customer FILE, hurry FILE, leave, fault NAME [S], mend, "
        "reboot, unplug S, power S, busy S, mute S, noise S, garbage S, stranger S, status "
        "(host_tools/docs/trials.md); of an emulated chip: service, power, time",
    )
    parser.add_argument(
        "--pairing", metavar="FILE", help="a scanner that is paired, for test mode: FILE is of 'pair --simulated FILE'"
    )
    parser.add_argument(
        "--board",
        default="simulator",
        metavar="BOARD",
        help="whose firmware runs (simulator); rpi_pico: on an emulated chip, which needs --link and lags behind "
        "fifteen times while it is busy: for programs that are patient, as flash is",
    )
    parser.add_argument(
        "--uf2",
        metavar="FILE",
        help="official MicroPython image for a board whose chip is emulated (default: STILLSCAN_UF2)",
    )
    parser.add_argument("--bare", action="store_true", help="of an emulated chip: MicroPython and nothing else on it")
    add_movement(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the command out; ends when it is asked to stop."""
    expect_posix("a pseudo-terminal")
    if args.board != "simulator":
        return _emulated(args)
    if args.uf2 is not None:
        raise InputError(UF2_ALONE)
    if args.bare:
        raise InputError("--bare goes with --board and a chip that is emulated")
    from stillscan.simulator.cable import Cable
    from stillscan.simulator.control import ControlSocket
    from stillscan.simulator.pty_port import PtyPort
    from stillscan.simulator.stand import Stand

    pairing = _pairing(args.pairing)
    world = scene(args.document or SAMPLE, None, args.motion, args.dirt, args.seed, 60.0)
    people = visitors(args.motion, args.seed, quick=args.hands == "quick")
    with ExitStack() as closing:
        kiosk = closing.enter_context(SimulatedKiosk(world, paced=True, pairing=pairing))
        port = PtyPort(kiosk, Cable(args.seed), Path(args.link) if args.link else None)
        closing.callback(port.close)
        stand = Stand(port, people)
        if args.hands == "nobody":
            stand.command("leave")
        control = ControlSocket(Path(args.control), stand.command) if args.control else None
        if control is not None:
            closing.callback(control.close)
        print(port.port, flush=True)
        while True:
            stand.step()
            if control is not None:
                control.serve()


def _emulated(args: argparse.Namespace) -> int:
    """A chip has its port and an empty glass, and none of the misfortunes of a stand."""
    if args.given & {"pairing", "document", "hands", "motion"} or not args.link:
        raise InputError(f"--board {args.board}: with --link; without --pairing, --document, --hands and --motion")
    refuse(args.board)
    kiosk = chip_kiosk(args.board, args.uf2 or os.environ.get("STILLSCAN_UF2"), files={} if args.bare else None)(
        scene(SAMPLE, None, args.motion, args.dirt, args.seed, 60.0)
    )
    from stillscan.simulator.chip.port import ChipPort
    from stillscan.simulator.control import ControlSocket

    with ExitStack() as closing:
        port = ChipPort(kiosk, Path(args.link))
        closing.callback(port.close)
        control = ControlSocket(Path(args.control), port.command) if args.control else None
        if control is not None:
            closing.callback(control.close)
        print(args.link, flush=True)
        while True:
            port.step()
            if control is not None:
                control.serve()


def _pairing(name: str | None) -> Pairing | None:
    if name is None:
        return None
    pairing = Pairing.read(read_input(name))
    if pairing is None:
        raise InputError(f"--pairing: {name} holds no whole pairing; 'stillscan pair --simulated FILE' makes one")
    return pairing
