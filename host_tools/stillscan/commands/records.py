"""What the commands on records share: where the records are, and how a file is read or written."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from stillscan.errors import InputError
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring
from stillscan.records.place import DATABASE, KEYS, KIOSK, open_database, open_keyring


def add_place(parser: argparse._ActionsContainer) -> None:
    """--database, --keys, --kiosk."""
    parser.add_argument(
        "--database",
        metavar="FILE|URL",
        help=f"SQLite file, or PostgreSQL as postgresql+psycopg://user@host/name (default: {DATABASE}, or a file in "
        "the user's data folder)",
    )
    parser.add_argument(
        "--keys", metavar="FOLDER", help=f"signing keys (default: {KEYS}, or FILE.keys beside the database)"
    )
    parser.add_argument("--kiosk", metavar="NAME", help=f"who signs (default: {KIOSK}, or the computer's name)")


@contextlib.contextmanager
def records(args: argparse.Namespace, *, create: bool = False) -> Iterator[tuple[Database, Keyring]]:
    """Database and keys that the arguments name."""
    database = open_database(args.database, create=create)
    try:
        yield database, keys(args)
    finally:
        database.close()


def keys(args: argparse.Namespace) -> Keyring:
    """The keys alone."""
    return open_keyring(args.database, args.keys, args.kiosk)


def read_input(name: str) -> bytes:
    """A whole file, or standard input for '-'. InputError."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"{name}: {(error.strerror or 'cannot be read').lower()}") from None


@contextlib.contextmanager
def output(name: str | None) -> Iterator[TextIO]:
    """Standard output, or a file that appears when it is whole. InputError."""
    if name is None:
        yield sys.stdout
        return
    path = Path(name)
    try:
        handle, made = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    except OSError as error:
        raise InputError(f"{name}: {(error.strerror or 'cannot be written').lower()}") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            yield file
        os.replace(made, path)
    except OSError as error:
        raise InputError(f"{name}: {(error.strerror or 'cannot be written').lower()}") from None
    finally:
        Path(made).unlink(missing_ok=True)
