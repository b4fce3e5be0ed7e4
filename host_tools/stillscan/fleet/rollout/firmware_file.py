"""A board's compiled firmware as one file: the same bytes from the same sources, and read within limits."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping

from stillscan.boards.versions import LOADER, Version
from stillscan.errors import InputError

_MOST_FILES = 500
"""Ten times what a board's firmware has."""
_MOST_BYTES = 4_000_000
"""Of all files: more than the flash of any board here holds."""
_DAY = (2026, 1, 1, 0, 0, 0)
"""Of every file in it, so that the hour of packing changes no byte."""
_DAMAGED = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError,
    OSError, OverflowError,
)  # fmt: skip
"""What Python's module raises of files that are none, or of another kind (encrypted, by another method)."""
_PATH = re.compile(r"(?:[a-z0-9_]+/){0,8}[a-z0-9_]+\.(?:mpy|py)", re.ASCII)


def pack(compiled: Mapping[str, bytes]) -> bytes:
    """The files of ``boards.build.compiled``."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(compiled.items()):
            archive.writestr(zipfile.ZipInfo(path, _DAY), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def unpack(content: bytes) -> Version:
    """What is to be put on a board. InputError: it is no firmware, or unpacks to more than any."""
    files: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            listed = archive.infolist()
            if len(listed) > _MOST_FILES:
                raise InputError(f"more files than a firmware has: {len(listed)}; {_MOST_FILES} is the most")
            left = _MOST_BYTES
            for entry in listed:
                if not _PATH.fullmatch(entry.filename) or entry.filename in files:
                    raise InputError("the firmware holds a file that no board has")
                with archive.open(entry) as file:
                    files[entry.filename] = file.read(left + 1)
                left -= len(files[entry.filename])
                if left < 0:
                    raise InputError(f"the firmware unpacks to more than {_MOST_BYTES} bytes")
    except _DAMAGED:
        raise InputError("the firmware is no zip file that this program reads") from None
    if missing := [path for path in LOADER if path not in files]:
        raise InputError(f"the firmware lacks {missing[0]}")
    return Version.of(files)
