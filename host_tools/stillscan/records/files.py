"""Small files that hold keys: made whole or not at all, durable, and whoever comes first wins."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from stillscan.records.errors import RecordsError


def place(path: Path, content: bytes, mode: int) -> Path:
    """The file, with this content when it was not there. Two processes at once: the content of one of them counts."""
    if path.exists():
        return path
    make_folder(path.parent)
    made = path.parent / f".{path.name}.{secrets.token_hex(8)}"
    try:
        file = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            os.write(file, content)
            os.fsync(file)
        finally:
            os.close(file)
        try:
            with contextlib.suppress(FileExistsError):  # another process was first
                os.link(made, path)
        finally:
            made.unlink()
    except OSError as error:
        raise RecordsError(f"{path}: {why(error)}") from None
    return path


def make_folder(path: Path) -> None:
    """The folder and those above it, for this user only. RecordsError when it cannot be made."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RecordsError(f"{path}: {why(error)}") from None


def own_file(path: Path) -> None:
    """An empty file for this user only, and the folders above it; one that is there is left as it is."""
    make_folder(path.parent)
    try:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise RecordsError(f"{path}: {why(error)}") from None


def read(path: Path) -> bytes:
    """The content. RecordsError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise RecordsError(f"{path}: {why(error)}") from None


def why(error: OSError) -> str:
    """The system's reason in lower case, to stand after a file's name."""
    return (error.strerror or "cannot be used").lower()
