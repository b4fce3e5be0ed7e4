"""A checkpoint: what the chain said up to an entry, signed by a kiosk that followed it, so that a start is short.

It lies beside the keys (NAME.checkpoint), is a shortcut and no record: whoever has none follows the chain from its
beginning. What comes after its entry must follow from it as from any entry. It is signed with the key in force now, so
that neither somebody with the database nor somebody with an old key can make one; an older one that is put back only
makes the way longer. `audit verify` puts it together anew from the entries and compares.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from pathlib import Path
from typing import Any, NamedTuple

from stillscan.records.canonical import canonical, digest
from stillscan.records.chain_state import ChainState, Kept, Known
from stillscan.records.chain_time import ChainTime, Correction
from stillscan.records.errors import RecordsError
from stillscan.records.files import BINARY, names, replace
from stillscan.records.keyring import Keyring
from stillscan.records.letter_store import LetterStore, buckets, is_store
from stillscan.records.witness import Seen

_PURPOSE = "checkpoint 1"
_SUFFIX = ".checkpoint"
_NOW = 2**53  # an entry after all others: signed with the key that is in force now
_MOST_HEADER = 64 * 1024 * 1024  # bytes: a million personal parts that are not erased yet take 45 MB
EVERY = 5000
"""Entries between two checkpoints: two weeks of a busy office, followed in half a second."""
_FACTS = frozenset(
    ["seq", "digest", "confirmed", "time", "kept", "personal", "letters", "released", "sizes", "buckets"]
)
NOTHING_CONFIRMED: dict[str, Any] = {"seq": 0, "entries": "", "records": ""}
_log = logging.getLogger(__name__)


class Checkpoint(NamedTuple):
    """What a file of this kind holds."""

    facts: dict[str, Any]
    store: LetterStore

    @property
    def end(self) -> Seen:
        """The last entry that it covers."""
        return Seen(self.facts["seq"], self.facts["digest"])


def path_of(keyring: Keyring) -> Path:
    """Where this kiosk's checkpoint is."""
    return keyring.folder / f"{keyring.kiosk}{_SUFFIX}"


def there(keyring: Keyring) -> list[tuple[str, Path]]:
    """(kiosk, file) of every checkpoint in the folder of keys. RecordsError when that cannot be read."""
    found = [keyring.folder / name for name in names(keyring.folder) if name.endswith(_SUFFIX)]
    return [(path.stem, path) for path in found if not path.name.startswith(".")]


def begin(chain: ChainState, keyring: Keyring) -> None:
    """Let a chain state that knows nothing yet begin at this kiosk's checkpoint, if there is a good one."""
    try:
        found = load(path_of(keyring), keyring, keyring.kiosk)
    except RecordsError as error:
        _log.warning("%s", error)
        return
    if found is not None:
        facts = found.facts
        time = facts["time"]
        corrections = [Correction(*one) for one in time["corrections"]]
        known = Known(store=found.store)
        known.kept = {kind: [Kept(*one) for one in kept] for kind, kept in facts["kept"].items()}
        known.personal = {seq: time for seq, time in facts["personal"]}
        known.count, known.released = facts["letters"], facts["released"]
        chain.end, chain.known = found.end, known
        chain.time = ChainTime(time["seq"], time["newest"], time["words"], corrections)
        chain.checkpoint = facts["seq"]


def load(path: Path, keyring: Keyring, kiosk: str) -> Checkpoint | None:
    """The checkpoint in a file; None where there is none, or only one that was signed before the key was exchanged.

    RecordsError for one that the kiosk did not sign so.
    """
    try:
        file = os.open(path, os.O_RDONLY | BINARY)
    except OSError:
        return None
    found = None
    try:
        found = _read(path, file, keyring, kiosk)
    finally:
        if found is None:
            os.close(file)
    return found


def keep(chain: ChainState, keyring: Keyring) -> bool:
    """Write a checkpoint of a chain state, unless another process of this kiosk was further; whether it was."""
    try:
        former = load(path_of(keyring), keyring, keyring.kiosk)
    except RecordsError:
        former = None  # it was told at the start
    if former is not None and former.end.seq > chain.end.seq:
        return False
    confirmed = former.facts["confirmed"] if former is not None else NOTHING_CONFIRMED
    write(keyring, *made(chain.end, chain.time, chain.known, confirmed))
    return True


class Confirmed:
    """Signatures that `audit verify` found good before: when they are the same, they need no second look.

    What they are is kept as digests over all of them, in order, up to the last entry that was looked at.
    """

    def __init__(self, found: Checkpoint | None) -> None:
        self._expected = found.facts["confirmed"] if found is not None else NOTHING_CONFIRMED
        self._entries = self._records = self._entries_then = self._records_then = ""

    def covers(self, seq: int) -> bool:
        """Whether the signature of this entry, and of the release record that belongs to it, was found good."""
        return seq <= int(self._expected["seq"])

    def note(self, seq: int, signature: str) -> None:
        """The signature of the next entry."""
        self._entries = digest(f"{self._entries}{signature}".encode())
        if self.covers(seq):
            self._entries_then = self._entries

    def note_record(self, seq: int, signature: str) -> None:
        """The signature of the next release record, by its entry."""
        self._records = digest(f"{self._records}{signature}".encode())
        if self.covers(seq):
            self._records_then = self._records

    @property
    def holds(self) -> bool:
        """Whether all that was covered is as it was."""
        return (self._entries_then, self._records_then) == (self._expected["entries"], self._expected["records"])

    def upto(self, seq: int) -> dict[str, Any]:
        """What is confirmed when everything up to this last entry was found good."""
        return {"seq": seq, "entries": self._entries, "records": self._records}


def write(keyring: Keyring, facts: dict[str, Any], content: bytes) -> None:
    """Sign a checkpoint and put it in place of the one before. RecordsError."""
    header = canonical(facts)
    signature = keyring.sign(_PURPOSE, digest(header).encode())
    replace(path_of(keyring), b"\n".join([header, signature.encode(), content]), 0o600)


def made(end: Seen, time: ChainTime, known: Known, confirmed: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """(the facts of a checkpoint, its buckets)."""
    all_buckets = list(buckets(known.store, known.letters))
    facts = {
        "seq": end.seq,
        "digest": end.digest,
        "confirmed": confirmed,
        "time": {
            "seq": time.seq,
            "newest": time.newest,
            "words": time.words,
            "corrections": [list(one) for one in time.corrections],
        },
        "kept": {kind: [list(one) for one in kept] for kind, kept in known.kept.items()},
        "personal": [[seq, time] for seq, time in sorted(known.personal.items()) if time],
        "letters": known.count,
        "released": known.released,
        "sizes": [len(one) for one in all_buckets],
        "buckets": [digest(one) for one in all_buckets],
    }
    return facts, b"".join(all_buckets)


def _read(path: Path, file: int, keyring: Keyring, kiosk: str) -> Checkpoint | None:
    with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
        with open(file, "rb", closefd=False) as content:
            header = content.readline(_MOST_HEADER)[:-1]
            signature = content.readline(_MOST_HEADER)[:-1]
            start = content.tell()
        own = digest(header).encode()
        if not keyring.signed(kiosk, _PURPOSE, own, signature.decode("ascii"), _NOW):
            if keyring.signed(kiosk, _PURPOSE, own, signature.decode("ascii")):
                return None
            raise ValueError
        facts = json.loads(header)
        if facts.keys() == _FACTS and is_store(facts["sizes"], facts["buckets"]):
            return Checkpoint(facts, LetterStore(path, file, start, facts["sizes"], facts["buckets"]))
    raise RecordsError(f"{path}: is no checkpoint that this kiosk made with its key in force; remove it", "notes")
