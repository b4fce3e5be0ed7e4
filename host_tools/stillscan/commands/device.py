"""``stillscan device``: a simulated scanner on a pseudo-terminal, for programs that want a serial port."""

from __future__ import annotations

import argparse

from stillscan.commands.world import SAMPLE, add_movement, scene, visitors
from stillscan.simulator.kiosk import SimulatedKiosk


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "device",
        help="a simulated scanner on a pseudo-terminal, in real time",
        description="Prints the port's name, then serves it until interrupted: passports are laid down and taken away "
        "by the lights of the kiosk. Use it with: stillscan run --port NAME",
    )
    parser.add_argument("--document", metavar="IMAGE", help="what is laid on the glass (default: a sample strip)")
    add_movement(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the command out; ends by an interrupt."""
    from stillscan.simulator.pty_port import PtyPort  # not on Windows, where there are no pseudo-terminals

    world = scene(args.document or SAMPLE, None, args.motion, args.dirt, args.seed, 60.0)
    with SimulatedKiosk(world, paced=True) as kiosk:
        kiosk.visitors = visitors(args.motion, args.seed)
        port = PtyPort(kiosk)
        print(port.port, flush=True)
        try:
            while True:
                port.step()
        finally:
            port.close()
