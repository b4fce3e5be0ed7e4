"""``stillscan staff``: who may sign in, and what they may do."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from stillscan.commands.records import add_place, records
from stillscan.commands.signing_in import new_pin
from stillscan.errors import InputError
from stillscan.records import text
from stillscan.records.staff import Role, StaffList, pin, weak

_ROLES = tuple(map(str, Role))


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "staff",
        help="who may sign in at the counter: add, list, lock, unlock, change",
        description="The staff of this office. Each change is an entry of the audit chain. Whoever may read the folder "
        "of keys can carry these commands out. Exit code: 0 done, 1 refused (the id is there already, or unknown, or "
        "the last supervisor's), 2 bad input.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    pin_from = "The PIN (4 characters or more) is one line of standard input, or is asked for twice on a terminal."
    add = _action(actions, "add", _add, "a new member of staff", pin_from)
    add.add_argument(
        "--role",
        required=True,
        choices=_ROLES,
        help="clerk: serves customers; supervisor: decides on letters too; technician: looks after the scanner",
    )
    list_ = _action(actions, "list", _list, "everybody, without their PINs", person=False)
    list_.add_argument("--json", action="store_true", help="print JSON, a line for each")
    lock = _action(actions, "lock", _lock, "nobody signs in with this id any more")
    _add_force(lock)
    _action(actions, "unlock", _unlock, "may sign in again; wrong PINs are counted anew")
    role = _action(actions, "role", _role, "another role")
    role.add_argument("new_role", nargs="?", metavar="ROLE", help=f"{', '.join(_ROLES)}; or as --role ROLE")
    role.add_argument("--role", choices=_ROLES, help=argparse.SUPPRESS)
    _add_force(role)
    _action(actions, "reset", _reset, "a new PIN for somebody who forgot it; unlocks too", pin_from)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    help_: str,
    more: str = "",
    *,
    person: bool = True,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=help_, description=f"{help_[0].upper()}{help_[1:]}. {more}".strip())
    if person:
        parser.add_argument("id", metavar="ID", help="letters (a-z), digits, '.', '_' and '-'")
    add_place(parser)
    parser.set_defaults(run=run)
    return parser


def _add_force(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="also the last supervisor who can sign in")


def _add(args: argparse.Namespace) -> int:
    text.identifier("staff", args.id)  # before anything is asked for or made
    given = _new_pin()
    with records(args, make="always") as (database, keyring):
        StaffList(database, keyring).add(args.id, Role(args.role), given)
    print(f"{args.id} can sign in as {args.role}")
    return 0


def _list(args: argparse.Namespace) -> int:
    with records(args) as (database, keyring):
        people = StaffList(database, keyring).people()
    for one in people:
        state = "active" if one.active else "locked"
        if args.json:
            print(json.dumps({"staff": one.staff, "role": one.role, "state": state, "entry": one.entry}))
        else:
            print(f"{one.staff:20}  {one.role:10}  {state}")
    return 0


def _lock(args: argparse.Namespace) -> int:
    with records(args) as (database, keyring):
        changed = StaffList(database, keyring).lock(args.id, force=args.force)
    print(f"{args.id} {'is locked' if changed else 'was locked already'}")
    return 0


def _unlock(args: argparse.Namespace) -> int:
    with records(args) as (database, keyring):
        StaffList(database, keyring).unlock(args.id)
    print(f"{args.id} can sign in")
    return 0


def _role(args: argparse.Namespace) -> int:
    if (args.new_role is None) == (args.role is None):
        raise InputError("which role? 'stillscan staff role ID ROLE'")
    name = args.role or args.new_role
    if name not in _ROLES:
        raise InputError(f"there is no role '{name}'; there are: {', '.join(_ROLES)}")
    with records(args) as (database, keyring):
        changed = StaffList(database, keyring).set_role(args.id, Role(name), force=args.force)
    print(f"{args.id} {'is' if changed else 'was already'} a {name}{' now' if changed else ''}")
    return 0


def _reset(args: argparse.Namespace) -> int:
    given = _new_pin()
    with records(args) as (database, keyring):
        StaffList(database, keyring).reset_pin(args.id, given)
    print(f"{args.id} has a new PIN and can sign in")
    return 0


def _new_pin() -> str:
    """A PIN that can be used; one that is easily guessed is taken, and called so."""
    given = pin(new_pin())
    if why := weak(given):
        print(f"stillscan: this PIN is weak: {why}", file=sys.stderr)
    return given
