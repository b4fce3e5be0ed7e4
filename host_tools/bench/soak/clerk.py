"""The clerk: answers what the page asks, sends for the customer, and lets each visit come to its verdict."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.soak.plan import Visit
from bench.soak.rig import Scanner
from bench.soak.window import Panel, Window

_LOOK_S = 0.25
_GLANCE_S = 0.4  # from one look at who stands there to the next
_MISSED_S = 1.0  # the page asks for a passport and nobody is there: the customer is asked to lay it down once more
_EMPTY_S = 5.0
_RETRY_S = 1.0


@dataclass(frozen=True)
class Told:
    """A verdict that the page has shown."""

    tracking: str
    verdict: str
    reasons: tuple[str, ...]
    reference: str
    at_s: float


@dataclass
class Clerk:
    """``still_here`` is asked often: it may look after the machines, and says when to give a visit up."""

    window: Window
    scanner: Scanner
    pictures: Path
    samples: Path
    still_here: Callable[[], bool]
    told: list[Told] = field(default_factory=list)
    confirmed: set[str] = field(default_factory=set)
    """Letters for which "the same person" was answered."""
    _references: set[str] = field(default_factory=set)
    _next_look_s: float = 0.0

    def serve(self, visit: Visit) -> Told | None:
        """One visit from the tracking number to the verdict; None when it was given up."""
        self._customer(visit)
        missed_s: float | None = None
        while self.still_here():
            panel = self.window.panel
            if panel.step == "verdict" and panel.reference not in self._references:
                told = self._note(visit, panel)
                self._end()
                return told
            missed_s = self._missed(visit, panel, missed_s)
            before = panel.turn, panel.boot
            if not self._answer(visit, panel):
                self.window.wait(_LOOK_S)
            elif (self.window.panel.turn, self.window.panel.boot) == before:
                time.sleep(_RETRY_S)  # no answer, or it could not be recorded: a person tries again
        return None

    def _answer(self, visit: Visit, panel: Panel) -> bool:
        """Answer the open question, if there is anything to answer."""
        if panel.step == "tracking":
            self.window.send("tracking", tracking=visit.tracking)
        elif panel.step == "second":
            self.window.send("end")  # no such document
        elif panel.step == "face":
            if visit.document.same_person:
                self.confirmed.add(visit.tracking)
            self.window.send("face", same_person="yes" if visit.document.same_person else "no")
        elif panel.step == "scan" and panel.problem and not visit.document.passport:
            self.window.send("end")
        elif panel.step == "verdict":  # of a visit that was given up
            self.window.send("next")
        else:
            return False
        return True

    def _missed(self, visit: Visit, panel: Panel, since_s: float | None) -> float | None:
        """Since when the page has asked for a passport while nobody stands there; sends for the customer again."""
        now_s = time.monotonic()
        if panel.step != "scan":
            return None
        if now_s < self._next_look_s:
            return since_s
        self._next_look_s = now_s + _GLANCE_S
        if self.scanner.status()["customer"]:
            return None
        if since_s is not None and now_s - since_s >= _MISSED_S:
            self._customer(visit)
            return None
        return since_s or now_s

    def _customer(self, visit: Visit) -> None:
        folder = self.samples if visit.document.passport else self.pictures
        self.scanner.tell(f"customer {folder / visit.document.file}")

    def _note(self, visit: Visit, panel: Panel) -> Told:
        told = Told(visit.tracking, panel.verdict, panel.reasons, panel.reference, time.monotonic())
        self.told.append(told)
        self._references.add(panel.reference)
        return told

    def _end(self) -> None:
        """The customer goes; when the glass is empty it is the next one's turn."""
        self.scanner.tell("leave")
        end_s = time.monotonic() + _EMPTY_S
        while self.still_here() and self.window.panel.step == "verdict":
            if self.window.scanner.get("state") == "empty" or time.monotonic() > end_s:
                if self.window.send("next") == 0:
                    time.sleep(_RETRY_S)
            else:
                self.window.wait(_LOOK_S)
