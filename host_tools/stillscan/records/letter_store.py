"""What the chain said of every letter up to an entry, in a file: looked up one at a time, never held in memory.

The letters lie in buckets by a digest of their numbers. Of each bucket the digest is known, signed with the checkpoint,
so what is read is what was written there: a look-up reads one bucket of some kB, whatever the number of letters.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

from stillscan.records.canonical import canonical, digest
from stillscan.records.chain_letter import ChainLetter
from stillscan.records.errors import RecordsError

BUCKETS = 4096
"""A million letters make buckets of 20 kB, read and parsed in 0.3 ms; their digests take 256 kB of memory."""


def bucket_of(number: str) -> int:
    """In which bucket a letter lies."""
    return int.from_bytes(hashlib.sha256(number.encode()).digest()[:2]) % BUCKETS


def sorted_in(letters: Mapping[str, ChainLetter]) -> dict[int, dict[str, ChainLetter]]:
    """Letters by bucket."""
    found: dict[int, dict[str, ChainLetter]] = {}
    for number, letter in letters.items():
        found.setdefault(bucket_of(number), {})[number] = letter
    return found


def packed(letters: Mapping[str, ChainLetter]) -> bytes:
    """A bucket's one spelling."""
    return canonical([[number, *letters[number]] for number in sorted(letters)])


EMPTY = packed({})


_SEEKS = threading.Lock()


def _read_at(file: int, size: int, start: int) -> bytes:
    """As os.pread; where there is none, as on Windows, one thread after another. OSError."""
    if hasattr(os, "pread"):
        return os.pread(file, size, start)
    with _SEEKS:
        os.lseek(file, start, os.SEEK_SET)
        return os.read(file, size)


class LetterStore:
    """The buckets behind ``start`` in an open file, by their sizes and digests."""

    def __init__(self, path: Path, file: int, start: int, sizes: list[int], digests: list[str]) -> None:
        self._path = path
        self._file = file
        self._sizes = sizes
        self._starts = list(accumulate(sizes, initial=start))
        self.digests = digests

    def letter(self, number: str) -> ChainLetter | None:
        """The letter with this number. RecordsError when the file was altered."""
        return self.bucket(bucket_of(number)).get(number)

    def bucket(self, n: int) -> dict[str, ChainLetter]:
        """A whole bucket. RecordsError when the file was altered."""
        return {number: ChainLetter(*letter) for number, *letter in json.loads(self.raw(n))}

    def raw(self, n: int) -> bytes:
        """A bucket as it was written. RecordsError when the file was altered."""
        try:
            found = _read_at(self._file, self._sizes[n], self._starts[n])
        except OSError:
            found = b""
        if digest(found) != self.digests[n]:
            raise RecordsError(f"{self._path}: was altered; remove it, it is made anew from the chain", "notes")
        return found

    def look_at_all(self) -> None:
        """RecordsError when any of it was altered."""
        for n in range(BUCKETS):
            self.raw(n)

    def numbers(self) -> Iterator[str]:
        """The numbers of all letters, in no order."""
        for n in range(BUCKETS):
            yield from self.bucket(n)

    def close(self) -> None:
        """No more look-ups."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __del__(self) -> None:
        """The chain's state that looked letters up here has got another store, or is gone."""
        self.close()


def buckets(store: LetterStore | None, newer: Mapping[str, ChainLetter]) -> Iterable[bytes]:
    """All buckets in order: those of a store, if there is one, with what is newer."""
    changed = sorted_in(newer)
    for n in range(BUCKETS):
        if n not in changed:
            yield store.raw(n) if store is not None else EMPTY
        else:
            yield packed({**(store.bucket(n) if store is not None else {}), **changed[n]})


def is_store(sizes: Any, digests: Any) -> bool:
    """Whether these can be the sizes and digests of a store."""
    return all(isinstance(one, list) and len(one) == BUCKETS for one in (sizes, digests))
