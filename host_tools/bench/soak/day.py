"""The day itself: machines on, visits one after another and misfortunes in between, machines off, the judgement."""

from __future__ import annotations

import collections
import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.soak import judge, pictures
from bench.soak.clerk import Clerk, Told
from bench.soak.judge import HANG_S, Disturbance, Sample
from bench.soak.meter import usage
from bench.soak.misfortunes import Misfortunes
from bench.soak.observer import Observer
from bench.soak.plan import Misfortune, Visit, draw, letters
from bench.soak.report import Day, tracebacks
from bench.soak.rig import Disk, Program, Scanner, command, free_port, options_of_run
from bench.soak.window import PIN, STAFF, Window
from stillscan.commands.world import SAMPLE
from stillscan.errors import DeviceError, StillscanError

_SAMPLE_EVERY = 10  # checks from one look at memory and files to the next
_READY_S = 60.0
_CALM_VISITS = 2  # after a misfortune, before memory and files are looked at


class Counter:
    """The machines of one counter, and what has happened at it; leaving it switches them off."""

    def __init__(self, folder: Path, seed: int, checks: int, kinds: tuple[str, ...], journal: Path | None) -> None:
        self.folder = folder
        self.visits = draw(seed, checks, kinds)
        self.observer = Observer(journal)
        self.disturbances: list[Disturbance] = []
        self.hangs: list[str] = []
        self.notes: list[str] = []
        self.broken = ""
        """Why the day ended before its end."""
        self._striking: threading.Thread | None = None
        self._visit_s = time.monotonic()
        self._given_up = False
        self._open = True
        self.disk = Disk(folder / "disk")
        if not self.disk.mounted:
            self.notes.append("no small disk may be mounted here: a full disk is a limit on the size of files")
        pictures.draw_all(folder)
        (folder / "letters.csv").write_bytes(letters(self.visits))
        imported = command(folder, "consignment", "import", "--test", str(folder / "letters.csv"))
        if imported.returncode:
            raise StillscanError(f"the letters were not imported: {imported.stderr.strip()}")
        added = command(folder, "staff", "add", STAFF, "--role", "clerk", typed=f"{PIN}\n")
        if added.returncode:
            raise StillscanError(f"nobody can sign in: {added.stderr.strip()}")
        port = free_port()
        self.scanner = Scanner(folder, seed)
        self.program = Program(folder, self.scanner.link, port, self.observer, options_of_run(folder))
        self.window = Window(port, self.observer)
        self._misfortunes = Misfortunes(self.scanner, self.program, self.disk, port)
        self.clerk = Clerk(self.window, self.scanner, folder, SAMPLE.parent, self._still_here)

    def ready(self) -> None:
        """Wait for the page, and for an empty glass: the simulated scanner begins with a sample on it, which would
        answer for the first customer, and which the kiosk may have begun to scan. StillscanError when they do not
        come."""
        self.scanner.tell("leave")
        end_s = time.monotonic() + _READY_S
        while not self.window.panel.step or self.window.scanner.get("state") not in ("empty", "gave_up"):
            if time.monotonic() > end_s or self.program.process.poll() is not None:
                raise StillscanError("the page did not come up: " + "; ".join(self.observer.lines["stderr"][-3:]))
            self.window.wait(0.2)

    def serve(self, visit: Visit) -> Told | None:
        """One customer; a misfortune that begins with them may outlast them, but not meet the next one."""
        self.observer.note(f"visit {visit.number} {visit.document.file}")
        self._visit_s, self._given_up = time.monotonic(), False
        if visit.misfortune is not None:
            self.settle()
            self._striking = threading.Thread(target=self._strike, args=(visit.misfortune,), name="misfortune")
            self._striking.start()
        return self.clerk.serve(visit)

    @property
    def calm(self) -> bool:
        """Whether no misfortune is going on."""
        return self._striking is None or not self._striking.is_alive()

    def settle(self) -> None:
        """Wait for the end of a misfortune."""
        if self._striking is not None:
            self._striking.join()

    def _strike(self, one: Misfortune) -> None:
        time.sleep(one.offset_s)
        self.observer.note(f"{one.kind} {one.detail} {one.seconds:g} s")
        begin_s = time.monotonic()
        try:
            self._misfortunes.strike(one)
        except (StillscanError, OSError, sqlite3.Error) as error:
            self.notes.append(f"{one.kind} could not be done: {error}")
        self.disturbances.append(Disturbance(one.kind, begin_s, time.monotonic(), one.detail))
        self.observer.note(f"{one.kind} is over")

    def _still_here(self) -> bool:
        """Asked by the clerk: a program that ended by itself is started anew; a visit that hangs is given up."""
        if not self.calm:
            return True
        if self.program.process.poll() is not None:
            self.program.end("")
            self.observer.note("the program has ended by itself")
            self.program.start()
        since_s = max([self._visit_s, *(one.end_s for one in self.disturbances[-1:])])
        if not self._given_up and time.monotonic() - since_s > HANG_S:
            self._given_up = True
            self._hang()
        return not self._given_up

    def _hang(self) -> None:
        after = self.disturbances[-1] if self.disturbances else None
        words = " / ".join(word.text for word in self.observer.last(3))
        with contextlib.suppress(DeviceError):
            words += f" / scanner: {self.scanner.status()}"
        kind, detail = (after.kind, after.detail) if after else ("nothing", "")
        self.hangs.append(f"after {kind}: {detail} the page asks for {self.window.panel.step}; {words}")
        self.observer.note("a hang: the program is started anew")
        self.program.end("kill")
        with contextlib.suppress(DeviceError):
            self.scanner.tell("mend")
            self.scanner.tell("leave")
            self.scanner.tell("reboot")
        self.program.start()

    def close(self) -> None:
        """Everything off; the program as by its service manager."""
        if self._open:
            self._open = False
            self.window.close()
            self.program.end("term")
            self.scanner.close()

    def __enter__(self) -> Counter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
        self.disk.close()
        self.observer.close()

    def chain(self) -> list[dict[str, Any]]:
        """The checks in the audit chain, with their time in seconds since the epoch."""
        shown = command(self.folder, "audit", "show", "--json", "--last", "0")
        entries = [json.loads(line) for line in shown.stdout.splitlines()]
        checks = [entry for entry in entries if entry.get("kind") == "check"]
        return [{**entry, "at": datetime.fromisoformat(entry["time"]).timestamp()} for entry in checks]


def spend(counter: Counter, most_s: float, tell: Callable[[int, str], None]) -> Day:
    """All visits, or as many as ``most_s`` allows; ``tell`` hears how many are done, and a line about them."""
    told: list[tuple[Visit, Told]] = []
    times: list[float] = []
    samples: list[Sample] = []
    started_at = {0: 0}
    counter.ready()
    begin_s = time.monotonic()
    calm = served = 0
    for served, visit in enumerate(counter.visits, 1):
        if time.monotonic() - begin_s > most_s:
            break
        visit_s = time.monotonic()
        try:
            seen = counter.serve(visit)
        except DeviceError as error:  # the simulated scanner itself has died: no more customers
            counter.broken = f"{error}; {counter.scanner.errors()[-500:]}"
            break
        if seen is not None:
            told.append((visit, seen))
            times.append(time.monotonic() - visit_s)
        calm = calm + 1 if counter.calm and seen is not None else 0
        first = started_at.setdefault(counter.program.starts, served)
        if calm >= _CALM_VISITS and served % _SAMPLE_EVERY == 0:
            ours, scanners = usage(counter.program.process.pid), usage(counter.scanner.process.pid)
            samples.append(Sample(counter.program.starts, served - first, ours.rss, ours.files, scanners.rss))
        memory = f"{samples[-1].rss / 1e6:.0f} MB, {samples[-1].files} files" if samples else ""
        minutes = (time.monotonic() - begin_s) / 60
        tell(served, f"{served} checks, {minutes:.0f} min, {len(counter.hangs)} hangs {memory}")
    counter.settle()
    end_s = time.monotonic()
    counter.close()
    return _judged(counter, told, times, samples, begin_s, end_s)


def _judged(
    counter: Counter,
    told: list[tuple[Visit, Told]],
    times: list[float],
    samples: list[Sample],
    begin_s: float,
    end_s: float,
) -> Day:
    said = [(one.tracking, one.verdict, one.reference) for _, one in told]
    wrong = judge.records(said, counter.chain(), counter.program.ended_at, counter.clerk.confirmed)
    verified = command(counter.folder, "audit", "verify")
    if verified.returncode:
        wrong += [f"audit verify: {line}" for line in (verified.stdout + verified.stderr).splitlines()[:5]]
    log = counter.folder / "run.log"
    lines = [*counter.observer.lines["stderr"], *counter.observer.lines["stdout"]]
    lines += log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return Day(
        checks=len(times),
        seconds=end_s - begin_s,
        verdicts=collections.Counter(one.verdict for _, one in told),
        times_s=times,
        disturbances=counter.disturbances,
        told_s=[one.at_s for _, one in told],
        silences=judge.silences(counter.observer.moments, counter.disturbances, begin_s, end_s),
        hangs=counter.hangs,
        unexpected=[line for visit, one in told if (line := _unexpected(visit, one, counter))],
        records=wrong,
        tracebacks=tracebacks(lines) + tracebacks(counter.scanner.errors().splitlines()),
        endings=judge.endings(counter.program.ends) + ([counter.broken] if counter.broken else []),
        left_behind=sorted(path.name for path in (counter.folder / "tmp").iterdir()),
        growth=judge.growth(samples),
        notes=counter.notes,
    )


def _unexpected(visit: Visit, one: Told, counter: Counter) -> str:
    """A verdict that the document should not have led to; after a kill the letter may have gone out unseen."""
    if one.verdict in visit.document.verdicts or (counter.program.ended_at and "already_released" in one.reasons):
        return ""
    before = [other.kind for other in counter.disturbances if other.begin_s < one.at_s]
    what = f"after {before[-1]}" if before else "before any misfortune"
    return f"visit {visit.number}, {visit.document.file}, {what}: {one.verdict} ({', '.join(one.reasons)})"
