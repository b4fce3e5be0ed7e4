"""A version of the firmware as a list of files, and how it lies in a board's two folders (firmware/loader.py)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

FOLDERS = ("a", "b")
LOADER = ("loader.mpy", "main.py")
MANIFEST = "manifest"
STATE = "slots.json"
_BUILD_DIGITS = 16  # hexadecimal, as PROTOCOL.md has it: with 64 bits no two builds of a house share a name


def digest(content: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def build_of(manifest: bytes) -> str:
    """The name of the version that this list describes."""
    return digest(manifest)[:_BUILD_DIGITS]


def listed(manifest: bytes) -> dict[str, str]:
    """SHA-256 by path, as a manifest says; none of one that is damaged."""
    found = {}
    for line in manifest.decode("utf-8", "replace").splitlines():
        sum_, _, path = line.partition("  ")
        if not path or path in found:
            return {}
        found[path] = sum_
    return found


def folders_of(paths: Iterable[str]) -> set[str]:
    """The folders in which these files lie, each with those above it, as "kiosk/drivers/"."""
    return {path[: end + 1] for path in paths for end, letter in enumerate(path) if letter == "/"}


@dataclass(frozen=True)
class Version:
    """``loader``: what every version shares, in the order of writing; ``files``: the rest. Content by path."""

    loader: Mapping[str, bytes]
    files: Mapping[str, bytes]

    @classmethod
    def of(cls, compiled: Mapping[str, bytes]) -> Version:
        """From ``build.compiled``."""
        loader = {path: compiled[path] for path in LOADER}
        return cls(loader, {path: content for path, content in compiled.items() if path not in LOADER})

    @property
    def manifest(self) -> bytes:
        """The list of ``files`` in the form of sha256sum."""
        lines = (f"{digest(content)}  {path}\n" for path, content in sorted(self.files.items()))
        return "".join(lines).encode()

    @property
    def build(self) -> str:
        """The name of exactly these files."""
        return build_of(self.manifest)

    def alone(self) -> dict[str, bytes]:
        """The whole file system of a new board, this version confirmed: there is none to go back to."""
        folder = FOLDERS[0]
        files = {f"{folder}/{path}": content for path, content in self.files.items()}
        files[f"{folder}/{MANIFEST}"] = self.manifest
        return {**files, **self.loader, STATE: state({"run": folder, folder: self.build})}


def state(entries: Mapping[str, str | int]) -> bytes:
    """The state file: see Slots in firmware/loader.py."""
    return json.dumps(entries).encode()


def read_state(content: bytes) -> dict[str, str | int]:
    """The entries that make sense; none of a damaged file."""
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    entries = found.items() if isinstance(found, dict) else ()
    return {name: value for name, value in entries if type(value) in (str, int)}
