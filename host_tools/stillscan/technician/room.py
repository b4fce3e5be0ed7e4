"""What a page needs of the scanner of a running kiosk: how it is, one task at a time, and its sensors as they are."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from kiosk import wire
from stillscan.errors import StillscanError
from stillscan.link.session import Session
from stillscan.technician import about
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.live import Live
from stillscan.technician.relay import Relay
from stillscan.technician.tasks import TASKS, Task

SHOWN_WAIT_S = 2.0  # a page waits so long for a check to end before it shows what it knew before
_LIVE_ENDS_S = 6.0  # a look at the sensors ends within half a second, and parts start within three
_LOG = logging.getLogger("stillscan.service")


class Seen(NamedTuple):
    """How the scanner was when it was asked last: as the commands `scanner info, health, log, settings` say it."""

    when: datetime
    info: dict[str, object]
    health: dict[str, dict[str, int | None]]
    log: dict[str, list[dict[str, object]]]
    settings: list[dict[str, object]]


@dataclass
class Job:
    """A task that goes on, or has ended with ``result`` or ``trouble``."""

    name: str
    who: str
    began: datetime
    progress: str = ""
    result: dict[str, Any] | None = None
    trouble: str = ""

    @property
    def goes_on(self) -> bool:
        """Has it not ended yet?"""
        return self.result is None and not self.trouble


class Room:
    """Safe between threads. ``done`` is called with each job that came to a result."""

    def __init__(
        self,
        relay: Relay,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        done: Callable[[Job], None] = lambda _: None,
    ) -> None:
        self.relay = relay
        self.jobs: dict[str, Job] = {}
        """The last of each name."""
        self.seen: Seen | None = None
        self.live = Live(self.at)
        self._now = now
        self._done = done
        self._lock = threading.Lock()

    @contextmanager
    def at(
        self, who: str, wait_s: float = SHOWN_WAIT_S, present: Callable[[], bool] = lambda: True
    ) -> Iterator[AtScanner]:
        """The scanner for this person alone. DeviceError: another one has it, or there is none.

        ``present`` says whether they are still there: asked while they scan a document (`relay.Relay.scans`).
        """
        with self.relay.lease(who, wait_s, present) as lease:
            lease.patience_s = wait_s
            session = Session(lease)
            session.open(wire.STREAM_EVENTS)
            at = AtScanner(session)
            at.learn()
            yield at

    def look(self, who: str) -> str:
        """Ask how it is; why that could not be told now, or "". What was seen before stays."""
        if (job := self.going_on) is not None:
            return job.name
        if self.live.goes_on and self.seen is not None:
            return ""
        try:
            with self.at(who) as at:
                self.seen = Seen(
                    self._now(),
                    about.info(at),
                    about.health(at),
                    about.happened(at),
                    about.settings(at, self.relay.former),
                )
        except StillscanError as error:
            return str(error)
        return ""

    def change(self, who: str, name: str, value: int) -> None:
        """Set a setting for good. DeviceError: the scanner refuses, or not now."""
        self.live.stop()
        with self.at(who, _LIVE_ENDS_S) as at:
            there = at.session.settings()
            at.session.set(there[name].setting, value)

    @property
    def going_on(self) -> Job | None:
        """The job that goes on."""
        return next((job for job in self.jobs.values() if job.goes_on), None)

    def start(self, name: str, who: str, task: Task | None = None, present: Callable[[], bool] = lambda: True) -> bool:
        """Begin a task, that of TASKS if none is given, in a thread of its own; False when another one goes on.

        ``present`` as in ``at``.
        """
        with self._lock:
            if self.going_on is not None:
                return False
            self.live.stop()
            job = self.jobs[name] = Job(name, who, self._now())
        threading.Thread(
            target=self._carry_out, args=(job, task or TASKS[name], present), name="task", daemon=True
        ).start()
        return True

    def _carry_out(self, job: Job, task: Task, present: Callable[[], bool]) -> None:
        def progress(text: str) -> None:
            job.progress = text

        _LOG.info("service: %s began: %s", job.who, job.name)
        try:
            with self.at(job.who, _LIVE_ENDS_S, present) as at:
                result = task(at, progress)
            job.result = result
        except StillscanError as error:
            job.trouble = str(error)
        except Exception:
            _LOG.exception("service: %s failed", job.name)
            job.trouble = "a defect; the log says where"
        _LOG.info("service: %s ended: %s%s", job.who, job.name, f" ({job.trouble})" if job.trouble else "")
        if job.result is not None:
            self._done(job)
