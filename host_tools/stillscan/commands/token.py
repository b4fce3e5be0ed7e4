"""``stillscan token``: which programs may call the API, and what each may do."""

from __future__ import annotations

import argparse
import functools
import json
import sys

from stillscan.commands.records import add_place, records
from stillscan.commands.signing_in import add_staff, named, signed_in
from stillscan.errors import EnvironmentTroubleError
from stillscan.records import text
from stillscan.records.staff import Role
from stillscan.records.tokens import Scope, TokenList
from stillscan.terminal import streams

_WHAT = {
    Scope.LETTERS: "register letters",
    Scope.STATES: "ask for the state of letters and of the counter",
    Scope.AUDIT: "read and verify the audit chain",
    Scope.CASES: "try the rules on a case",
    Scope.DECISIONS: "decide on letters in the name of the supervisor of --staff",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "token",
        help="tokens of the API: add, list, revoke",
        description="A token lets a program call the API of 'stillscan run'. Each has a name, which stands in what the "
        "program records, and may do what its scopes say. Each change is an entry of the audit chain; a token that was "
        "revoked is refused from the next call on. Exit code: 0 done, 1 refused (the name is taken, or unknown), 2 bad "
        "input.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    add = actions.add_parser(
        "add",
        help="a new token, which is printed once",
        description="A new token is printed, once: only its digest is kept.",
    )
    add.add_argument("name", metavar="NAME", help="letters (a-z), digits, '.', '_' and '-'; each name is given once")
    add.add_argument(
        "--scope",
        required=True,
        nargs="+",
        action="extend",
        choices=tuple(map(str, Scope)),
        help=f"what it may do, one or several: {'; '.join(f'{scope}: {what}' for scope, what in _WHAT.items())}",
    )
    add_staff(add, f"needed for '{Scope.DECISIONS}': the supervisor in whose name it decides")
    add.add_argument("--json", action="store_true", help="print JSON")
    add_place(add)
    add.set_defaults(run=_add)
    list_ = actions.add_parser("list", help="all tokens by name, revoked ones too")
    list_.add_argument("--json", action="store_true", help="print JSON, a line for each")
    add_place(list_)
    list_.set_defaults(run=_list)
    revoke = actions.add_parser("revoke", help="nobody is let in with it any more")
    revoke.add_argument("name", metavar="NAME")
    add_place(revoke)
    revoke.set_defaults(run=_revoke)


def _add(args: argparse.Namespace) -> int:
    text.identifier("token", args.name)  # before a database is made
    if Scope.DECISIONS in args.scope:
        named(args)  # before a database is made
    with records(args, make="always") as (database, keyring):
        by = None if args.staff is None else signed_in(args, database, keyring, Role.SUPERVISOR)
        TokenList(database, keyring).add(args.name, map(Scope, args.scope), by, functools.partial(_show, args))
    if not args.json:
        print("stillscan: keep it now: it is not shown again", file=sys.stderr)
    return 0


def _show(args: argparse.Namespace, made: str) -> None:
    """The token, once. EnvironmentTroubleError: nobody can have seen it."""
    try:
        print(json.dumps({"name": args.name, "scopes": sorted(set(args.scope)), "token": made}) if args.json else made)
        streams.flush()
    except streams.OutputLostError as lost:
        raise EnvironmentTroubleError(f"{lost}; no token was made, as nobody has seen it") from None


def _list(args: argparse.Namespace) -> int:
    with records(args) as (database, keyring):
        tokens = TokenList(database, keyring).tokens()
    for one in tokens:
        state, scopes = "active" if one.active else "revoked", sorted(map(str, one.scopes))
        if args.json:
            print(json.dumps({"name": one.name, "scopes": scopes, "state": state, "staff": one.by, "entry": one.entry}))
        else:
            print(f"{one.name:20}  {state:7}  {', '.join(scopes)}{f'  by {one.by}' if one.by else ''}")
    return 0


def _revoke(args: argparse.Namespace) -> int:
    with records(args) as (database, keyring):
        changed = TokenList(database, keyring).revoke(args.name)
    print(f"{args.name} {'is revoked' if changed else 'was revoked already'}")
    return 0
