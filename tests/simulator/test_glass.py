from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from stillscan.errors import InputError
from stillscan.simulator.glass import LID_REFLECTANCE, LINE_PX, PX_PER_MM, ZONE_ROWS, Page, row_y_mm
from tests.covering import examples

PITCH_MM = 1 / PX_PER_MM


def _picture(rows: int = ZONE_ROWS, columns: int = LINE_PX) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (rows, columns)).astype(np.uint8)


PICTURE = _picture()
PAGE = Page.from_array(PICTURE)


@settings(deadline=None, derandomize=True, max_examples=examples(40))
@given(st.integers(0, ZONE_ROWS - 1))
def test_undisplaced_row_centre_is_the_image_row(row: int) -> None:
    assert np.allclose(PAGE.line(row_y_mm(row)) * 255, PICTURE[row], atol=1e-3)


def test_between_rows_it_interpolates() -> None:
    half = PAGE.line(row_y_mm(10.5)) * 255
    assert np.allclose(half, (PICTURE[10].astype(float) + PICTURE[11]) / 2, atol=1e-3)


def test_a_moved_document_shifts() -> None:
    right = PAGE.line(row_y_mm(100), dx_mm=7 * PITCH_MM) * 255
    assert np.allclose(right[7:], PICTURE[100, :-7], atol=0.01)
    assert np.allclose(right[:7], LID_REFLECTANCE * 255, atol=0.01)
    up = PAGE.line(row_y_mm(100), dy_mm=3 * PITCH_MM) * 255  # moved up: a row further down is seen here
    assert np.allclose(up, PICTURE[103], atol=0.01)
    half = PAGE.line(row_y_mm(100), dx_mm=-0.5 * PITCH_MM) * 255
    assert np.allclose(half[:-1], (PICTURE[100, :-1].astype(float) + PICTURE[100, 1:]) / 2, atol=0.01)


@settings(deadline=None, derandomize=True, max_examples=examples(80))
@given(st.floats(-60, 60), st.floats(-400, 400), st.floats(-400, 400), st.floats(0, 100))
def test_any_pose_gives_a_line_between_black_and_white(y: float, dx: float, dy: float, lift: float) -> None:
    line = PAGE.line(y, dx, dy, lift)
    assert line.shape == (LINE_PX,)
    assert line.dtype == np.float32
    assert line.min() >= 0
    assert line.max() <= 1.0001


def test_outside_the_page_is_the_lid() -> None:
    assert np.allclose(PAGE.line(25.0), LID_REFLECTANCE)
    assert np.allclose(PAGE.line(5.0, dx_mm=300.0), LID_REFLECTANCE)


def test_lift_blurs_both_ways_and_darkens() -> None:
    sharp, near, far = (PAGE.line(row_y_mm(100), lift_mm=lift) for lift in (0.0, 0.25, 2.0))
    assert near.std() > 0.9 * sharp.std()
    assert far.std() < 0.2 * sharp.std()
    assert far.mean() < 0.8 * near.mean() < 0.8 * sharp.mean()
    bar = np.zeros((ZONE_ROWS, LINE_PX), dtype=np.uint8)
    bar[120:] = 255
    edge = Page.from_array(bar)
    assert edge.line(row_y_mm(116), lift_mm=2.0).max() > 0.01 > edge.line(row_y_mm(116)).max()


def test_a_taller_page_has_its_zone_at_the_lower_edge() -> None:
    picture = _picture(400, 1000)
    line = Page.from_array(picture).line(row_y_mm(ZONE_ROWS - 1)) * 255
    assert np.allclose(line[:1000], picture[-1], atol=0.01)
    assert np.allclose(line[1000:], LID_REFLECTANCE * 255, atol=0.01)


def _loaded(path: Path) -> NDArray[np.float32]:
    return Page.load(path).reflectance


@pytest.mark.slow
def test_loading_the_zone_itself_and_pages_by_their_tag(tmp_path: Path) -> None:
    Image.fromarray(PICTURE).save(tmp_path / "zone.png", dpi=(72, 72))
    assert np.allclose(_loaded(tmp_path / "zone.png") * 255, PICTURE, atol=1e-3)
    page = Image.fromarray(_picture(600, 1000))
    for dpi, width in ((600, 500), (300, 1000), (150, 1890), (96, 1000), (1, 1000), (5000, 1000)):
        page.save(tmp_path / "page.png", dpi=(dpi, dpi))
        assert abs(_loaded(tmp_path / "page.png").shape[1] - width) <= 1, dpi


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_mode_gives_the_same_grey(tmp_path: Path, mode: str) -> None:
    grey = Image.new("L", (400, 300), 255)
    grey.paste(0, (100, 0, 200, 300))
    if mode in ("I;16", "I"):
        picture = Image.fromarray((np.asarray(grey, dtype=np.uint16) * 257).astype(np.uint16))
        picture = picture if mode == "I;16" else Image.fromarray(np.asarray(picture).astype(np.int32))
    elif mode == "F":
        picture = Image.fromarray(np.asarray(grey, dtype=np.float32) / 255)
    else:
        picture = grey.convert("RGB").convert(mode)
    path = tmp_path / "page.tif"
    picture.save(path)
    loaded = _loaded(path)
    assert loaded.shape == (300, 400)
    assert loaded[150, 150] < 0.03
    assert loaded[150, 300] > 0.97


def test_transparent_is_white_and_exif_rotation_is_undone(tmp_path: Path) -> None:
    Image.new("RGBA", (100, 100), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert _loaded(tmp_path / "clear.png").min() == 1.0
    picture = Image.new("L", (300, 100), 255)
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.png", exif=exif)
    assert _loaded(tmp_path / "turned.png").shape == (300, 100)


def test_an_animation_counts_by_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("L", (100, 100), shade) for shade in (255, 0)]
    frames[0].save(tmp_path / "two.gif", save_all=True, append_images=frames[1:])
    assert _loaded(tmp_path / "two.gif").min() > 0.99


@pytest.mark.slow
def test_a_big_page_is_cut_to_what_can_be_seen(tmp_path: Path) -> None:
    Image.new("L", (6000, 4000), 200).save(tmp_path / "big.png")
    rows, columns = _loaded(tmp_path / "big.png").shape
    assert rows < 750
    assert columns < 1950


@pytest.mark.slow
def test_unusable_files_are_one_line_each(tmp_path: Path) -> None:
    Image.fromarray(PICTURE).save(tmp_path / "whole.png")
    whole = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "words.png").write_text("not a picture")
    Image.new("L", (49, 300)).save(tmp_path / "small.png")
    Image.new("1", (8000, 7501)).save(tmp_path / "huge.png")
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    wanted = {"cut": "readable", "empty": "readable", "words": "readable", "small": "50 px", "none": "no such file"}
    for name, words in {**wanted, "huge": "60 megapixels", "bomb": "picture"}.items():
        with pytest.raises(InputError) as caught:
            Page.load(tmp_path / f"{name}.png")
        assert words in str(caught.value)
        assert str(caught.value).startswith(f"{name}.png: ")
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError):
        Page.load(tmp_path)


@pytest.mark.slow
@settings(
    deadline=None,
    derandomize=True,
    max_examples=examples(80),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), min_size=1, max_size=12), st.integers(20, 4000))
def test_damaged_files_never_end_in_another_error(tmp_path: Path, hits: list[tuple[int, int]], length: int) -> None:
    path = tmp_path / "page.jpg"
    if not (tmp_path / "good.jpg").exists():
        Image.fromarray(_picture(60, 80)).save(tmp_path / "good.jpg", dpi=(300, 300))
    data = bytearray((tmp_path / "good.jpg").read_bytes()[:length])
    for at, value in hits:
        data[at % len(data)] = value
    path.write_bytes(data)
    try:
        size, complaint = Page.load(path).reflectance.size, ""
    except InputError as error:
        size, complaint = 0, str(error)
    assert (size > 0) != complaint.startswith("page.jpg: ")
    assert "\n" not in complaint


def test_from_array_wants_grey_bytes() -> None:
    with pytest.raises(ValueError, match="uint8"):
        Page.from_array(np.zeros((3, 3, 3), dtype=np.uint8))
