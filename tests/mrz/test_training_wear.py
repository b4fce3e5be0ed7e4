"""Wear by its causes in training, the third set that training never sees, and learning on from exported weights."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cv2", reason="the generator needs the packages of the extra 'train'")

from numpy.typing import NDArray
from training import causes, devset, evaluate, physical

from stillscan.errors import InputError
from stillscan.simulator.printing import find_font

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def font() -> Path:
    try:
        return find_font()
    except InputError as error:
        pytest.skip(str(error))


def test_a_strip_of_the_third_set_repeats_and_another_capture_shows_the_same_document(font: Path) -> None:
    once, again, later = physical.strip(font, 3, 4), physical.strip(font, 3, 4), physical.strip(font, 3, 4, capture=1)
    assert np.array_equal(once.pixels, again.pixels)
    assert once.pixels.shape == devset.STRIP_SHAPE
    assert once.pixels.dtype == np.uint8
    assert later.lines == once.lines
    assert not np.array_equal(later.pixels, once.pixels)
    alike = np.corrcoef(once.pixels[::4, ::4].ravel(), later.pixels[::4, ::4].ravel())[0, 1]
    other = np.corrcoef(once.pixels[::4, ::4].ravel(), physical.strip(font, 3, 5).pixels[::4, ::4].ravel())[0, 1]
    assert alike > other + 0.2


def _clear(pixels: NDArray[np.uint8]) -> float:
    """How much more happens from column to column in the rows of print than between them."""
    steps = np.abs(np.diff(pixels.astype(float), axis=1))
    return float(steps[78:98].mean() / steps[116:134].mean())


def test_levels_of_the_third_set_get_worse(font: Path) -> None:
    clear = [np.median([_clear(physical.strip(font, level, seed).pixels) for seed in range(3)]) for level in (0, 3, 5)]
    assert clear[0] > clear[1] > clear[2]


@pytest.mark.parametrize("cause", dict.fromkeys(physical.CAUSES), ids=lambda cause: cause.__name__)
def test_each_cause_of_the_third_set_leaves_a_possible_document(cause: object, font: Path) -> None:
    assert callable(cause)
    new = physical.worn(("<" * 44, "0" * 44), font, physical.LEVELS[0], 0.0, np.random.default_rng(1))
    page = physical.worn(("<" * 44, "0" * 44), font, physical.LEVELS[0], 0.0, np.random.default_rng(1))
    cause(page, 1.0, np.random.default_rng(2))
    fields = ("film", "stain", "white", "shine", "lift")
    assert any(not np.array_equal(getattr(new, name), getattr(page, name)) for name in fields)
    assert all(np.isfinite(getattr(page, name)).all() for name in fields)
    assert page.film.min() >= -1e-6
    assert page.stain.min() >= 0


def test_the_third_set_is_read_where_it_is_hardly_worn(font: Path) -> None:
    assert evaluate.read(("1", 1), "physical", font, 1).right


def test_causes_of_wear_take_ink_and_lay_light_over_it() -> None:
    cover = np.zeros((48, 300), np.float32)
    cover[10:38, 20:280:6] = 1
    for seed in range(40):
        worn = causes.wear_ink(cover, 1.0, np.random.default_rng(seed))
        assert worn.shape == cover.shape
        assert -1e-3 <= worn.min() <= worn.max() < 1.2
        grey = causes.lay_over(220 * (1 - worn), 1.0, np.random.default_rng(seed))
        assert np.isfinite(grey).all()
        assert -1 <= grey.min() <= grey.max() <= 256
    changed = [
        not np.array_equal(causes.wear_ink(cover, 0.5, np.random.default_rng(seed)), cover) for seed in range(40)
    ]
    assert 10 < sum(changed) < 40
    untouched = [np.array_equal(causes.drift(cover, 0.0, np.random.default_rng(seed)), cover) for seed in range(5)]
    assert all(untouched)


def test_learning_on_begins_with_what_the_exported_network_computes() -> None:
    torch = pytest.importorskip("torch", reason="training needs the packages of the extra 'train'")
    pytest.importorskip("onnx", reason="training needs the packages of the extra 'train'")
    from training import dataset, glyphs, resume
    from training.export import WEIGHTS
    from training.net import QUICK, LineNet

    from stillscan.mrz.net import recognise

    torch.set_num_threads(1)
    cuts = glyphs.bank([], 1, seed=1)
    lines = np.stack([dataset.sample(cuts, 1, index, broad=True).pixels for index in range(2)])
    seen = recognise(lines, "quick")
    net = LineNet(QUICK)
    resume.restore(net, WEIGHTS / "quick.onnx", torch.from_numpy(lines).float()[:, None])
    for training in (True, False):  # as it learns, and as it is exported
        with torch.no_grad():
            scores = net.train(training)(torch.from_numpy(lines).float()[:, None])
        assert np.allclose(torch.sigmoid(scores[:, -1]).numpy(), seen.centres, atol=5e-3)
