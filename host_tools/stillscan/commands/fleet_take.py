"""``stillscan fleet take``: a technician brings a board the firmware that was released for it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from stillscan.boards.build import compiled
from stillscan.boards.versions import Version
from stillscan.commands.fleet_kiosk import add_releases, kiosk_of
from stillscan.errors import InputError, StillscanError
from stillscan.link.pairing import BOARD_FILE, Pairing
from stillscan.technician.come_up import come_up
from stillscan.technician.ports import find_port, port_again, recognise
from stillscan.technician.prompt import Prompt
from stillscan.technician.update import Update


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command below ``stillscan fleet``."""
    parser = subparsers.add_parser(
        "take",
        help="put the released firmware on a board: hold its service button while you plug it in",
        description="Looks what is released for this kiosk and board, verifies it, and puts it on the board as flash "
        "does; a version that does not come up is left for the one before. Known problems and settings are taken by "
        "the kiosk itself (run --releases). Exit code: 0 done, or nothing to do; 1 refused, or the former version "
        "runs; 2 usage; 3 device trouble; 4 the releases cannot be read.",
    )
    parser.add_argument("--port", metavar="PORT", help="serial port of the board (default: the one that is plugged in)")
    parser.add_argument("--kiosk", required=True, metavar="NAME", help="which kiosk this is, as in its records")
    parser.add_argument("--office", required=True, metavar="NAME", help="its office, as in its records")
    parser.add_argument("--folder", metavar="FOLDER", help="what was seen and taken so far (default: as run has it)")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")
    add_releases(parser)
    parser.set_defaults(run=_take)


def _take(args: argparse.Namespace) -> int:
    if args.releases is None:
        raise InputError("--releases: name where they are")
    from stillscan.fleet.rollout.installers import Firmware
    from stillscan.fleet.rollout.release import Kind
    from stillscan.fleet.rollout.rings import Member
    from stillscan.records.place import data_folder

    port = find_port(args.port)
    again = port_again(port)
    with Prompt(port) as prompt:
        board = recognise(prompt.facts(), port, None)
        pairing = Pairing.read(prompt.read(BOARD_FILE))

    def flash(version: Version, older: bool) -> None:
        with Prompt(port) as prompt:
            update = Update(prompt, version)
            if update.foreign:
                raise StillscanError(
                    f"{port}: another program is on the board; 'stillscan flash --replace' takes it off"
                )
            update.carry_out(lambda _: None)
            prompt.reset()
        come_up(again, version.build, key=None if pairing is None else pairing.key).session.transport.close()

    firmware = Firmware(lambda: board, flash, lambda: Version.of(compiled(board)))
    folder = Path(args.folder) if args.folder else data_folder() / "fleet"
    member = Member(args.kiosk, args.office, board)
    kiosk = kiosk_of(args, folder, lambda: member, {Kind.FIRMWARE: firmware})
    done = [one for one in kiosk.turn() if one.kind is Kind.FIRMWARE]
    for one in done:
        what = one.path or "the firmware of this package"
        if args.json:
            print(json.dumps({"path": one.path, "serial": one.serial, "installed": not one.why, "why": one.why}))
        else:
            print(f"{port}: {what}: {one.why or 'the board runs it'}")
    if not done and not args.json:
        print(f"{port}: nothing is released for this board that it does not have")
    return int(any(one.why for one in done))
