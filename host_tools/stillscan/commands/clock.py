"""``stillscan clock``: whether the computer's clock is believed, and a supervisor's word for it."""

from __future__ import annotations

import argparse
import json
from datetime import datetime

from stillscan.commands.records import add_place, records
from stillscan.commands.signing_in import add_staff, signed_in
from stillscan.records.accounts import Accounts, Role
from stillscan.records.audit import reading_chain
from stillscan.records.canonical import instant
from stillscan.records.chain_state import ChainState
from stillscan.records.clock import ClockError, utc_now
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring
from stillscan.records.vouching import vouch

_NOT_BELIEVED = 1
_NOBODY = {"staff": "nobody", "role": ""}
"""Who vouches where no supervisor can sign in yet: whoever may add the first one may do this too."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "clock",
        help="whether the computer's clock is believed, and a supervisor's word for it",
        description="Nothing is recorded, erased or handed out by a clock that is behind what has been seen here, far "
        "ahead of it, was stepped while the program runs, or has not been set by the computer's time service.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    show = actions.add_parser("show", help="what the clock says, and whether it is believed; exit code 1: it is not")
    add_place(show)
    show.add_argument("--json", action="store_true", help="print JSON")
    show.set_defaults(run=_show)
    accept = actions.add_parser(
        "accept",
        help="a supervisor's word that the clock is right now, which is recorded",
        description="Look at another clock first. When times are known here that lie after the moment, a wrong clock "
        "wrote them: they count no longer. Before anybody can sign in, --staff is left out.",
    )
    add_staff(accept, "the supervisor who vouches")
    add_place(accept)
    accept.add_argument(
        "--anyway",
        action="store_true",
        help="also where it is believed here: for a kiosk that runs and says that the clock was changed",
    )
    accept.add_argument("--json", action="store_true", help="print JSON")
    accept.set_defaults(run=_accept)


def _show(args: argparse.Namespace) -> int:
    with records(args) as (database, keyring):
        chain = ChainState()
        with reading_chain(database, keyring, chain):
            now, newest = utc_now(), keyring.clock.newest(chain.time)
        trouble = ""
        try:
            keyring.clock.judge(now, chain.time)
        except ClockError as error:
            trouble = str(error)
    if args.json:
        print(json.dumps({"now": instant(now), "newest": newest or None, "trouble": trouble or None}))
    else:
        print(f"the clock says:     {instant(now)[:19]}Z")
        print(f"newest time known:  {newest[:19] + 'Z' if newest else 'none yet'}")
        print(trouble or "it is believed")
    return _NOT_BELIEVED if trouble else 0


def _accept(args: argparse.Namespace) -> int:
    with records(args) as (database, keyring):
        if not args.anyway and (now := _believed(database, keyring)):
            if args.json:
                print(json.dumps({"entry": None, "now": instant(now), "was": None, "disowned": False}))
            else:
                print("the clock is believed already; nothing was recorded")
                print("  a kiosk that runs and says that it was changed: --anyway, or start that kiosk anew")
            return 0
        who = _NOBODY
        if args.staff is not None or _supervisors(database, keyring):
            person = signed_in(args, database, keyring, Role.SUPERVISOR)
            who = {"staff": person.staff, "role": str(person.role)}
        done = vouch(database, keyring, who)
    if args.json:
        told = {"entry": done.entry, "now": instant(done.now), "was": done.was or None, "disowned": done.disowned}
        print(json.dumps(told))
        return 0
    print(f"entry {done.entry}: {who['staff']} vouches for the clock: {instant(done.now)[:19]}Z")
    if done.disowned:
        print(f"times between that and {done.was[:19]}Z were a wrong clock's and count no longer")
    return 0


def _believed(database: Database, keyring: Keyring) -> datetime | None:
    """The time, when nothing speaks against the clock."""
    chain, now = ChainState(), utc_now()
    with reading_chain(database, keyring, chain):
        try:
            keyring.clock.judge(now, chain.time)
        except ClockError:
            return None
    return now


def _supervisors(database: Database, keyring: Keyring) -> set[str]:
    chain = ChainState()
    with reading_chain(database, keyring, chain):
        return Accounts.of(chain).supervisors()
