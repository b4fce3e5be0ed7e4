"""``stillscan fleet up``: server, centre and simulated offices on this computer, for a look and for a demonstration."""

from __future__ import annotations

import argparse
import contextlib
import json
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from stillscan.commands.parser import whole
from stillscan.guidance import counted as words
from stillscan.terminal.streams import go_on_without
from stillscan.terminal.waiting import waited_for

if TYPE_CHECKING:
    from stillscan.fleet.up import Fleet

OFFICES = 50
"""Of a demonstration: enough for a list that scrolls, made in half a minute."""
_MOST_OFFICES = 500  # an office takes 1 MB and three open files
_MOST_CHECKS = 1_000_000  # a day of 3,000 kiosks
_FOUND = 1


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the action."""
    parser = subparsers.add_parser(
        "up",
        help="server, centre and simulated offices on this computer: the two-minute look",
        description="Starts nats-server (found on the path, or where packages put it), a centre, and simulated offices "
        "with real counters, records, outboxes and agents; ends all of it, and keeps nothing. With --checks so many "
        "customers come, and what the centre has is counted against the offices' audit chains. Exit code: 0 all is "
        "there once, 1 something is lost or counted twice, 4 there is no nats-server.",
    )
    parser.add_argument(
        "--offices", type=whole(1, _MOST_OFFICES), default=OFFICES, metavar="N", help=f"of one kiosk each ({OFFICES})"
    )
    parser.add_argument(
        "--checks", type=whole(0, _MOST_CHECKS), metavar="M", help="in all offices together; without it, until stopped"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of who comes with which passport (1)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the action out; the exit code."""
    from stillscan.fleet.connection import expect_library

    expect_library()
    from stillscan.fleet.servers import program
    from stillscan.fleet.up import counted, fleet

    program()  # what is not here is told before anything is made
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="stillscan-fleet-") as folder, contextlib.ExitStack() as telling:
        progress = telling.enter_context(_progress())
        with fleet(Path(folder), args.offices, args.checks or 0, args.seed, progress) as running:
            if args.checks is None:
                telling.close()  # from now on the page tells
                _stay(running, Path(folder), args.json)
            found = counted(running, args.checks or 0, progress)
    found["seconds"] = round(time.monotonic() - began_s, 1)
    print(json.dumps(found) if args.json else _text(found))
    return _FOUND if found["lost"] or found["twice"] else 0


def _stay(running: Fleet, folder: Path, as_json: bool) -> None:
    """Serve the page, and customers, until somebody stops it."""
    from stillscan.commands.office import DEMO
    from stillscan.fleet.serving import serving
    from stillscan.fleet.up import go_on
    from stillscan.records.database import Database
    from stillscan.records.staff import StaffList

    go_on_without()
    database, keyring = Database(folder / "own.db"), running.keyring
    with contextlib.closing(database):
        pin = f"{secrets.randbelow(1_000_000):06}"
        StaffList(database, keyring).add(DEMO.staff, DEMO.role, pin)
        with serving(running.store, database, keyring, 0, trouble=lambda: running.centre.trouble) as page:
            told = {"page": page.address(), "staff": DEMO.staff, "pin": pin, "offices": len(running.offices)}
            plain = (
                f"the centre's page is at {told['page']} (for one browser, once)\n"
                f"sign in as {DEMO.staff} with the PIN {pin}; Ctrl-C ends it"
            )
            print(json.dumps(told) if as_json else plain, flush=True)
            go_on(running)


def _text(found: dict[str, Any]) -> str:
    bad = [one for one in found["series"] if one["flagged"]]
    lines = [
        f"{words(found['checks'], 'check')} at {words(found['offices'], 'office')} in {found['seconds']} s: "
        f"{found['received']} received, {found['lost']} lost, {found['twice']} counted twice",
        *(
            f"fails more than others: {one['issuer']} {one['kind']} {one['expiry_year']}, "
            f"{one['failed']} of {one['documents']}"
            for one in bad
        ),
    ]
    return "\n".join(lines)


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A line on a terminal's stderr that tells how far it is; elsewhere one now and then, when it takes long."""
    console = Console(stderr=True)
    if not console.is_terminal:
        now = "starting"

        def note(what: str, done: int, of: int) -> None:
            nonlocal now
            now = f"{what}: {done} of {of}"

        with waited_for(lambda: now):
            yield note
        return
    with console.status("starting") as status:
        yield lambda what, done, of: status.update(f"{what}: {done} of {of}")
