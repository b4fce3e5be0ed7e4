"""A computer that slept, a program that was held, a clock that was set: each is a line of the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from stillscan.terminal import standstill
from stillscan.terminal.standstill import Clocks, Scheduled, Standstill

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


def shared(caplog: pytest.LogCaptureFixture, *minutes: Scheduled, seconds: float = 60.0) -> list[str]:
    """What is said while each thread's account goes on like that from minute to minute."""
    clocks = iter(Clocks(1_800_000_000.0 + n, 50.0 + n, 60.0 + n) for n in (at * seconds / 15 for at in range(999)))
    accounts = iter(minutes)
    watching = Standstill(lambda: next(clocks), lambda: next(accounts))
    with caplog.at_level(logging.WARNING):
        for _ in range(15 * (len(minutes) - 1) + 2):
            watching.turn()
    return [record.getMessage() for record in caplog.records if "other programs" in record.getMessage()]


def test_a_program_that_others_leave_a_tenth_of_the_time_that_it_needs(caplog: pytest.LogCaptureFixture) -> None:
    began: Scheduled = {"1": (100.0, 9.0), "2": (3.0, 1.0)}
    (line,) = shared(caplog, began, {"1": (102.0, 29.0), "2": (4.0, 12.0)})
    assert line == "other programs have the computer: in 60 s this one waited 31 s to run, and ran 3 s"


@pytest.mark.parametrize(
    "later",
    [
        {"1": (100.4, 12.0), "2": (3.0, 1.0)},  # little, beside little that it needed
        {"1": (140.0, 60.0), "2": (3.0, 1.0)},  # shared with another one
        {"2": (3.1, 1.4)},  # a thread that has ended takes its account along
        {},  # a system that does not tell
    ],
)
def test_a_program_that_gets_its_share_says_nothing(later: Scheduled, caplog: pytest.LogCaptureFixture) -> None:
    assert shared(caplog, {"1": (100.0, 9.0), "2": (3.0, 1.0)}, later) == []


def test_a_thread_that_is_new_counts_from_its_beginning(caplog: pytest.LogCaptureFixture) -> None:
    assert len(shared(caplog, {"1": (5.0, 5.0)}, {"1": (5.0, 5.0), "9": (1.0, 40.0)})) == 1


def test_it_is_said_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    accounts: list[Scheduled] = [{"1": (1.0 * n, 20.0 * n)} for n in range(4)]
    assert len(shared(caplog, *accounts)) == 3


def test_how_long_programs_waited_is_told_where_it_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "cpu"
    monkeypatch.setattr(standstill, "_PRESSURE", told)
    assert standstill.pressed_s() == 0.0
    told.write_text("some avg10=1.00 avg60=1.00 avg300=1.00 total=2500000\nfull avg10=0.00 total=0\n")
    assert standstill.pressed_s() == 2.5
