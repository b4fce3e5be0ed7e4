"""``stillscan consignment``: the letters that lie here to be collected, and what a supervisor decides about them."""

from __future__ import annotations

import argparse
import json
import sys

from stillscan.commands.records import add_place, is_made, read_input, records
from stillscan.commands.signing_in import add_staff, signed_in
from stillscan.errors import InputError
from stillscan.records import tracking
from stillscan.records.audit import reading_chain
from stillscan.records.chain_state import ChainState
from stillscan.records.changes import correction, extension, record, return_to_sender, withdrawal
from stillscan.records.clock import utc_now
from stillscan.records.consignments import StoredConsignment, find
from stillscan.records.errors import RowsError
from stillscan.records.importing import load, parse
from stillscan.records.staff import Role
from stillscan.records.text import NAME_LENGTH

_NOT_THERE = 1
_MOST_NAME = 8 * NAME_LENGTH  # characters of a line that are looked at: more than any name, and no memory full


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "consignment",
        help="letters that are to be collected: import, list, show; a new deadline, a right name, withdraw, return",
        description="The letters that lie here to be collected.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    load_ = actions.add_parser(
        "import",
        help="take in a CSV or JSON file of letters, whole or not at all",
        description="CSV with a header (parted by commas, semicolons or tabs), or JSON: a list of objects, or one "
        "object after another. Fields: tracking, order, recipient, deadline (YYYY-MM-DD), and office, which may be "
        "left out or empty. All errors are told with their lines; then nothing is imported. Importing the same file "
        "again changes nothing.",
    )
    load_.add_argument("file", metavar="FILE", help="file of letters; - for standard input")
    load_.add_argument(
        "--test",
        action="store_true",
        help="these letters are for trying out: only checks in test mode see them, and TESTPACKAGE-0001 "
        "(or other letters and digits after the hyphen) is a number",
    )
    add_staff(load_, "needed for letters that were here before: a supervisor")
    add_place(load_)
    load_.add_argument("--json", action="store_true", help="print JSON")
    load_.set_defaults(run=_import)
    list_ = actions.add_parser("list", help="all letters, without their recipients")
    which = list_.add_mutually_exclusive_group()
    which.add_argument("--waiting", action="store_true", help="only those that are not handed out")
    which.add_argument("--released", action="store_true", help="only those that are handed out")
    list_.add_argument("--office", metavar="NAME", help="only those of this office")
    add_place(list_)
    list_.add_argument("--json", action="store_true", help="print JSON")
    list_.set_defaults(run=_list)
    show = actions.add_parser("show", help="one letter with all that is stored of it")
    show.add_argument("tracking", metavar="TRACKING", help="tracking number, with or without spaces")
    add_place(show)
    show.add_argument("--json", action="store_true", help="print JSON")
    show.set_defaults(run=_show)
    _add_changes(actions)


def _add_changes(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What a supervisor may do to one letter."""
    for name, help_, change in (
        ("extend", "a later last day to collect the letter", lambda args: extension(args.deadline)),
        ("correct", "the recipient's name as it should have been", lambda args: correction(_name(args))),
        ("withdraw", "do not hand the letter out any more", lambda args: withdrawal(args.reason)),
        ("return", "the letter goes back to its sender", lambda args: return_to_sender()),
    ):
        parser = actions.add_parser(
            name,
            help=help_,
            description=f"{help_[0].upper()}{help_[1:]}. Recorded as an entry of its own that names the supervisor who "
            "decides. Exit code: 0 recorded, 1 refused (PIN, role, or the letter's state), 2 bad input.",
        )
        parser.add_argument("tracking", metavar="TRACKING", help="tracking number, with or without spaces")
        if name == "extend":
            parser.add_argument("--deadline", required=True, metavar="YYYY-MM-DD", help="the new last day")
        elif name == "correct":
            parser.add_argument(
                "--recipient",
                default="-",
                metavar="NAME",
                help="the right name; without it, or as -, it is the line after the PIN on standard input, or is asked "
                "for: what stands in a command can be seen by others on this computer",
            )
        elif name == "withdraw":
            parser.add_argument("--reason", metavar="TEXT", help="why, in one line; erased when its time is over")
        add_staff(parser, "the supervisor who decides")
        add_place(parser)
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.set_defaults(run=_change, change=change)


def _change(args: argparse.Namespace) -> int:
    tracking.normalise(args.tracking, test=True)  # before anybody is asked for a PIN
    with records(args) as (database, keyring):
        supervisor = signed_in(args, database, keyring, Role.SUPERVISOR)
        done = record(args.change(args), args.tracking, supervisor, database, keyring)
    print(json.dumps(done._asdict()) if args.json else f"{done.tracking}: {done.change} recorded, entry {done.entry}")
    return 0


def _name(args: argparse.Namespace) -> str:
    """A name that is given, or the next line of standard input. FieldError for what is too long or empty."""
    if args.recipient != "-":
        return str(args.recipient)
    if sys.stdin is None:
        raise InputError("recipient: standard input is closed")
    if sys.stdin.isatty():
        print("recipient: ", end="", file=sys.stderr, flush=True)
    try:
        return sys.stdin.readline(_MOST_NAME).rstrip("\r\n")
    except UnicodeDecodeError:
        raise InputError("recipient: is not UTF-8 text") from None


def _import(args: argparse.Namespace) -> int:
    if args.staff is not None and args.file == "-":
        raise InputError("--staff: the PIN comes from standard input, so the letters must come from a file")
    content = read_input(args.file)
    source = "standard input" if args.file == "-" else args.file
    try:
        _, errors = parse(content, test=args.test)
        if errors and not is_made(args):
            raise RowsError(source, sorted(errors))  # a file that cannot go in makes no database
        with records(args, make="always") as (database, keyring):
            supervisor = None if args.staff is None else signed_in(args, database, keyring, Role.SUPERVISOR)
            imported = load(content, database, keyring, source, test=args.test, supervisor=supervisor)
    except RowsError as error:
        if args.json:
            print(json.dumps({"errors": [{"line": line, "problem": problem} for line, problem in error.errors]}))
        raise
    if args.json:
        print(json.dumps(imported._asdict()))
    else:
        print(f"{source}: {imported.new} imported, {imported.unchanged} there already")
    return 0


def _list(args: argparse.Namespace) -> int:
    chain = ChainState()
    with records(args) as (database, keyring), reading_chain(database, keyring, chain) as connection:
        for letter in find(connection, keyring, chain):
            if (args.waiting and not letter.waits) or (args.released and not letter.released):
                continue
            if args.office is not None and letter.office != args.office:
                continue
            if args.json:
                print(json.dumps({**_public(letter)}, ensure_ascii=False))
            else:
                print(f"{letter.tracking:18}  {letter.deadline}  {_state(letter):14}  {letter.office}".rstrip())
    return 0


def _show(args: argparse.Namespace) -> int:
    number = tracking.normalise(args.tracking, test=True)
    chain = ChainState()
    with records(args) as (database, keyring), reading_chain(database, keyring, chain) as connection:
        letter = next(find(connection, keyring, chain, [number]), None)
    if letter is None:
        print(f"stillscan: {number}: there is no such letter here", file=sys.stderr)
        return _NOT_THERE
    fields = {**_public(letter), "order": letter.order or None, "recipient": letter.recipient or None}
    if args.json:
        print(json.dumps(fields, ensure_ascii=False))
        return 0
    for name, value in fields.items():
        if not isinstance(value, bool):
            print(f"{name + ':':11}{'(erased: its time was over)' if value is None else value}")
    return 0


def _public(letter: StoredConsignment) -> dict[str, object]:
    return {
        "tracking": letter.tracking,
        "deadline": letter.deadline.isoformat(),
        "office": letter.office,
        "state": _state(letter),
        "released": letter.released,
        "test": letter.test,
    }


def _state(letter: StoredConsignment) -> str:
    state = letter.state_on(utc_now().date())
    return f"{state} (test)" if letter.test else state
