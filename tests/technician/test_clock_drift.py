"""A scanner's clock beside this computer's: one that is wrong is told, and a busy computer makes none wrong."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.measuring import Clock

ANSWER_MS = 0.4
LOOK_MS = 1500.0
LOOKS = 6


class Scanner(AtScanner):
    """Its clock is ``ppm`` fast, and what it tells at a moment is ``late`` ms old."""

    def __init__(self, ppm: float, late: Callable[[float], float]) -> None:
        self.ms = 1000.0
        self._ppm, self._late = ppm, late
        self.session = SimpleNamespace(transport=SimpleNamespace(now_ms=self.now_ms))  # type: ignore[assignment]
        self.goes_on_ms = 0.0

    def now_ms(self) -> float:
        self.ms += self.goes_on_ms
        return self.ms

    def health(self) -> SimpleNamespace:  # type: ignore[override]
        self.ms += ANSWER_MS
        return SimpleNamespace(uptime_ms=int((self.ms - self._late(self.ms)) * (1 + self._ppm / 1e6)))


def drift(
    ppm: float,
    late: Callable[[float], float] = lambda _: 0.0,
    pressed: Callable[[], float] = lambda: 0.0,
    *,
    goes_on: bool = False,
) -> float | None:
    at = Scanner(ppm, late)
    at.goes_on_ms = 0.001 * goes_on
    clock = Clock(at, pressed)
    for _ in range(LOOKS):
        at.ms += LOOK_MS
        clock.look()
    at.ms += LOOK_MS
    return clock.measured().value


@pytest.mark.parametrize("ppm", [-900.0, 900.0])
def test_a_clock_that_is_wrong_is_told(ppm: float) -> None:
    told = drift(ppm)
    assert told is not None
    assert 0.6 < told / ppm <= 1.0, "at the least"


@pytest.mark.parametrize(
    "late",
    [
        lambda ms: 6.0 if ms < 1100.0 else 0.0,
        lambda ms: 6.0 if ms > 11_000.0 else 0.0,
        lambda ms: 6.0 if 4000.0 < ms < 7000.0 else 0.0,
        lambda ms: max(0.0, 12.0 - ms / 300.0),
    ],
    ids=["at the begin", "at the end", "in the middle", "and makes up for it"],
)
def test_a_computer_that_stands_still_makes_no_clock_wrong(late: Callable[[float], float]) -> None:
    assert drift(0.0, late) == 0.0


@pytest.mark.parametrize(("share", "judged"), [(0.1, True), (0.4, False)])
def test_a_computer_with_too_much_to_do_judges_no_clock(*, share: float, judged: bool) -> None:
    pressed = iter((2.0, 2.0 + share * (LOOKS + 1) * LOOK_MS / 1000))
    assert (drift(900.0, pressed=lambda: next(pressed), goes_on=True) is not None) == judged


def test_a_simulators_virtual_clock_is_judged_whatever_the_computer_does() -> None:
    pressed = iter((2.0, 60.0))
    assert drift(900.0, pressed=lambda: next(pressed)) is not None


def test_a_clock_that_no_scanner_can_have_is_not_measured() -> None:
    assert drift(9000.0) is None
