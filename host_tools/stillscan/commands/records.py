"""What the commands on records share: where the records are, and how a file is read or written."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TextIO

from stillscan.commands.parser import whole
from stillscan.errors import InputError
from stillscan.files import opened, opened_to_write, refuse_kept, trouble
from stillscan.records.audit import has_signed
from stillscan.records.clock import AHEAD_DAYS, MOST_AHEAD_DAYS, ClockRules
from stillscan.records.database import Database
from stillscan.records.files import is_there, place
from stillscan.records.keyring import Keyring
from stillscan.records.passphrase import given_passphrase, stored_passphrase
from stillscan.records.place import DATABASE, KEYS, KIOSK, named_database, named_keys, open_database, open_keyring
from stillscan.records.rows import MOST_BYTES
from stillscan.terminal.asking import asked_unseen, at_terminal

Make = Literal["never", "unnamed", "always"]
"""Whether a database that is not there is made: a mistyped name must not become a second, empty one in silence."""


def add_place(parser: argparse._ActionsContainer, *, making: bool = False) -> None:
    """--database, --keys, --kiosk; with ``making`` --new-database too."""
    parser.add_argument(
        "--database",
        metavar="FILE|URL",
        help=f"SQLite file, or PostgreSQL as postgresql+psycopg://user@host/name (default: {DATABASE}, or a file in "
        "the user's data folder)",
    )
    if making:
        parser.add_argument(
            "--new-database", action="store_true", help="make the database that --database names, if it is not there"
        )
    parser.add_argument(
        "--keys", metavar="FOLDER", help=f"signing keys (default: {KEYS}, or FILE.keys beside the database)"
    )
    parser.add_argument("--kiosk", metavar="NAME", help=f"who signs (default: {KIOSK}, or the computer's name)")
    parser.add_argument(
        "--clock-ahead",
        type=whole(1, MOST_AHEAD_DAYS),
        default=AHEAD_DAYS,
        metavar="DAYS",
        help="a clock so far ahead of all that is recorded is taken for wrong: longer than the office is ever closed "
        f"({AHEAD_DAYS})",
    )
    parser.add_argument(
        "--unsynchronised-clock",
        action="store_true",
        help="work also while the computer's time service has not set its clock: for places without a network",
    )


@contextlib.contextmanager
def records(
    args: argparse.Namespace, *, make: Make = "never", examine: bool = False
) -> Iterator[tuple[Database, Keyring]]:
    """Database and keys that the arguments name; a database that had to be made is told of on stderr.

    ``make``: "unnamed" makes the one in the default place, and a named one only with --new-database. ``examine``: one
    that was tampered with is opened too.
    """
    named = named_database(args.database) is not None
    create = make == "always" or (make == "unnamed" and (not named or getattr(args, "new_database", False)))
    keyring = keys(args)
    database = open_database(args.database, create=create, examine=examine)
    try:
        if database.made:
            print(f"stillscan: {database}: a new database was made", file=sys.stderr)
        elif named_keys(args.keys) is not None and not is_there(keyring.folder):
            raise InputError(f"{keyring.folder}: there is no such folder of keys; 'stillscan audit key' makes one")
        yield database, keyring
    finally:
        database.close()


def is_made(args: argparse.Namespace) -> bool:
    """Whether the database is there already. RecordsError when it is, and cannot be opened."""
    try:
        open_database(args.database, create=False).close()
    except InputError:
        return False
    return True


def expect_unsigned(args: argparse.Namespace, keyring: Keyring) -> None:
    """RecordsError for a kiosk that has signed in the named database and of whose keys nothing is left.

    Asked before a command that opens no database makes a first key: another key could not go on with the chain.
    """
    if keyring.is_known or not is_made(args):
        return
    with contextlib.closing(open_database(args.database)) as database, database.reading() as connection:
        used = has_signed(connection, keyring.kiosk)
    if used:
        raise keyring.lost()


def keys(args: argparse.Namespace, passphrase: Callable[[Path], str] | None = None) -> Keyring:
    """The keys alone; ``passphrase`` is asked when they are wrapped (default: what is stored, or a terminal)."""
    rules = ClockRules(args.clock_ahead, args.unsynchronised_clock)
    return open_keyring(args.database, args.keys, args.kiosk, rules, passphrase or _passphrase)


def _passphrase(folder: Path) -> str:
    """Stored, or typed by whoever sits at the terminal. PassphraseError without either."""
    if stored_passphrase() is None and at_terminal():
        return asked_unseen(f"passphrase of the keys in {folder}: ")
    return given_passphrase(folder)


def read_input(name: str) -> bytes:
    """A file, or standard input for '-': whole, or as much as is too much. InputError, EnvironmentTroubleError."""
    if name == "-" and sys.stdin is None:
        raise InputError("standard input is closed")
    try:
        if name == "-":
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        with opened(name) as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise trouble(name, error) from None


def output_bytes(name: str, content: bytes) -> None:
    """A new file for its owner's eyes only, whole or not at all. InputError as `expect_new`."""
    expect_new(name)
    place(Path(os.path.abspath(name)), content, 0o600)


def expect_new(name: str) -> None:
    """InputError for a file that is there already, or in a folder that is not: before anything else is done for it."""
    if is_there(Path(name)):
        raise InputError(f"{name}: is there already; it is not overwritten")
    expect_folder(Path(os.path.abspath(name)))


def expect_folder(path: Path) -> None:
    """InputError when the folder in which ``path`` would be made is not there: a mistyped one is not made."""
    if not is_there(path.parent):
        raise InputError(f"{path.parent}: there is no such folder; make it first, or name another")


@contextlib.contextmanager
def output(name: str | None) -> Iterator[TextIO]:
    """Standard output, or a file that appears when it is whole. InputError, EnvironmentTroubleError.

    A link is followed; what is no plain file (a pipe, a terminal) is written as it is.
    """
    if name is None:
        yield sys.stdout
        return
    try:
        refuse_kept(name)
        path = Path(os.path.realpath(name))
        if is_there(path) and not path.is_file():
            with io.TextIOWrapper(opened_to_write(path), encoding="utf-8") as file:
                yield file
            return
        handle, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(made, path)
        finally:
            Path(made).unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise trouble(name, error, "written") from None
