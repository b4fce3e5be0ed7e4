"""Small files that hold keys: made whole or not at all, durable, and whoever comes first wins."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from stillscan.files import opened, trouble
from stillscan.records.errors import of_file

BINARY = getattr(os, "O_BINARY", 0)
"""For `os.open`: without it Windows writes, and looks for, other ends of lines."""


def place(path: Path, content: bytes, mode: int) -> Path:
    """The file, with this content when it was not there. Two processes at once: the content of one of them counts."""
    if is_there(path):
        return path
    make_folder(path.parent)
    with _trouble(path), beside(path, mode) as made, open(made, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return path


def replace(path: Path, content: bytes, mode: int) -> None:
    """The file with this content, in the place of any that was there: the new one or the old one, never a half."""
    make_folder(path.parent)
    made = path.parent / f".{path.name}.{secrets.token_hex(8)}"
    with _trouble(path):
        try:
            with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(made, path)
        finally:
            made.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Take a file away, if it is there. RecordsError when it cannot be."""
    with _trouble(path):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def beside(path: Path, mode: int) -> Iterator[Path]:
    """An empty file beside ``path``, which becomes ``path`` at the end unless somebody else's was first. OSError."""
    made = path.parent / f".{path.name}.{secrets.token_hex(8)}"
    try:
        os.close(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
        yield made
        with contextlib.suppress(FileExistsError):
            os.link(made, path)
    finally:
        made.unlink(missing_ok=True)


def is_there(path: Path) -> bool:
    """Whether there is a file or folder of this name. RecordsError when this user may not know.

    InputError: no file can have this name.
    """
    with _trouble(path):
        try:
            os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise trouble(path, error) from None
            raise
    return True


def names(folder: Path) -> list[str]:
    """What lies in a folder, sorted; nothing for one that is not there. RecordsError when it cannot be read."""
    with _trouble(folder):
        try:
            return sorted(os.listdir(folder))
        except FileNotFoundError:
            return []


def make_folder(path: Path) -> None:
    """The folder and those above it, for this user only. RecordsError when it cannot be made; InputError where a part
    of its path is a file."""
    with _trouble(path):
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise trouble(path, error, "made") from None


def read(path: Path) -> bytes:
    """The content. RecordsError when it cannot be read."""
    with _trouble(path), opened(path) as file:
        return file.read()


@contextlib.contextmanager
def _trouble(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: no system has such a name
        raise of_file(path, error) from None
