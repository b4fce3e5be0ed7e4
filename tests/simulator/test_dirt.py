from __future__ import annotations

import numpy as np
import pytest

from stillscan.errors import InputError
from stillscan.simulator.dirt import PROFILES, Dirt
from stillscan.simulator.glass import LINE_PX


def _columns(name: str, seed: int) -> tuple[int, float]:
    """How many columns are dirty, and the least transmission."""
    line = Dirt.profile(name, seed).column_transmission
    return int((line < 1).sum()), float(line.min())


def _blot(name: str, seed: int) -> float:
    """Least transmission of the glass, anywhere in the zone."""
    dirt = Dirt.profile(name, seed)
    return min(float(dirt.glass_transmission(y).min()) for y in np.arange(0, 23.2, 0.2))


@pytest.mark.parametrize("seed", range(8))
def test_profiles_are_what_they_say(seed: int) -> None:
    assert _columns("clean", seed) == (0, 1.0)
    assert _blot("clean", seed) == 1.0
    count, least = _columns("dust", seed)
    assert 6 <= count <= 30
    assert 0.16 <= least <= 0.8  # two specks may overlap
    count, least = _columns("streak", seed)
    assert 3 <= count <= 12
    assert least <= 0.2
    assert _columns("smear", seed) == (0, 1.0)
    assert 0.38 <= _blot("smear", seed) <= 0.72
    assert _columns("dirty", seed)[1] <= 0.2
    assert _blot("dirty", seed) < 0.75


def test_a_blot_stays_at_its_place() -> None:
    dirt = Dirt.profile("smear", 1)
    assert dirt.glass_transmission(dirt.blot_y_mm).min() < 0.75
    assert dirt.glass_transmission(dirt.blot_y_mm + 20).min() > 0.99
    assert dirt.glass_transmission(3.0).shape == (LINE_PX,)


@pytest.mark.parametrize("name", PROFILES)
def test_seed_decides(name: str) -> None:
    first, again = Dirt.profile(name, 3), Dirt.profile(name, 3)
    assert np.array_equal(first.column_transmission, again.column_transmission)
    assert np.array_equal(first.glass_transmission(10.0), again.glass_transmission(10.0))


def test_unknown_profile_lists_the_names() -> None:
    with pytest.raises(InputError, match="clean, dust, streak"):
        Dirt.profile("mud", 1)
    with pytest.raises(InputError, match="seed"):
        Dirt.profile("dust", -1)
