"""A reading that did not last until the last answer of its visit leaves a line in the log."""

from __future__ import annotations

import logging

import pytest
from books import NORWEGIAN, TRACKING, MemoryBook

from stillscan.counter.held_reading import MOST_S, TAKEN_S
from stillscan.counter.visit import Visit


@pytest.mark.parametrize(("taken", "seconds", "why"), [(True, TAKEN_S, "taken"), (False, MOST_S, "old")])
def test_a_reading_that_is_over_before_its_visit_is_noted(
    taken: bool, seconds: float, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    now_s = 1000.0
    visit = Visit(MemoryBook(), "Moss", test_mode=True, clock=lambda: now_s)
    with caplog.at_level(logging.INFO, "stillscan.counter.visit"):
        for numbered in (False, True):
            if numbered:
                visit.enter(TRACKING, visit.turn)
            visit.take(NORWEGIAN)
            if taken:
                visit.glass_left()
            now_s += seconds
            assert visit.expire()
            assert visit.ended == why
            assert len(caplog.messages) == numbered, "before a number is entered nobody waits for anything"
    assert caplog.messages == [f"a reading was over before its visit: {why}"]
