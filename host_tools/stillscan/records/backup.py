"""A folder of keys in one file under a passphrase, and back: nothing is overwritten, no note goes back in time."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from stillscan.records.clock_notes import SUFFIX
from stillscan.records.errors import RecordsError
from stillscan.records.files import is_there, names, read, replace
from stillscan.records.keyring import Keyring
from stillscan.records.ownership import PUBLIC
from stillscan.records.wrapping import NAME as WRAPPING
from stillscan.records.wrapping import opened_by_passphrase, sealed_by_passphrase

_PURPOSE = "backup of keys"
_NAME = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]{0,100}/)?[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
_NOTES = (".head", SUFFIX)


class Restored(NamedTuple):
    """Names of files that were put back, that were there already, and notes whose newer version was kept."""

    written: list[str]
    same: list[str]
    kept: list[str]


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder of keys and of folders in it, by their names; what is only half made is none."""
    found: dict[str, bytes] = {}
    for name in names(folder):
        path = folder / name
        inside = [f"{name}/{part}" for part in names(path)] if path.is_dir() else [name]
        found |= {one: read(folder / one) for one in inside if _NAME.fullmatch(one) and (folder / one).is_file()}
    return found


def is_secret(name: str) -> bool:
    """Whether a file of this name is for its owner's eyes only."""
    return not name.endswith(PUBLIC)


def is_sealable(name: str) -> bool:
    """Whether a file of this name is read by this program only, as a secret that `wrapping` may seal."""
    return name == "secret" or name.endswith((".key", ".key.next")) or name.startswith("scanners/")


def kept(folder: Path) -> dict[str, bytes]:
    """What a backup keeps of a folder: keys, and notes that only grow."""
    return {name: content for name, content in contents(folder).items() if _is_kept(name)}


def _is_kept(name: str) -> bool:
    return is_sealable(name) or not is_secret(name) or name == WRAPPING


def backup(keyring: Keyring, passphrase: str) -> bytes:
    """Keys and notes of the folder, sealed by this passphrase. What is wrapped there stays wrapped.

    Left out is what is of the moment: nobody is to bring counts of mistyped PINs or browsers that were removed back.
    """
    keyring.guard()
    files = kept(keyring.folder)
    if f"{keyring.kiosk}.key" not in files:
        raise RecordsError(f"{keyring.folder}: there is no key of the kiosk {keyring.kiosk} to keep a copy of", "keys")
    if "secret" not in files:
        raise RecordsError(f"{keyring.folder / 'secret'}: is missing, and a backup without it is none", "keys")
    packed = {name: base64.b64encode(content).decode() for name, content in files.items()}
    text = json.dumps({"kiosk": keyring.kiosk, "files": packed}).encode()
    return sealed_by_passphrase(text, passphrase, _PURPOSE)


def restore(keyring: Keyring, source: Path, content: bytes, passphrase: str) -> Restored:
    """Put the files back. RecordsError for a damaged backup, another kiosk's, or when a file there differs.

    Then nothing is written. A note of how far the chain went, or of the time, is never put back to an older one.
    """
    keyring.guard()
    kiosk, files = _unpacked(source, opened_by_passphrase(source, content, passphrase, _PURPOSE))
    if kiosk != keyring.kiosk:
        raise RecordsError(
            f"{source}: is of the kiosk {kiosk}, this one is {keyring.kiosk}; name it: --kiosk {kiosk}",
            "keys",
        )
    there = {name: read(keyring.folder / name) for name in files if is_there(keyring.folder / name)}
    same = [name for name, old in there.items() if old == files[name]]
    notes = [name for name in there if name not in same and name.endswith(_NOTES)]
    kept = [name for name in notes if there[name] >= files[name]]  # both kinds begin with what only grows
    other = [name for name in there if name not in same and name not in notes]
    if other:
        raise RecordsError(
            f"{keyring.folder / other[0]}: is there and differs from the backup; nothing is overwritten: if the "
            "backup is what counts, move the folder away first",
            "keys",
        )
    written = [name for name in files if name not in same and name not in kept]
    for name in written:
        replace(keyring.folder / name, files[name], 0o600 if is_secret(name) else 0o644)
    return Restored(written, same, kept)


def _unpacked(source: Path, text: bytes) -> tuple[str, dict[str, bytes]]:
    try:
        packed: dict[str, Any] = json.loads(text)
        files = {name: base64.b64decode(content, validate=True) for name, content in packed["files"].items()}
        kiosk = str(packed["kiosk"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RecordsError(f"{source}: is no backup of keys", "keys") from None
    if not all(_NAME.fullmatch(name) and _is_kept(name) and ".." not in PurePosixPath(name).parts for name in files):
        raise RecordsError(f"{source}: names files that have no place in a folder of keys", "keys")
    return kiosk, files
