"""What a scanner's looks at its sensors tell of the hand, and the flow sensor that says the same once more."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk import wire
from stillscan.recordings.file import Recording
from stillscan.testing.looks import AWAY_MM, Told, movement
from stillscan.testing.seen import LookSeen, seen

SCALE = 2000  # counts/dm


def look(at_ms: float, dx: int = 0, dy: int = 0, squal: int = 105, **more: bool) -> LookSeen:
    return LookSeen(at_ms, dx, dy, squal, **more)


def test_the_document_lies_where_its_counts_led_it_and_is_gone_when_it_is() -> None:
    hand = movement([look(0), look(8, 4, -2), look(16, 2, 0), look(30)], SCALE, 100.0, np.inf)
    assert hand.pose(20_000)[:2] == pytest.approx((6 / 20, -2 / 20))
    assert hand.pose(99_000)[2] == 0.0
    assert hand.pose(101_000)[2] == AWAY_MM


def test_what_a_broken_sensor_counts_is_no_movement() -> None:
    hand = movement([look(0), look(8, 4), look(16, 100)], SCALE, np.inf, 10.0)
    assert hand.pose(50_000)[0] == pytest.approx(4 / 20)


def test_a_document_that_was_lifted_lies_as_at_first_and_one_bad_picture_changes_nothing() -> None:
    bad = {"squal": 17, "good": False}
    once = movement([look(0), look(8, 4), look(16, **bad), look(24)], SCALE, np.inf, np.inf)  # type: ignore[arg-type]
    twice = movement([look(0), look(8, 4), look(16, **bad), look(24, **bad), look(99)], SCALE, np.inf, np.inf)  # type: ignore[arg-type]
    assert once.pose(50_000)[0] == pytest.approx(4 / 20)
    assert twice.pose(110_000)[0] == 0.0
    assert twice.pose(24_000)[2] > 2.0


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.floats(0.5, 40), st.integers(-300, 300), st.integers(-300, 300)), min_size=1, max_size=30),
    st.lists(st.integers(1, 20_000), min_size=1, max_size=60),
)
def test_whenever_it_is_asked_the_sensor_has_told_the_same_counts(
    steps: list[tuple[float, int, int]], asked_after_us: list[int]
) -> None:
    at_ms, looks = 0.0, [look(0)]
    for after_ms, dx, dy in steps:
        at_ms += after_ms
        looks.append(look(at_ms, dx, dy))
    told = Told(looks, lambda now_us: True)
    told.start(5000.0)
    now_us, total = 5000, [0, 0]
    for after_us in [*asked_after_us, 2_000_000]:
        now_us += after_us
        burst = told(now_us)
        total = [
            sum_ + int.from_bytes(burst[at : at + 2], "little", signed=True)
            for sum_, at in zip(total, (2, 4), strict=True)
        ]
    assert total == [sum(look.dx for look in looks), sum(look.dy for look in looks)]


def test_before_anything_lies_there_it_sees_the_lid() -> None:
    told = Told([look(0, squal=90)], lambda now_us: now_us > 10)
    assert (told(5)[6], told(20)[6]) == (19, 90)


def test_bands_and_samples_are_one_row_of_looks() -> None:
    placed, begin = ["<state", wire.PLACED, 0, 0, 0, 0, 1000], ["<sweep_begin", 1, 1, 48, 273, 1100, 3]

    def sample(t_us: int, dx: int) -> list[object]:
        return ["<sample", t_us, dx, 0, 105, 1, 0, 0, 1000, 1]

    def band(number: int, t_us: int, dx_um: int) -> list[object]:
        return ["<band", 1, number, 48 + number, 1, 8, t_us, dx_um, 0, 104, 1, 1476, 227]

    rows = [placed, sample(1_000_500, 0), sample(1_050_000, 2), begin, band(0, 1_170_000, 100), band(1, 1_173_000, 200)]
    found = seen(Recording("visit", "0.3.0", "?", [(float(at), row) for at, row in enumerate(rows)]))
    assert [(round(one.at_ms, 1), one.dx) for one in found.looks] == [(0.5, 0), (50.0, 2), (170.0, 0), (173.0, 2)]
