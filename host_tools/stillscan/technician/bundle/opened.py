"""A bundle that somebody sent, read as what it may be: cut off, no bundle, of a newer version, or made to do harm.

Nothing is unpacked to a disk. Names, numbers of members, sizes and depths have limits before anything is believed.
"""

from __future__ import annotations

import json
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from stillscan.errors import EnvironmentTroubleError, InputError
from stillscan.files import trouble
from stillscan.technician.bundle.archive import FOLDER, FORMAT, INDEX

_MOST_FILE = 8_000_000  # of the zip file: somewhat more than a bundle has at most
_MOST_MEMBERS = 200  # ten times those of a bundle, for recordings and reports that are still to come
_MOST_MEMBER = 8_000_000  # bytes of one, unpacked: a log of 4,000 lines of the longest kind has 3 MB
_MOST_ALL = 32_000_000  # of all, unpacked: what a computer of a kiosk has to spare
_MOST_RATIO = 500
"""Unpacked to packed, of what is above `_SMALL`. A log of one line 4,000 times has some 200, zeros have 1,000."""
_SMALL = 1_000_000  # bytes that do no harm whatever the ratio
_MOST_DEPTH = 20  # tables within tables: the deepest of ours has 6
_MOST_SAID = 20  # letters of a version or an hour
_CHUNK = 65_536  # bytes that are unpacked at once
_DIRECTORY_ENTRY = 46  # bytes of the shortest entry of a zip file's list of members
_END_ENTRY = struct.Struct("<4s4H2LH")  # the record at a zip file's end (APPNOTE.TXT 4.3.16)
_END_SIGN = b"PK\x05\x06"
_MOST_COMMENT = 65_535  # bytes behind it, by the format
_NAME = re.compile(rf"{FOLDER}/([a-zA-Z][a-zA-Z0-9-]{{0,60}}\.(?:json|txt|html|pdf|svg|png|toml))")
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, struct.error,
    OverflowError, UnicodeError, ValueError,
)  # fmt: skip


class Bundle(NamedTuple):
    """``facts`` by name of a JSON file, ``texts`` of a text file; ``made`` and ``stillscan`` as the index says."""

    facts: Mapping[str, Any]
    texts: Mapping[str, list[str]]
    made: str
    stillscan: str


def read_bundle(name: str) -> Bundle:
    """InputError in one line for whatever is no bundle of this version. EnvironmentTroubleError: it cannot be read."""
    try:
        if os.path.exists(name) and not os.path.isfile(name):
            raise _none(name, "is no file")
        with open(name, "rb") as file:
            size = file.seek(0, 2)
            if size > _MOST_FILE:
                raise _none(name, f"has {size // 1_000_000} MB; a bundle has {_MOST_FILE // 1_000_000} MB at most")
            _expect_few(name, file, size)
            with zipfile.ZipFile(file) as archive:
                index = _index(name, archive)
                members = _members(name, archive)
    except (InputError, EnvironmentTroubleError):
        raise
    except OSError as error:
        raise trouble(name, error) from None
    except _DAMAGE as error:
        if isinstance(error, ValueError) and "\0" in name:
            raise trouble(name, error) from None
        raise _none(name, "or was cut off or damaged") from None
    facts = {file: _json(name, file, content) for file, content in members.items() if file.endswith(".json")}
    texts = {
        file: content.decode("utf-8", "replace").splitlines()
        for file, content in members.items()
        if file.endswith(".txt")
    }
    return Bundle(facts, texts, _said(index, "made"), _said(index, "stillscan"))


def _none(name: str, why: str) -> InputError:
    return InputError(f"{name}: is no bundle, {why}" if why.startswith("or") else f"{name}: is no bundle: it {why}")


def _expect_few(name: str, file: Any, size: int) -> None:
    """Before the list of members is read: its length is told at the file's end."""
    file.seek(max(0, size - _MOST_COMMENT - _END_ENTRY.size))
    end = file.read()
    at = end.rfind(_END_SIGN)
    if at < 0 or len(end) - at < _END_ENTRY.size:
        raise _none(name, "or was cut off or damaged")
    _, _, _, _, members, length, _, _ = _END_ENTRY.unpack_from(end, at)
    if members > _MOST_MEMBERS or length > _MOST_MEMBERS * (_DIRECTORY_ENTRY + _MOST_COMMENT):
        raise _none(name, f"has {members} members; a bundle has {_MOST_MEMBERS} at most")
    file.seek(0)


def _index(name: str, archive: zipfile.ZipFile) -> dict[str, Any]:
    """Looked at first: a newer bundle may have members that none of today has. InputError."""
    info = next((info for info in archive.infolist() if info.filename == f"{FOLDER}/{INDEX}"), None)
    if info is None:
        raise _none(name, f"has no {INDEX}")
    index = _json(name, INDEX, _unpacked(name, archive, info, _SMALL))
    version = index.get("bundle") if isinstance(index, dict) else None
    if type(version) is not int or version < 1:
        raise _none(name, f"has an {INDEX} that says nothing of it")
    if version > FORMAT:
        raise InputError(f"{name}: was made by a newer stillscan ({_said(index, 'stillscan')}); update this one")
    return dict(index)


def _said(index: Mapping[str, Any], key: str) -> str:
    return str(index.get(key))[:_MOST_SAID]


def _members(name: str, archive: zipfile.ZipFile) -> dict[str, bytes]:
    """The files in it, by their own names. InputError."""
    found: dict[str, bytes] = {}
    left = _MOST_ALL
    for info in archive.infolist():
        if info.filename == f"{FOLDER}/":  # of a folder that somebody zipped by other means
            continue
        inside = _NAME.fullmatch(info.filename)
        if inside is None or stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise _none(name, "has a member that no bundle has")
        if inside[1] in found:
            raise _none(name, "has two members of one name")
        found[inside[1]] = _unpacked(name, archive, info, left)
        left -= len(found[inside[1]])
    return found


def _unpacked(name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> bytes:
    """One member as a stream: what its head says of its size is not believed."""
    content = bytearray()
    most = max(_SMALL, min(_MOST_MEMBER, left, info.compress_size * _MOST_RATIO))
    with archive.open(info) as member:
        while chunk := member.read(_CHUNK):
            content += chunk
            if len(content) > min(most, left):
                raise _none(name, "unpacks to far more than a bundle holds")
    return bytes(content)


def _json(name: str, file: str, content: bytes) -> Any:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise InputError(f"{name}: {file} in it is damaged") from None
    if not _shallow(found, _MOST_DEPTH):
        raise _none(name, f"has tables within tables without end in {file}")
    return found


def _shallow(value: Any, depth: int) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth > 0 and all(_shallow(one, depth - 1) for one in inside)
