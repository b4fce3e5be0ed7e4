"""Steps that the scanner measures, carried out: numbers beside their limits, and the curves of a report."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import NamedTuple

import numpy as np

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.technician import measuring
from stillscan.technician.at_scanner import HOME, AtScanner
from stillscan.technician.calibrating import calibrate
from stillscan.technician.card.scanning import read_card
from stillscan.technician.dirt import HURTS, dirt_map, verdict
from stillscan.technician.hands import Hands
from stillscan.technician.limits import Judged, judge
from stillscan.technician.looking import look
from stillscan.technician.measuring import Measured
from stillscan.technician.procedures.table import Step
from stillscan.technician.sliding import flow_scale

_CURVE_LINES = 16  # averaged, of each lamp; half a lamp's settling is left out
_CURVE_POINTS = 123  # of a curve: every millimetre of the line
_LAMPS = (("dark", 0), ("white lamp", 1), ("near infrared", 2))  # MEASURE.lamp
_SHOWN_MS = 1500  # a beep that a person judges
_COLOURS = 5  # the ring shows dark, red, green, blue, white by MEASURE.count


class Came(NamedTuple):
    """``wrong``: why it is not as it has to be, beyond the values; ``curves`` by name."""

    values: list[Judged]
    wrong: str | None = None
    curves: dict[str, list[float]] = {}  # noqa: RUF012 - never changed


class Bench:
    """The scanner at the end of its cable: taken when a step needs it, let go of when one needs it apart.

    ``hands`` of the session that is open. What was measured for one step serves the next ones, until something changes:
    ``measured``, which is kept in place.
    """

    def __init__(
        self,
        connect: Callable[[], AbstractContextManager[AtScanner]],
        hands: Callable[[AtScanner], Hands],
        say: Callable[[str], None],
        trips: int = measuring.TRIPS,
        measured: dict[str, list[Measured]] | None = None,
    ) -> None:
        self._connect, self._make_hands, self._say, self._trips = connect, hands, say, trips
        self._open = ExitStack()
        self._at: AtScanner | None = None
        self._hands: Hands | None = None
        self._measured = {} if measured is None else measured
        self.curves: dict[str, list[float]] = {}

    def at(self) -> AtScanner:
        """The scanner. DeviceError: it cannot be had."""
        if self._at is None:
            self._at = self._open.enter_context(self._connect())
        return self._at

    def let_go(self) -> None:
        """Its port is free afterwards, and nothing of what was measured counts any more."""
        self._at = self._hands = None
        self._measured.clear()
        self._open.close()

    def hands(self) -> Hands:
        """Who lays things on its glass."""
        if self._hands is None:
            self._hands = self._make_hands(self.at())
        return self._hands

    @property
    def board(self) -> str:
        """The board's name, or that of none."""
        hello = self._at.session.hello if self._at is not None else None
        return hello.board_name if hello is not None else ""

    def forget(self, step: Step) -> None:
        """The step is to be measured anew."""
        self._measured.pop(step.test or step.by, None)

    def carry_out(self, step: Step) -> Came:
        """What the step's measurement comes to; trouble with the scanner is why it failed, and ends the session."""
        try:
            return self._kinds[step.by](self, step)
        except DeviceError as error:
            self.let_go()
            return Came([], f"not measured: {error}")

    def _test(self, step: Step) -> Came:
        group = step.test or ""
        if group not in self._measured:
            at = self.at()
            self._measured[group] = measuring.everything(at, self._telling, self._trips, {group})
            self.curves = light_curves(at) if group == "light" else {}
        else:
            self.curves = {}
        return Came(self._of(step, group), curves=self.curves)

    def _telling(self, what: str) -> None:
        self._say(f"measuring: {what} ...")

    def _of(self, step: Step, group: str) -> list[Judged]:
        """The step's own values among what was measured, and whatever did not answer."""
        judged = judge(self._measured[group], self.board)
        return [one for one in judged if f"{one.part}/{one.measurement}" in step.values or one.low is one.high]

    def _clean(self, step: Step) -> Came:
        found = dirt_map(look(self.at()))
        hurting = sum(piece.hurts >= HURTS for piece in found.pieces)
        word = verdict(found.pieces)
        before = step.id == "look-before"  # how it is: that is no failure
        most = None if before else 0.0
        value = Judged("glass", "pieces that hurt reading", float(hurting), "", None, most, before or not hurting, None)
        return Came([value], None if before or word == "clean" else word)

    def _calibrate(self, step: Step) -> Came:
        told = calibrate(self.at(), int(time.time()))
        self._measured.clear()  # all light is another now
        specks = [len(one) for one in (told["strip"], told["sensor"]) if isinstance(one, list)]
        values = [
            Judged("line_sensor", name, float(count), "", None, None, True, None)
            for name, count in zip(("specks on the strip", "specks on the sensor"), specks, strict=False)
        ]
        advice = told["advice"]
        return Came(values, advice if isinstance(advice, str) and advice.startswith("wipe the sensor") else None)

    def _slide(self, step: Step) -> Came:
        if "slide" not in self._measured:
            hands = self.hands()
            self._measured["slide"] = [flow_scale(self.at(), hands.lay, hands.slide, hands.take, hands.slide_ms)]
            self._settle()
        return Came(self._of(step, "slide"))

    def _card(self, step: Step) -> Came:
        if "card" not in self._measured:
            hands = self.hands()
            scan = read_card(self.at(), hands.lay_card, hands.take)
            self._settle()
            if scan.wrong is not None:
                return Came([], scan.wrong)
            self._measured["card"] = scan.measured
        return Came(self._of(step, "card"))

    def _settle(self) -> None:
        """Until nothing lies on the glass any more."""
        settle(self.at())

    def _ring(self, step: Step) -> Came:
        at = self.at()
        with at.service():
            for colour in range(1, _COLOURS):
                at.measure(wire.RING, colour)
                at.watch(50, lambda _: None)  # a second of live samples: so long it is seen
        return Came([])

    def _beeper(self, step: Step) -> Came:
        at = self.at()
        with at.service():
            at.measure(wire.BEEPER, _SHOWN_MS, level=50)
        return Came([])

    _kinds = {  # noqa: RUF012 - never changed
        "test": _test, "clean": _clean, "calibrate": _calibrate, "slide": _slide, "card": _card, "ring": _ring,
        "beeper": _beeper,
    }  # fmt: skip


def settle(at: AtScanner) -> None:
    """Wait until the document was taken away. DeviceError: it lies there still after half a minute."""
    if at.state not in (wire.EMPTY, wire.FAULT) and not at.emptied():
        raise DeviceError(f"{at.session.transport.name}: something lies on the glass still: take it away")


def light_curves(at: AtScanner) -> dict[str, list[float]]:
    """The line as each lamp lights the white strip, and in the dark: levels in LSB, a point every millimetre."""
    found = {}
    with at.service():
        for name, lamp in _LAMPS:
            _, samples = at.lines(2 * _CURVE_LINES, HOME, lamp)
            line = samples[_CURVE_LINES:].mean(axis=0)
            found[name] = [round(float(part.mean()), 1) for part in np.array_split(line, _CURVE_POINTS)]
    return found
