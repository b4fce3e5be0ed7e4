"""Where the passphrase of wrapped keys comes from when nobody types it: a file, or a credential of systemd."""

from __future__ import annotations

import os
from pathlib import Path

from stillscan.files import opened, why
from stillscan.records.ownership import look_at_file
from stillscan.records.wrapping import MOST_PASSPHRASE, PassphraseError, StoredPassphrase

FILE = "STILLSCAN_PASSPHRASE_FILE"
CREDENTIAL = "stillscan-passphrase"
_CREDENTIALS = "CREDENTIALS_DIRECTORY"  # what systemd calls the folder of a service's credentials


def stored_passphrase() -> str | None:
    """The passphrase that the environment leads to; None when it leads to none. RecordsError for a bad file."""
    named = os.environ.get(FILE)
    if named:
        look_at_file(Path(named), secret=True)
        return _read(Path(named))
    credentials = os.environ.get(_CREDENTIALS)
    if credentials and (Path(credentials) / CREDENTIAL).exists():
        return _read(Path(credentials) / CREDENTIAL)
    return None


def given_passphrase(folder: Path) -> str:
    """The same, for a folder whose secrets cannot be read without. PassphraseError when there is none."""
    found = stored_passphrase()
    if found is None:
        raise PassphraseError(
            f"{folder}: the keys are wrapped and need their passphrase: {FILE}=FILE, a credential of systemd named "
            f"{CREDENTIAL}, or somebody who types it in a terminal"
        )
    return found


def _read(path: Path) -> str:
    try:
        with opened(path) as file:
            content = file.read(4 * MOST_PASSPHRASE)  # bytes: a character takes four at most
        text = content.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise PassphraseError(f"{path}: is no passphrase: not UTF-8 text") from None
    except (OSError, ValueError) as error:
        raise PassphraseError(f"{path}: {why(error)}") from None
    if not text:
        raise PassphraseError(f"{path}: is empty, and is to hold the passphrase of the keys")
    return StoredPassphrase(text, path)
