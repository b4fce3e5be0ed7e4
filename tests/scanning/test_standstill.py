"""A computer that slept, a program that was held, a clock that was set: each is a line of the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from stillscan.terminal.standstill import Clocks, Standstill

STEP = Clocks(1.0, 1.0, 1.0)


def said(caplog: pytest.LogCaptureFixture, *steps: Clocks) -> list[str]:
    def clocks() -> Iterator[Clocks]:
        at = Clocks(1_800_000_000.0, 50.0, 60.0)
        yield at
        for step in steps:
            at = Clocks(*(one + more for one, more in zip(at, step, strict=True)))
            yield at

    shown = clocks()
    watching = Standstill(lambda: next(shown))
    with caplog.at_level(logging.WARNING):
        for _ in range(len(steps) + 1):
            watching.turn()
    return [record.getMessage() for record in caplog.records]


def test_a_work_that_goes_on_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert said(caplog, STEP, Clocks(4.9, 4.9, 4.9), Clocks(2.0, 1.0, 1.0), STEP) == []


def test_a_computer_that_slept(caplog: pytest.LogCaptureFixture) -> None:
    assert said(caplog, STEP, Clocks(901.0, 1.0, 901.0), STEP) == ["the computer slept for 900 s"]


def test_more_than_a_day_has_no_more_digits_than_a_bundle_takes(caplog: pytest.LogCaptureFixture) -> None:
    assert said(caplog, Clocks(300_000.0, 1.0, 300_000.0)) == ["the computer slept for 99999 s"]


def test_a_program_that_was_held(caplog: pytest.LogCaptureFixture) -> None:
    assert said(caplog, Clocks(9.0, 9.0, 9.0), STEP) == ["the program was held for 9 s"]


def test_a_computer_that_has_no_time(caplog: pytest.LogCaptureFixture) -> None:
    assert said(caplog, Clocks(9.0, 9.0, 9.0, 8.0), STEP) == ["the computer had no time for the program for 9 s"]


@pytest.mark.parametrize(("by", "way"), [(7200.0, "ahead"), (-7200.0, "back")])
def test_a_clock_that_was_set(by: float, way: str, caplog: pytest.LogCaptureFixture) -> None:
    assert said(caplog, Clocks(1.0 + by, 1.0, 1.0)) == [f"the computer's clock was set {way} by 7200 s"]


def test_the_computers_own_clocks_go_on(caplog: pytest.LogCaptureFixture) -> None:
    watching = Standstill()
    with caplog.at_level(logging.WARNING):
        watching.turn()
        watching.turn()
    assert [record for record in caplog.records if "slept" in record.getMessage()] == []
