"""The bundle as a folder that a person can read, and as one zip file: whole or not at all."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stillscan import __version__
from stillscan.errors import InputError
from stillscan.files import trouble, write_whole
from stillscan.technician.bundle.sources import PARTS

FORMAT = 1
"""Of the bundle. A newer one is refused by name: what its files mean may have changed."""
FOLDER = "stillscan-bundle"
"""In the zip file, so that unpacking makes one folder."""
README, INDEX = "README.txt", "bundle.json"
MOST_BYTES = 5_000_000
"""Of a zip file: what every mail server takes."""
_DATE = (1980, 1, 1, 0, 0, 0)  # of every member: when it was made stands in the index
_MODE = 0o644  # anybody may read it: there is nothing in it to hide
_INTRODUCTION = """\
What this is
============
What support needs to know of one kiosk and its scanner, gathered by "stillscan bundle".
Read it before you send it: every file is plain text. Files that you do not want to send may be taken away.

It holds no picture, no text of a document, no name, no number of a person or letter, no key, PIN, token or address.
Names of kiosks, people, scanners, ports and files, and words that stillscan does not know, have stand-ins such as
"kiosk-bdfgkm": the same name has the same stand-in throughout this bundle, and another one in the next. The key by
which they were drawn was thrown away: nobody can turn them back.

Made by stillscan {version}, {hour}.

The files
=========
"""
_ABSENT = "\nNot in it\n=========\n"


def files(parts: Mapping[str, Any]) -> dict[str, bytes]:
    """Every file of a bundle by its name: the parts, what each tells, and the index for programs."""
    there = [part for part in PARTS if part.name in parts]
    absent = [part for part in PARTS if part.name not in parts]
    hour = datetime.now(UTC).strftime("%Y-%m-%dT%HZ")
    text = _INTRODUCTION.format(version=__version__, hour=hour)
    text += "".join(f"{part.name:<22}{part.tells}\n" for part in there)
    text += f"{INDEX:<22}the list of these files, for 'stillscan bundle read'\n"
    if absent:
        text += _ABSENT + "".join(f"{part.name:<22}{part.tells}\n" for part in absent)
    index = {"bundle": FORMAT, "stillscan": __version__, "made": hour, "files": [part.name for part in there]}
    written = {README: text.encode(), INDEX: _json(index)}
    return written | {name: part.encode() if isinstance(part, str) else _json(part) for name, part in parts.items()}


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=True) + "\n").encode()


def zipped(content: Mapping[str, bytes]) -> bytes:
    """The zip file of these files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in content.items():
            member = zipfile.ZipInfo(f"{FOLDER}/{name}", _DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = (stat.S_IFREG | _MODE) << 16
            archive.writestr(member, file)
    return made.getvalue()


def expect_room(name: str, *, force: bool) -> None:
    """InputError where something is already, unless it may be replaced; of no file that it may be."""
    if os.path.isdir(name):
        raise InputError(f"{name}: is a folder; name the zip file that is to be made")
    if os.path.lexists(name) and not force:
        raise InputError(f"{name}: is there already; --force replaces it")


def write_zip(name: str, content: Mapping[str, bytes]) -> int:
    """Its bytes. InputError, EnvironmentTroubleError: it is there whole, or as it was before."""
    made = zipped(content)
    write_whole(name, made)
    return len(made)


def write_folder(name: str, content: Mapping[str, bytes]) -> None:
    """A new folder with these files, whole or not at all. InputError, EnvironmentTroubleError."""
    folder = Path(os.path.abspath(name))
    try:
        made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name[:40]}."))
        try:
            for file, text in content.items():
                (made / file).write_bytes(text)
            made.rename(folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except (OSError, ValueError) as error:
        raise trouble(name, error, "made") from None


def read_folder(name: str) -> dict[str, bytes]:
    """The files of a bundle's folder that a person has read: those that were made, as they are now. InputError."""
    folder = Path(name)
    wanted = (README, INDEX, *(part.name for part in PARTS))
    try:
        found = {file: folder / file for file in wanted if (folder / file).is_file()}
        content = {file: path.read_bytes() for file, path in found.items() if not path.is_symlink()}
    except (OSError, ValueError) as error:
        raise trouble(name, error) from None
    if INDEX not in content:
        raise InputError(f"{name}: is no folder of 'stillscan bundle --folder'")
    return content
