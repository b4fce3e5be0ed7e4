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
        self.session = SimpleNamespace(transport=SimpleNamespace(now_ms=lambda: self.ms))  # type: ignore[assignment]

    def health(self) -> SimpleNamespace:  # type: ignore[override]
        self.ms += ANSWER_MS
        return SimpleNamespace(uptime_ms=int((self.ms - self._late(self.ms)) * (1 + self._ppm / 1e6)))


def drift(ppm: float, late: Callable[[float], float] = lambda _: 0.0) -> float | None:
    at = Scanner(ppm, late)
    clock = Clock(at)
    for _ in range(LOOKS):
        at.ms += LOOK_MS
        clock.look()
    at.ms += LOOK_MS
    return clock.measured().value


@pytest.mark.parametrize("ppm", [-900.0, 900.0])
def test_a_clock_that_is_wrong_is_told(ppm: float) -> None:
    assert drift(ppm) == pytest.approx(ppm, abs=200)


@pytest.mark.parametrize("begin", [True, False])
def test_a_computer_that_stands_still_at_one_end_makes_no_clock_wrong(*, begin: bool) -> None:
    assert drift(0.0, lambda ms: 6.0 if (ms < 1100.0) == begin and (begin or ms > 11_000.0) else 0.0) == 0.0


def test_a_clock_that_no_scanner_can_have_is_not_measured() -> None:
    assert drift(9000.0) is None
