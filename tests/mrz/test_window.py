"""What is cut out around a row of text, at 300 dpi."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from stillscan.mrz import window
from stillscan.mrz.lines import PITCH_PX
from stillscan.mrz.spot import Bar

SCALE = 3.0


def _fine() -> NDArray[np.uint8]:
    """A large picture, 3 times as fine as 300 dpi, (1800, 3600)."""
    rng = np.random.default_rng(17)
    coarse = rng.integers(0, 255, (300, 600), np.uint8)
    return np.asarray(cv2.resize(coarse, (3600, 1800), interpolation=cv2.INTER_CUBIC), np.uint8)


def _bar(turned_deg: float) -> Bar:
    along = np.array([np.cos(np.radians(turned_deg)), np.sin(np.radians(turned_deg))])
    middle = np.array([1800.0, 900.0])
    return Bar(middle - along * 800, middle + along * 800, 29 * SCALE, PITCH_PX * SCALE)


@pytest.mark.parametrize("turned_deg", [0.0, 7.0, 90.0, 180.0, 214.0])
def test_a_window_shows_what_the_picture_has_there(turned_deg: float) -> None:
    """Points of the window lie in the picture where it says that they do."""
    grey = _fine()
    seen = window.around(grey, _bar(turned_deg))
    rows, columns = seen.grey.shape
    points = np.stack(np.meshgrid(np.arange(30, columns - 30, 17), np.arange(30, rows - 30, 17)), axis=-1)
    smooth = cv2.blur(grey, (3, 3))
    there = np.rint(seen.in_picture(points.astype(float))).astype(int)
    inside = ((there > 8) & (there < np.array(grey.shape[::-1]) - 8)).all(axis=-1)
    wanted = smooth[there[inside][:, 1], there[inside][:, 0]].astype(int)
    got = cv2.blur(seen.grey, (1, 1))[points[inside][:, 1], points[inside][:, 0]].astype(int)
    assert inside.sum() > 500
    assert np.abs(wanted - got).mean() < 0.25 * wanted.std()


def test_no_more_of_a_large_picture_is_made_coarser_than_the_window_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of 15 megapixels cost 60 to 90 ms for each row of text that was looked at."""
    resized: list[int] = []
    resize = cv2.resize

    def watched(picture: NDArray[np.uint8], *arguments: Any, **options: Any) -> NDArray[np.uint8]:
        resized.append(picture.size)
        return np.asarray(resize(picture, *arguments, **options), np.uint8)

    grey = np.full((4000, 4000), 200, np.uint8)
    alone = window.around(grey[1500:3300], _bar(0)).grey
    monkeypatch.setattr(cv2, "resize", watched)
    bar, down = _bar(0), np.array([0.0, 1500.0])
    lower = Bar(bar.left + down, bar.right + down, bar.height_px, bar.pitch_px)
    assert np.array_equal(window.around(grey, lower).grey, alone)
    assert 0 < max(resized, default=0) < 0.5 * grey.size


def test_a_window_at_the_edge_goes_on_as_the_picture_ends() -> None:
    grey = np.full((400, 3000), 90, np.uint8)
    seen = window.around(grey, Bar(np.array([200.0, 390.0]), np.array([2800.0, 395.0]), 87.0, 90.0))
    assert set(np.unique(seen.grey).tolist()) == {90}
