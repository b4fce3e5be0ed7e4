"""``stillscan consignment``: the letters that lie here to be collected."""

from __future__ import annotations

import argparse
import json
import sys

from stillscan.commands.records import add_place, is_made, read_input, records
from stillscan.records import tracking
from stillscan.records.audit import following
from stillscan.records.chain_state import ChainState
from stillscan.records.clock import utc_now
from stillscan.records.consignments import StoredConsignment, find
from stillscan.records.errors import RowsError
from stillscan.records.importing import load, parse

_NOT_THERE = 1


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "consignment",
        help="import, list and show the letters that are to be collected",
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
        help="these letters are for trying out: only checks in test mode see them, and TESTPACKAGE-... is a number",
    )
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


def _import(args: argparse.Namespace) -> int:
    content = read_input(args.file)
    source = "standard input" if args.file == "-" else args.file
    try:
        _, errors = parse(content, test=args.test)
        if errors and not is_made(args):
            raise RowsError(source, sorted(errors))  # a file that cannot go in makes no database
        with records(args, make="always") as (database, keyring):
            imported = load(content, database, keyring, source, test=args.test)
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
    with records(args) as (database, keyring), following(database, keyring, chain) as connection:
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
    with records(args) as (database, keyring), following(database, keyring, chain) as connection:
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
