"""Ten years of an office in a few minutes: a whole chain of so many entries, written in bulk, and what it costs to use.

    python -m bench.records_bulk FOLDER N

fills a new database there; `make bench-records ARGS="--entries 1000000"` fills one and measures it. Each measurement is
a process of its own, so that its memory is its own too.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update

from bench.crash import CLERK, PASSED, letters, number, open_place
from stillscan.records import models, release
from stillscan.records.audit import appending
from stillscan.records.canonical import canonical, instant
from stillscan.records.chain_entry import HEAD, ChainEntry, head_message, sign_entry
from stillscan.records.chain_state import ChainState
from stillscan.records.keyring import Keyring
from stillscan.records.kinds import CHECK, CONSIGNMENT, PURGE
from stillscan.records.release import Desk
from stillscan.records.schema import START
from stillscan.records.verification import verify

_BLOCK = 10_000  # entries a transaction: some 15 MB
_KEPT = 20_000  # entries at the end that keep their personal part: 90 days of an office of ten years
_GOAL_START_S, _GOAL_VERIFY_S, _GOAL_CHECK_MS = 2.0, 60.0, 5.0
_FIRST = 10_000_000  # numbers of letters that measurements add begin here
_CHECKS = 300


def fill(folder: Path, count: int) -> None:
    """A chain of ``count`` entries: letters that came, were handed out, and of most the personal part is erased."""
    database, keyring = open_place(folder)
    chain = _Chain(keyring, count)
    for _ in range(0, count, _BLOCK):
        entries, rows, records = chain.block(min(_BLOCK, count - chain.seq))
        with database.writing() as connection:
            connection.execute(insert(models.ENTRY), [entry._asdict() for entry in entries])
            connection.execute(insert(models.CONSIGNMENT), rows)
            if records:
                connection.execute(insert(models.RELEASE), records)
                out = [{"number": record["tracking"]} for record in records]
                connection.execute(release._MARK, out)
            signature = keyring.sign(HEAD, head_message(chain.seq, chain.end))
            head = {"entries": chain.seq, "digest": chain.end, "kiosk": keyring.kiosk, "signature": signature}
            connection.execute(update(models.HEAD), head)
    database.close()


class _Chain:
    """Makes entries one after another: a letter comes in, five later letters on it is handed out."""

    def __init__(self, keyring: Keyring, count: int) -> None:
        self.seq, self.end = 0, START
        self._keyring = keyring
        self._count = count
        self._begin = datetime.now(UTC) - timedelta(days=3650)
        self._purged = 0
        self._letter = 0

    def block(self, size: int) -> tuple[list[ChainEntry], list[dict[str, Any]], list[dict[str, Any]]]:
        """(entries, rows of letters, release records) of the next so many entries."""
        entries: list[ChainEntry] = []
        rows: list[dict[str, Any]] = []
        records: list[dict[str, Any]] = []
        came: list[int] = []
        for n in range(size - 1):
            if n % 2 == 0 or not came:
                came.append(self._letter)
                entries.append(self._came())
                rows.append({"tracking": number(came[-1]), "entry": self.seq, "released": False})
                self._letter += 1
            else:
                entries.append(self._went(came.pop(0)))
                data = canonical(release.record(entries[-1]))
                signature = self._keyring.sign(release.RECORD, data)
                tracking = entries[-1].facts["tracking"]
                records.append(
                    {"tracking": tracking, "entry": self.seq, "record": data.decode(), "signature": signature}
                )
        first, last = self._purged + 1, min(self.seq, self._count - _KEPT)
        if first <= last:
            gone = list(self._personal(first, last))
            entries.append(self._next(PURGE, {"before": self._time(), "entries": gone}, None))
            self._purged = last
        else:
            entries.append(self._came())
            rows.append({"tracking": number(self._letter), "entry": self.seq, "released": False})
            self._letter += 1
        return [self._erased(entry) for entry in entries], rows, records

    def _personal(self, first: int, last: int) -> Iterator[list[int]]:
        """All but the last of each block, which is the purge itself."""
        while first <= last:
            end = min(last, (first - 1) // _BLOCK * _BLOCK + _BLOCK - 1)
            if first <= end:
                yield [first, end]
            first = end + 2

    def _erased(self, entry: ChainEntry) -> ChainEntry:
        old = entry.seq <= self._count - _KEPT
        return entry._replace(salt=None, personal=None) if old else entry

    def _came(self) -> ChainEntry:
        details = {"tracking": number(self._letter), "deadline": "2099-01-31", "office": "1473 Oppsal", "test": False}
        return self._next(CONSIGNMENT, details, {"order": f"B-{self._letter}", "recipient": "Åse Østenbyen"})

    def _went(self, letter: int) -> ChainEntry:
        details = {
            "check": f"{letter:032x}",
            "tracking": number(letter),
            "office": "1473 Oppsal",
            "staff": "staff-1",
            "verdict": "release",
            "reasons": ["ok"],
            "evidence": f"{letter:064x}",
            "test": False,
            "document": "P",
            "issuer": "NOR",
            "expiry": "2031-01-01",
        }
        return self._next(CHECK, details, {"document_number": f"{letter:064x}"})

    def _next(self, kind: str, details: dict[str, Any], person: dict[str, str] | None) -> ChainEntry:
        entry = sign_entry(self._keyring, self.seq + 1, self.end, self._time(), kind, details, person)
        self.seq, self.end = entry.seq, entry.digest
        return entry

    def _time(self) -> str:
        return instant(self._begin + timedelta(days=3650) * ((self.seq + 1) / self._count))


def measure(folder: Path, count: int) -> bool:
    """Fill a database, then print what a start, checks and a verify take; whether the goals are reached."""
    begin = time.perf_counter()
    fill(folder, count)
    print(f"{count} entries made in {time.perf_counter() - begin:.0f} s")
    first = [_process(folder, step) for step in ("start", "verify")]
    print("from now on there is a checkpoint, and each signature was found good once:")
    (start_s, _), (check_ms, _), (verify_s, _) = (_process(folder, step) for step in ("start", "checks", "verify"))
    good = start_s <= _GOAL_START_S and check_ms <= _GOAL_CHECK_MS and verify_s <= _GOAL_VERIFY_S
    return good and len(first) == 2


def _process(folder: Path, step: str) -> tuple[float, float]:
    """One step in a process of its own: (its figure, its memory in MB)."""
    command = [sys.executable, "-m", "bench.records_bulk", str(folder), step]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    figure, memory, words = told.split(maxsplit=2)
    print(f"  {words.strip()}: {figure}; {memory} MB")
    return float(figure), float(memory)


def _step(folder: Path, step: str) -> str:
    """Carry one step out: its figure, and what it is."""
    if step == "checks":
        return f"{_checks(folder)} ms a check (median of {_CHECKS})"
    database, keyring = open_place(folder)
    begin = time.perf_counter()
    if step == "verify":
        found = verify(database, keyring)
        told = f"s verify, {len(found.findings)} findings in {found.entries} entries"
    else:
        with appending(database, keyring, ChainState()):
            told = "s from an open database to its first record"
    took = time.perf_counter() - begin
    database.close()
    return f"{took:.2f} {told}"


def _checks(folder: Path) -> str:
    letters(folder, _CHECKS, _FIRST)
    database, keyring = open_place(folder)
    desk = Desk(database, keyring, "1473 Oppsal")
    desk.tidy()
    taken = []
    for n in range(_FIRST, _FIRST + _CHECKS):
        begin = time.perf_counter()
        desk.finish(number(n), PASSED, CLERK)
        taken.append((time.perf_counter() - begin) * 1000)
    database.close()
    return f"{statistics.median(taken):.2f}"


def main() -> None:
    """A number fills; a step is carried out, and told with the memory that it took."""
    folder, what = Path(sys.argv[1]), sys.argv[2]
    if what.isdecimal():
        fill(folder, int(what))
        return
    figure, _, words = _step(folder, what).partition(" ")
    print(figure, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, words)


if __name__ == "__main__":
    main()
