"""Where the records of this computer are, unless somebody says otherwise: database, keys, and the kiosk's name."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_data_path

from stillscan.errors import InputError
from stillscan.records.clock import ClockRules
from stillscan.records.database import WAIT_S, Database, database_file, parse_place
from stillscan.records.keyring import Keyring
from stillscan.records.passphrase import given_passphrase

DATABASE = "STILLSCAN_DATABASE"
KEYS = "STILLSCAN_KEYS"
KIOSK = "STILLSCAN_KIOSK"


def open_database(
    place: str | None = None, *, create: bool = False, wait_s: float = WAIT_S, examine: bool = False
) -> Database:
    """The database that is given, or the environment's, or the default; one that is not there only with ``create``.

    ``examine``: also one that was tampered with (see `Database`). InputError, RecordsError.
    """
    return Database(_database(place), create=create, wait_s=wait_s, examine=examine)


def open_keyring(
    place: str | None = None,
    keys: str | None = None,
    kiosk: str | None = None,
    clock: ClockRules | None = None,
    passphrase: Callable[[Path], str] = given_passphrase,
) -> Keyring:
    """The keys that belong to a database, without opening it. InputError."""
    folder = named_keys(keys)
    file = database_file(parse_place(_database(place)))
    beside = Path(f"{file}.keys") if file is not None else data_folder() / "keys"
    name = named(kiosk, "--kiosk", KIOSK) or default_kiosk()
    return Keyring(Path(folder) if folder else beside, name, clock, passphrase)


def named_database(place: str | None = None) -> str | None:
    """The database that somebody named, in the arguments or the environment. InputError for an empty name."""
    return named(place, "--database", DATABASE)


def named_keys(keys: str | None = None) -> str | None:
    """The folder of keys that somebody named, in the arguments or the environment. InputError for an empty name."""
    return named(keys, "--keys", KEYS)


def _database(place: str | None) -> str:
    return named_database(place) or str(data_folder() / "records.db")


def named(argument: str | None, option: str, variable: str) -> str | None:
    """What an option says, or else the environment. InputError for an empty one: it was meant to be something."""
    value, name = (os.environ.get(variable), variable) if argument is None else (argument, option)
    if value is not None and not value.strip():
        raise InputError(f"{name}: is empty; leave it out for the default")
    return value


def data_folder() -> Path:
    folder = user_data_path("stillscan")
    if not folder.is_absolute():  # no HOME, and nobody knows this user
        raise InputError("this user has no folder for data; name one: --database FILE")
    return folder


def default_kiosk() -> str:
    """The computer's name, in the characters that a kiosk's name has."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", platform.node()).strip("-._")[:64] or "kiosk"
