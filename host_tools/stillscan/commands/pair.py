"""``stillscan pair``: a scanner and this kiosk get to know each other, once."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

from stillscan.commands.records import add_place, expect_new, output_bytes, records
from stillscan.commands.signing_in import add_staff, signed_in
from stillscan.errors import DeviceError, InputError, StillscanError
from stillscan.link.identity import REASON
from stillscan.link.pairing import is_id
from stillscan.link.serial_port import SerialTransport
from stillscan.records.admission import SIMULATED
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring
from stillscan.records.scanners import Scanners
from stillscan.records.staff import Role
from stillscan.technician.pairing import Paired, pair_board, pair_simulated
from stillscan.technician.ports import find_port, recognise
from stillscan.technician.prompt import Prompt


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "pair",
        help="pair a scanner with this kiosk: no other feeds a check",
        description="Gives the scanner whose prompt answers an identity and a key, keeps both in this kiosk's folder "
        "of keys, and notes it in the audit chain. A kiosk that runs has no prompt: hold its service button while you "
        "plug it in. Power may fail at any moment: the same command again completes what was begun. A scanner that "
        "was paired before, here or elsewhere, is paired anew. Exit code: 0 it is paired, 2 bad input, 3 device "
        "trouble, 4 trouble with keys or database.",
    )
    parser.add_argument("--port", metavar="PORT", help="serial port of the board (default: the one that is plugged in)")
    parser.add_argument(
        "--simulated",
        metavar="FILE",
        help="pair a simulated scanner instead, for test mode: FILE is for 'stillscan device --pairing'",
    )
    _common(parser, run, making=True)
    add_staff(parser, "the technician or supervisor who pairs, for the entry")
    actions = parser.add_subparsers(metavar="[list|revoke]")
    listing = actions.add_parser("list", help="the scanners that these records know")
    _common(listing, _list)
    revoke = actions.add_parser("revoke", help="from now on this scanner feeds no check")
    revoke.add_argument("scanner", metavar="ID", help="its id, as 'stillscan pair list' has it")
    _common(revoke, _revoke)
    add_staff(revoke, "the technician or supervisor who revokes, for the entry")


def _common(
    parser: argparse.ArgumentParser, carry_out: Callable[[argparse.Namespace], int], *, making: bool = False
) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    add_place(parser, making=making)
    parser.set_defaults(run=carry_out)


def run(args: argparse.Namespace) -> int:
    """Pair; the exit code."""
    if args.simulated is not None:
        if args.port is not None:
            raise InputError("--simulated goes without --port")
        expect_new(args.simulated)
        with records(args, make="unnamed") as (database, keyring):
            pairing, paired = pair_simulated(Scanners(database, keyring), _staff(args, database, keyring))
            output_bytes(args.simulated, pairing.written())
        _show(args.json, args.simulated, paired)
        return 0
    port = find_port(args.port)
    transport = SerialTransport(port)  # says in plain words why it cannot be had
    transport.close()
    with records(args, make="unnamed") as (database, keyring):
        staff = _staff(args, database, keyring)
        try:
            prompt = Prompt(port)
        except DeviceError as error:
            raise DeviceError(
                f"{error}; a scanner that runs has none: hold its service button while you plug it in, then pair again"
            ) from None
        with prompt:
            board = recognise(prompt.facts(), port, None)
            known = Scanners(database, keyring)
            paired = pair_board(prompt, known, board, test=transport.pseudo, staff=staff)
    _show(args.json, port, paired)
    return 0


def _staff(args: argparse.Namespace, database: Database, keyring: Keyring) -> str | None:
    """Who signs in for it, where somebody does: then it stands in the entry."""
    if args.staff is None:
        return None
    return signed_in(args, database, keyring, Role.TECHNICIAN, Role.SUPERVISOR).staff


def _show(as_json: bool, where: str, paired: Paired) -> None:
    if as_json:
        print(json.dumps({"where": where, **paired._asdict()}))
        return
    what = "is paired with this kiosk" if paired.new else "was paired with this kiosk already"
    print(f"{where}: scanner {paired.scanner} ({paired.board}) {what}{', for test mode' * paired.test}")
    if paired.replaces is not None:
        print(f"  its former pairing, {paired.replaces}, is over")
    if paired.board != SIMULATED:
        print("  let the service button go and plug it in again")


def _list(args: argparse.Namespace) -> int:
    with records(args) as (database, keyring):
        known = Scanners(database, keyring)
        rows = [(one, known.standing(one)) for one in known.all().values()]
    for one, standing in rows:
        if args.json:
            found = {
                "scanner": one.scanner, "board": one.board, "kiosk": one.kiosk, "paired": one.paired,
                "revoked": one.revoked, "test": one.test, "standing": standing,
            }  # fmt: skip
            print(json.dumps(found))
            continue
        told = _STANDINGS[standing].format(kiosk=one.kiosk) + ", for test mode" * one.test
        print(f"{one.scanner}  {one.board:<12} {one.paired[:16]}  {told}")
    if not rows and not args.json:
        print("no scanner is paired")
    return 0


_STANDINGS = {
    "paired": "paired with this kiosk",
    "revoked": "revoked",
    "swapped": "paired with the kiosk {kiosk}",
    "key_lost": "its key is missing here, or damaged",
}


def _revoke(args: argparse.Namespace) -> int:
    if not is_id(args.scanner):
        raise InputError("ID: is no scanner's id (16 hexadecimal digits)")
    with records(args) as (database, keyring):
        known = Scanners(database, keyring)
        try:
            entry = known.revoke(args.scanner, _staff(args, database, keyring))
        except KeyError:
            raise StillscanError(f"scanner {args.scanner}: these records know none of that id") from None
    when = f"from entry {entry.seq} on" if entry is not None else "already"
    if args.json:
        print(json.dumps({"scanner": args.scanner, "entry": None if entry is None else entry.seq}))
    else:
        print(f"scanner {args.scanner} is revoked {when}: what it reads is {REASON}")
    return 0
