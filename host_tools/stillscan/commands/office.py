"""The office's records for commands that serve customers: its own, or those of a trial, which are thrown away."""

from __future__ import annotations

import argparse
import contextlib
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from stillscan.commands.parser import seconds
from stillscan.commands.records import add_place, is_made, records
from stillscan.commands.tour import letters_csv
from stillscan.counter.held_reading import LONGEST_S, MOST_S, TAKEN_S, ReadingLimits
from stillscan.errors import InputError
from stillscan.guidance.papers import UNNAMED_OFFICE
from stillscan.records.admission import Gate
from stillscan.records.chain_state import ChainState
from stillscan.records.clock import utc_now
from stillscan.records.database import Database
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.scanners import Scanners
from stillscan.records.staff import Person, Role, StaffList

DEMO_TRACKING = "RR123456785NO"
DEMO = Person("demo", Role.SUPERVISOR)
"""Who serves in a demonstration, and sees all that is about letters."""
TECHNICIAN = Person("technician", Role.TECHNICIAN)
"""Who looks after the scanner there: what a supervisor does not see."""


def add_records(group: argparse._ActionsContainer) -> None:
    """Options of a check that is recorded."""
    group.add_argument(
        "--office",
        default=UNNAMED_OFFICE,
        metavar="NAME",
        help="name of this post office, in records and letters to people; run needs it outside test mode",
    )
    group.add_argument(
        "--test-mode",
        action="store_true",
        help="take specimens and test numbers, and letters imported with --test only",
    )
    group.add_argument(
        "--reading-taken",
        type=seconds(LONGEST_S),
        default=TAKEN_S,
        metavar="S",
        help=f"a passport that was read counts for so long after it was taken off the glass ({TAKEN_S:g})",
    )
    group.add_argument(
        "--reading-limit",
        type=seconds(LONGEST_S),
        default=MOST_S,
        metavar="S",
        help=f"and for so long in any case; {LONGEST_S:g} is the most for both ({MOST_S:g})",
    )
    group.add_argument("--known", metavar="TOML", help="the office's own list of known-problem passports")
    add_place(group, making=True)


def reading_limits(args: argparse.Namespace) -> ReadingLimits:
    """For how long a reading counts, as the options of `add_records` say."""
    return ReadingLimits(args.reading_taken, args.reading_limit)


class OfficeRecords(NamedTuple):
    """Database, keys, what this run knows of the chain, and, in records that are thrown away, the PIN of its staff."""

    database: Database
    keyring: Keyring
    chain: ChainState
    demo_pin: str | None = None


def thrown_away(args: argparse.Namespace, simulated: bool) -> bool:
    """Whether the records of this run go away with it: a simulated scanner, and no database is named."""
    return simulated and args.database is None


def is_tour(args: argparse.Namespace) -> bool:
    """Whether this run tries out the whole counter: nothing of it is kept, and nothing else is to be laid down."""
    return args.port == "sim" and thrown_away(args, simulated=True) and args.document is None


def expect_kept(args: argparse.Namespace, simulated: bool) -> None:
    """InputError for options about records that stay, in a run whose records are `thrown_away`."""
    if not thrown_away(args, simulated):
        return
    for name in ("keys", "kiosk", "fleet"):
        if getattr(args, name, None) is not None:
            raise InputError(
                f"--{name} goes with records that are kept: --port sim without --database throws its own away"
            )


@contextlib.contextmanager
def office_records(args: argparse.Namespace, simulated: bool, *more: Person) -> Iterator[OfficeRecords]:
    """The office's records; or ones that are `thrown_away`, with the letters of a trial, and `DEMO` and ``more``."""
    expect_kept(args, simulated)
    if not thrown_away(args, simulated):
        with records(args, make="unnamed") as (database, keyring):
            yield OfficeRecords(database, keyring, ChainState())
        return
    with tempfile.TemporaryDirectory(prefix="stillscan-") as folder:
        database = Database(Path(folder) / "records.db")
        keyring = Keyring(Path(folder) / "keys", "simulator")
        try:
            load(letters_csv(utc_now().date()), database, keyring, "demo", test=True)
            demo_pin = f"{secrets.randbelow(1_000_000):06}"
            people = StaffList(database, keyring)
            for person in (DEMO, *more):
                people.add(person.staff, person.role, demo_pin)
            yield OfficeRecords(database, keyring, ChainState(), demo_pin)
        finally:
            database.close()


@contextlib.contextmanager
def unrecorded_gate(args: argparse.Namespace, test_mode: bool) -> Iterator[Gate]:
    """The gate of a command that keeps no records; those of this computer are opened for a paired scanner only."""
    with contextlib.ExitStack() as opened:
        known: list[Scanners | None] = []

        def scanners() -> Scanners | None:
            if not known:
                there = is_made(args)
                known.append(Scanners(*opened.enter_context(records(args))) if there else None)
            return known[0]

        yield Gate(scanners, test_mode)
