"""The generator of training lines: repeatable, labelled where the ink is, and apart from the development set."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("cv2", reason="the generator needs the packages of the extra 'train'")

from training import dataset, degrade, glyphs, skeletons, text

from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.formats import format_of
from stillscan.mrz.parse import parse
from tests.covering import examples


@pytest.fixture(scope="module")
def cuts() -> list[np.ndarray]:
    """Three cuts of all characters."""
    return glyphs.bank([], 3, seed=5)


@pytest.mark.slow
def test_the_same_seed_and_index_give_the_same_line(cuts: list[np.ndarray]) -> None:
    once, again = dataset.sample(cuts, 3, 11), dataset.sample(cuts, 3, 11)
    assert np.array_equal(once.pixels, again.pixels)
    assert np.array_equal(once.centres_px, again.centres_px)
    assert not np.array_equal(once.pixels, dataset.sample(cuts, 3, 12).pixels)


@pytest.mark.slow
def test_a_line_has_the_shape_that_the_network_takes(cuts: list[np.ndarray]) -> None:
    one = dataset.sample(cuts, 1, 0)
    assert one.pixels.shape == (48, 1476)
    assert one.pixels.dtype == np.uint8
    assert one.centres_px.shape == one.classes.shape == (44,)
    assert one.classes.max() < len(ALPHABET)


def test_labels_stand_where_the_ink_is(cuts: list[np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    """On undamaged lines the ink around each centre balances at the centre, and half-way between there is little."""
    monkeypatch.setattr(dataset, "severity_of", lambda _rng, hard: 0.0)
    monkeypatch.setattr(
        degrade, "photograph", lambda distance, *_rest, broad: np.where(distance < 0, 0, 255).astype(np.uint8)
    )
    offsets = []
    for index in range(12):
        one = dataset.sample(cuts, 2, index)
        for centre, kind in zip(one.centres_px, one.classes, strict=True):
            if kind >= 0 and ALPHABET[kind] in "0OHIMTUVWXY8":
                left = round(float(centre)) - 13
                ink = (one.pixels[8:40, left : left + 27] == 0).sum(axis=0)
                offsets.append(float(ink @ np.arange(left, left + 27)) / max(1, int(ink.sum())) - float(centre))
    assert len(offsets) > 50
    assert abs(np.median(offsets)) < 1.0
    assert np.percentile(np.abs(offsets), 90) < 2.5


@pytest.mark.slow
def test_every_character_can_be_drawn_and_looks_like_no_other() -> None:
    drawn = glyphs.drawn_cut(np.random.default_rng(1)) < 0
    assert set(skeletons.DRAWINGS) == set(ALPHABET)
    assert (drawn.sum(axis=(1, 2)) > 60).all()
    for first in range(37):
        for second in range(first):
            assert (drawn[first] ^ drawn[second]).sum() > 15


@settings(deadline=None, max_examples=examples(40), derandomize=True)
@given(st.integers(0, 2**32))
def test_texts_are_valid_mrzs(seed: int) -> None:
    lines = text.mrz(np.random.default_rng(seed))
    assert format_of(lines).name == parse(lines).format
    assert parse(lines).valid


@pytest.mark.slow
def test_all_formats_and_characters_occur() -> None:
    rng = np.random.default_rng(4)
    assert {format_of(text.mrz(rng)).name for _ in range(80)} == {"TD1", "TD2", "TD3", "MRV-A", "MRV-B"}
    seen = "".join(text.line(rng) for _ in range(300))
    assert min(seen.count(character) for character in ALPHABET) > 60


@settings(deadline=None, max_examples=examples(25), derandomize=True)
@given(st.integers(0, 2**32), st.floats(0, 1), st.booleans())
def test_damage_gives_a_grey_picture_of_the_same_size(seed: int, severity: float, broad: bool) -> None:
    rng = np.random.default_rng(seed)
    far = np.full((48, 300), glyphs.FAR_PX, np.float32)
    picture = degrade.photograph(far, 60, 240, severity, rng, broad=broad)
    assert picture.shape == far.shape
    assert picture.dtype == np.uint8
