"""What a sweep shows of dirt: streaks on the document, and not the lid beside one that has slid."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from stillscan.recordings.light import light_row

_WIDTH, _PITCH_MM = 1476, 0.085
_HEAD = 6  # figures of a row before its streaks


def streaks(*dark: tuple[int, int]) -> list[object]:
    """Of a sweep over paper, of which these columns are dark."""
    picture = np.full((130, _WIDTH), 225, np.uint8)
    for first, end in dark:
        picture[:, first:end] = 25
    band = SimpleNamespace(header=SimpleNamespace(lines=130, sweep=1), pixels=picture)
    row = light_row([band], _PITCH_MM)  # type: ignore[list-item]
    assert row is not None
    return list(row[_HEAD:])


def test_a_streak_is_told_with_place_width_and_loss() -> None:
    assert streaks((500, 510)) == [42.9, 0.85, 0.89]


@pytest.mark.parametrize("beside", [(0, 1), (0, 12), (_WIDTH - 9, _WIDTH)])
def test_the_lid_beside_a_document_is_no_streak(beside: tuple[int, int]) -> None:
    assert streaks(beside) == []
    assert streaks(beside, (500, 510)) == [42.9, 0.85, 0.89]


def test_a_streak_near_the_end_is_one() -> None:
    assert len(streaks((1, 4))) == 3
