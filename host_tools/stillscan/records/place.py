"""Where the records of this computer are, unless somebody says otherwise: database, keys, and the kiosk's name."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from platformdirs import user_data_path

from stillscan.records.database import WAIT_S, Database, database_file, parse_place
from stillscan.records.keyring import Keyring

DATABASE = "STILLSCAN_DATABASE"
KEYS = "STILLSCAN_KEYS"
KIOSK = "STILLSCAN_KIOSK"


def open_database(place: str | None = None, *, create: bool = True, wait_s: float = WAIT_S) -> Database:
    """The database that is given, or the environment's, or the default. InputError, RecordsError."""
    return Database(_database(place), create=create, wait_s=wait_s)


def open_keyring(place: str | None = None, keys: str | None = None, kiosk: str | None = None) -> Keyring:
    """The keys that belong to a database, without opening it. InputError."""
    folder = keys or os.environ.get(KEYS)
    file = database_file(parse_place(_database(place)))
    beside = Path(f"{file}.keys") if file is not None else user_data_path("stillscan") / "keys"
    return Keyring(Path(folder) if folder else beside, kiosk or os.environ.get(KIOSK) or default_kiosk())


def _database(place: str | None) -> str:
    return place or os.environ.get(DATABASE) or str(user_data_path("stillscan") / "records.db")


def default_kiosk() -> str:
    """The computer's name, in the characters that a kiosk's name has."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", platform.node()).strip("-._")[:64] or "kiosk"
