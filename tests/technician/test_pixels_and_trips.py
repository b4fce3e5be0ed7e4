"""What takes light from single pixels, and what a carriage lacks that comes home: which of the causes is named."""

import numpy as np
import pytest

from stillscan.technician.limits import limits
from stillscan.technician.measuring import Measured, of_pixels, of_trips

_WIDTH = 1476
_PIXELS = ("dead pixels", "dirt on its window", "specks on the white strip")


def shaded(*pieces: tuple[int, int, float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The light at a place of the strip: (first pixel, pixels, the share that passes) of each piece."""
    light = 160.0 * (1.0 - 0.25 * np.linspace(-1.0, 1.0, _WIDTH) ** 2)
    for first, pixels, passes in pieces:
        light[first : first + pixels] *= passes
    return light


def beyond(found: list[Measured]) -> dict[str, float]:
    """What is no sound scanner's."""
    table = limits("")
    there = [(one, table[one.part, one.measurement]) for one in found if one.value is not None]
    return {one.measurement: one.value or 0.0 for one, limit in there if not limit.holds(one.value or 0.0)}


@pytest.mark.parametrize("first", [0, 700, _WIDTH - 4])
@pytest.mark.parametrize(
    ("home", "beside", "cause"),
    [
        ((4, 0.15), (4, 1.0), "specks on the white strip"),
        ((1, 0.0), (1, 1.0), "specks on the white strip"),
        ((2, 1.0), (2, 0.3), "specks on the white strip"),
        ((1, 0.15), (1, 0.15), "dirt on its window"),
        ((4, 0.0), (4, 0.0), "dirt on its window"),
        ((1, 0.0), (1, 0.0), "dead pixels"),
        ((2, 0.02), (2, 0.02), "dead pixels"),
    ],
)
def test_what_takes_light_is_told_by_two_places_of_the_strip(
    first: int, home: tuple[int, float], beside: tuple[int, float], cause: str
) -> None:
    found = beyond(list(of_pixels(shaded((first, *home)), shaded((first, *beside)))))
    assert found == {cause: home[0]}


def test_each_cause_is_counted_where_all_are_there() -> None:
    lasting = [(300, 1, 0.0), (600, 5, 0.15)]
    found = list(of_pixels(shaded(*lasting, (900, 3, 0.15)), shaded(*lasting, (1100, 2, 0.15))))
    assert {one.measurement: one.value for one in found} == dict(zip(_PIXELS, (1.0, 5.0, 5.0), strict=True))


def test_a_clean_strip_has_none_of_them() -> None:
    assert beyond(list(of_pixels(shaded(), 0.97 * shaded()))) == {}
    assert beyond(list(of_pixels(shaded((50, 3, 0.7)), shaded((50, 3, 0.7))))) == {}, "that is made up for"


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_steps_lost_on_each_trip_are_named_however_few(steps: int) -> None:
    assert "steps lost on each trip" in beyond(list(of_trips([steps] * 8)))
    assert "steps lost on each trip" in beyond(list(of_trips([-steps] * 8)))


@pytest.mark.slow
def test_a_switch_that_scatters_within_its_limit_loses_nothing() -> None:
    for seed in range(50):
        edges = np.rint(np.random.default_rng(seed).normal(0.0, 0.7, 9)).astype(int)
        assert "steps lost on each trip" not in beyond(list(of_trips(np.diff(edges).tolist())))
