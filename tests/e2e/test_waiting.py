"""Whoever waits is told what for, without a clock."""

from __future__ import annotations

import threading

from stillscan.terminal.waiting import waited_for


def test_what_takes_long_says_so_ever_more_seldom_and_what_is_quick_says_nothing() -> None:
    told: list[str] = []
    waits: list[float] = []
    enough, done = threading.Event(), 0

    def wait(over: threading.Event, seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) <= 6:
            return False
        enough.set()
        return over.wait()

    def say() -> str:
        nonlocal done
        done += 1
        return f"received: {done} of 40"

    with waited_for(say, told.append, wait):
        enough.wait()
    assert told == [f"received: {number} of 40" for number in range(1, 7)]
    assert waits == [8.0, 16.0, 32.0, 60.0, 60.0, 60.0, 60.0]
    with waited_for("nothing", told.append):
        pass
    assert len(told) == 6
