"""Files that a user named: written whole or not at all, and trouble with them in one line."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

from stillscan.errors import EnvironmentTroubleError, InputError, StillscanError
from stillscan.toml_lines import line_at, lines_of

_MISTAKES = {  # the name itself cannot be right; all else is the computer's trouble
    errno.ENOENT: "no such file or folder",
    errno.EEXIST: "file exists",
    errno.ENOTDIR: "a part of this path is a file, not a folder",
    errno.EISDIR: "it is a folder, not a file",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EINVAL: "no file can have this name",
    errno.ELOOP: "links that lead to each other",
}

_KEPT = {
    b"SQLite format 3\0": "a database",
    b"-----BEGIN PRIVATE KEY": "a key",
    b"-----BEGIN ENCRYPTED PRIVATE": "a key",
}
"""How files begin that no command writes over by a slip: what they hold is nowhere else."""
_MOST_TEXT = 1_000_000
"""Bytes of a file that people write by hand: some hundred times what the longest samples hold."""

_PARTNER_S = 5.0
"""For whoever writes into a pipe, or reads from it: a program that was started together with ours has opened it by
then, on a busy computer too; without an end nobody waits for one that was forgotten."""
_LOOK_S = 0.02  # between looks whether somebody reads


def opened(name: str | PathLike[str]) -> BinaryIO:
    """A file that is to be read. InputError: a pipe that nobody writes to, for which `open` would wait for ever.

    OSError, ValueError as `open` (see ``trouble``).
    """
    if not _is_pipe(name):
        return open(name, "rb")
    found: list[BinaryIO | OSError] = []

    def wait() -> None:
        try:
            found.append(open(name, "rb"))  # noqa: SIM115 - whoever gets it closes it
        except OSError as error:
            found.append(error)

    waits = threading.Thread(target=wait, daemon=True)
    waits.start()
    waits.join(_PARTNER_S)
    if waits.is_alive():
        with contextlib.suppress(OSError):  # nobody waits there any more: somebody has come after all
            os.close(os.open(name, os.O_WRONLY | os.O_NONBLOCK))
        waits.join()
        if not isinstance(found[0], OSError):
            found[0].close()
        raise InputError(f"{os.fspath(name)}: is a pipe that nobody writes to")
    if isinstance(found[0], OSError):
        raise found[0]
    return found[0]


def opened_to_write(name: str | PathLike[str]) -> BinaryIO:
    """What is no plain file and is written as it is. InputError: a pipe that nobody reads. OSError, ValueError."""
    if not _is_pipe(name):
        return open(name, "wb")
    until = time.monotonic() + _PARTNER_S
    while True:
        try:
            handle = os.open(name, os.O_WRONLY | os.O_NONBLOCK)
            break
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() >= until:
                raise InputError(f"{os.fspath(name)}: is a pipe that nobody reads") from None
        time.sleep(_LOOK_S)
    os.set_blocking(handle, True)
    return os.fdopen(handle, "wb")


def _is_pipe(name: str | PathLike[str]) -> bool:
    with contextlib.suppress(OSError):
        return stat.S_ISFIFO(os.stat(name).st_mode)
    return False


def trouble(name: str | PathLike[str], error: OSError | ValueError, done: str = "read") -> StillscanError:
    """The error to raise for what the system said of a file.

    InputError for a name that cannot be right, EnvironmentTroubleError for all else. ``done``: what cannot be done with
    it: "read", "written", "made", "used as a folder".
    """
    number = error.errno if isinstance(error, OSError) else errno.EINVAL  # ValueError: a name with a NUL in it
    if number == errno.ENOENT and done == "read":
        return InputError(f"{os.fspath(name)}: {_MISTAKES[number]}")
    kind = InputError if number in _MISTAKES else EnvironmentTroubleError
    return kind(f"{os.fspath(name)}: cannot be {done}: {why(error)}")


def expect_folder(name: str | PathLike[str]) -> None:
    """The error of ``trouble`` where no folder is that can be read."""
    try:
        with os.scandir(name):
            pass
    except (OSError, ValueError) as error:
        raise trouble(name, error) from None


def refuse_no_folder(name: str) -> None:
    """InputError where something else is than a folder, or below something else; nothing at all may be there yet."""
    try:
        if not stat.S_ISDIR(os.stat(name).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) or mistaken(error):
            raise trouble(name, error, "used as a folder") from None
        # nothing is there, or it cannot be told: whoever uses it says so


def refuse_folder(name: str) -> None:
    """InputError where a folder is in the place of a file."""
    with contextlib.suppress(OSError, ValueError):  # whoever uses it says so
        if stat.S_ISDIR(os.stat(name).st_mode):
            raise InputError(f"{name}: is a folder, not a file")


def mistaken(error: OSError) -> bool:
    """Whether the name itself cannot be right: no rights, no disk and no waiting would make it one of a file."""
    return error.errno in _MISTAKES and error.errno != errno.ENOENT


def why(error: OSError | ValueError) -> str:
    """The system's reason in plain words and lower case, to stand after a file's name."""
    number = error.errno if isinstance(error, OSError) else errno.EINVAL
    return _MISTAKES.get(number or 0, (getattr(error, "strerror", None) or "the system refused").lower())


@dataclass(frozen=True)
class Located:
    """``table``: what a TOML file says; ``wrong`` knows on which of its lines."""

    file: str
    table: dict[str, Any]
    text: str

    def wrong(self, says: str, *path: str | int) -> InputError:
        """The error to raise about the value at ``path``: file, line, and what is wrong."""
        return InputError(f"{self.file}: line {line_at(lines_of(self.text), path)}: {says}")


def read_toml(name: str | PathLike[str]) -> dict[str, Any]:
    """A file of options or facts that people wrote. InputError, EnvironmentTroubleError as ``trouble``.

    What never ends, such as /dev/zero, or is far too long is refused before it fills the memory.
    """
    return located_toml(name).table


def located_toml(name: str | PathLike[str]) -> Located:
    """As ``read_toml``, of a file in which people are told where they went wrong."""
    text = read_text(name).replace("\r\n", "\n")
    try:
        return Located(os.fspath(name), tomllib.loads(text), text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{os.fspath(name)}: {error}") from None
    except RecursionError:
        raise InputError(f"{os.fspath(name)}: tables within tables without end") from None


def read_whole(name: str | PathLike[str], most: int) -> bytes:
    """A file of at most so many bytes. InputError, EnvironmentTroubleError as ``trouble``; InputError when longer."""
    try:
        with opened(name) as file:
            content = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise trouble(name, error) from None
    if len(content) > most:
        size = f"{most} bytes" if most < 1_000_000 else f"{most // 1_000_000} MB"
        raise InputError(f"{os.fspath(name)}: is longer than {size}")
    return content


def read_text(name: str | PathLike[str]) -> str:
    """A text that people wrote, in UTF-8 with or without a byte order mark. InputError as ``read_whole``, with the line
    of what is no UTF-8."""
    content = read_whole(name, _MOST_TEXT)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{os.fspath(name)}: line {line}: is not UTF-8 text") from None


def refuse_same(read: str | PathLike[str], written: str | PathLike[str]) -> None:
    """InputError when both names lead to one file: by another spelling, a link, or a hard link."""
    with contextlib.suppress(OSError, ValueError):
        if os.path.samefile(read, written):
            raise InputError(f"{os.fspath(written)}: is the file that is read; it is not overwritten")


def refuse_kept(name: str | PathLike[str]) -> None:
    """InputError for a database or a private key where another file is to be written. OSError."""
    if os.path.isfile(name):
        with open(name, "rb") as file:
            head = file.read(max(map(len, _KEPT)))
        for begins, what in _KEPT.items():
            if head.startswith(begins):
                raise InputError(f"{os.fspath(name)}: is {what}; it is not overwritten")


def may_write(name: str | PathLike[str]) -> None:
    """Before long work: InputError, EnvironmentTroubleError for a file that cannot be written as things stand."""
    try:
        with contextlib.suppress(FileNotFoundError):
            os.stat(name)  # a name that no file can have is told by nothing else
        if os.path.isdir(name):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        refuse_kept(name)
        if os.path.isfile(name) or not os.path.exists(name):
            target = Path(os.path.realpath(name))
            handle, made = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
            os.close(handle)
            os.unlink(made)
    except (OSError, ValueError) as error:
        raise trouble(name, error, "written") from None


def write_whole(name: str | PathLike[str], content: bytes) -> None:
    """Write a file so that it is there whole, or as it was before. InputError, EnvironmentTroubleError as ``trouble``.

    A link is followed. What is no plain file (a pipe, /dev/stdout) is written as it is.
    """
    try:
        if os.path.exists(name) and not os.path.isfile(name):
            with opened_to_write(name) as file:
                file.write(content)
            return
        refuse_kept(name)
        target = Path(os.path.realpath(name))
        with _beside(target) as file:
            file.write(content)
    except (OSError, ValueError) as error:
        raise trouble(name, error, "written") from None


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[BinaryIO]:
    """A file in the same folder that takes the target's place when all has gone well, and goes away otherwise."""
    handle, made = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(made, stat.S_IMODE(target.stat().st_mode) if target.exists() else _plain_mode())
        os.replace(made, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(made)
        raise


def _plain_mode() -> int:
    """What a new file of this user gets."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
