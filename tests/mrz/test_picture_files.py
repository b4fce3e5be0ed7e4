"""What a file may hold besides 8-bit grey: depths, pages, transparency, negatives, and a file that breaks off."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mrz_vectors import VALID
from numpy.typing import NDArray
from PIL import Image

from stillscan.mrz import MrzError, read_captures, read_image
from stillscan.mrz.pixels import evened
from stillscan.simulator import printing

pytestmark = pytest.mark.slow  # reads dozens of pictures

NOR, OTHER = (tuple(VALID[name].split("|")) for name in ("NOR", "PO"))


@pytest.fixture(scope="module")
def strip() -> NDArray[np.uint8]:
    """A clean strip, 274 x 1476."""
    return np.asarray(printing.strip(NOR), np.uint8)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("suffix", ["tif", "png"])
def test_as_many_bits_as_the_values_use(bits: int, suffix: str, strip: NDArray[np.uint8], tmp_path: Path) -> None:
    deep = (strip.astype(np.float64) / 255 * (2**bits - 1)).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / f"deep.{suffix}")
    for source in (tmp_path / f"deep.{suffix}", deep, deep.astype(np.int32)):
        reading = read_image(source)
        assert (reading.lines, reading.accepted) == (NOR, True)


@pytest.mark.parametrize("most", [1.0, 255.0, 1023.0, 65535.0])
def test_floats_of_any_range(most: float, strip: NDArray[np.uint8], tmp_path: Path) -> None:
    floats = (strip / np.float32(255) * np.float32(most)).astype(np.float32)
    Image.fromarray(floats).save(tmp_path / "floats.tif")
    for source in (tmp_path / "floats.tif", floats, floats.astype(np.float64), np.dstack([floats] * 3)):
        reading = read_image(source)
        assert (reading.lines, reading.accepted) == (NOR, True)


@pytest.mark.parametrize(
    "array",
    [
        np.full((3, 4), -7, np.int64),
        np.full((3, 4), 2**40, np.int64),
        np.full((3, 4), np.inf),
        np.full((3, 4), 1e300),
        np.array([[np.nan, 1.0], [0.5, 1.0]]),
        np.zeros((0, 4)),
    ],
    ids=["negative", "huge", "infinite", "beyond", "not a number", "empty"],
)
def test_any_numbers_become_8_bits(array: NDArray[Any]) -> None:
    grey = evened(array)
    assert (grey.dtype, grey.shape) == (np.uint8, array.shape)


@pytest.mark.parametrize("suffix", ["tif", "gif"])
def test_a_further_page_is_read(suffix: str, strip: NDArray[np.uint8], tmp_path: Path) -> None:
    path = tmp_path / f"pages.{suffix}"
    empty = Image.new("L", (1476, 274), 200)
    empty.save(path, save_all=True, append_images=[empty, Image.fromarray(strip)])
    reading = read_image(path)
    assert (reading.lines, reading.accepted) == (NOR, True)
    assert read_captures([path, strip]).lines == NOR


def test_two_documents_in_one_file_are_told(strip: NDArray[np.uint8], tmp_path: Path) -> None:
    other = Image.fromarray(np.asarray(printing.strip(OTHER), np.uint8))
    Image.fromarray(strip).save(tmp_path / "pages.tif", save_all=True, append_images=[other])
    reading = read_image(tmp_path / "pages.tif")
    assert (reading.accepted, reading.reason) == (False, "the pages show two MRZs")
    assert not read_captures([tmp_path / "pages.tif"]).accepted


def test_an_animation_has_an_end(tmp_path: Path) -> None:
    frames = [Image.new("L", (120, 60), value) for value in range(200)]
    frames[0].save(tmp_path / "long.gif", save_all=True, append_images=frames[1:])
    assert read_image(tmp_path / "long.gif").reason == "the picture is blank"


def test_print_on_a_transparent_ground(strip: NDArray[np.uint8], tmp_path: Path) -> None:
    """Black on nothing is laid on white; white on nothing, invisible there, is told to be a negative."""
    for ink, reason in ((0, None), (255, "the picture is a negative: its print is light on dark")):
        picture = np.full((*strip.shape, 4), ink, np.uint8)
        picture[..., 3] = 255 - strip
        Image.fromarray(picture).save(tmp_path / "glass.png")
        reading = read_image(tmp_path / "glass.png")
        assert (reading.lines, reading.accepted, reading.reason) == (NOR, reason is None, reason)


@pytest.mark.parametrize("turned", [0, 2])
def test_a_negative_is_named(turned: int, strip: NDArray[np.uint8], ocr_b: Path) -> None:
    for positive in (strip, printing.page(NOR, ocr_b)):
        reading = read_image(255 - np.rot90(positive, turned))
        assert (reading.lines, reading.accepted) == (NOR, False)
        assert [fault.code for fault in reading.quality] == ["negative"]


@pytest.mark.parametrize("lost", [2, 3, 40])
def test_a_jpeg_that_breaks_off(lost: int, strip: NDArray[np.uint8], tmp_path: Path) -> None:
    Image.fromarray(strip).save(tmp_path / "whole.jpg")
    whole = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[:-lost])
    reading = read_image(tmp_path / "cut.jpg")
    assert reading.lines == NOR
    assert "file-cut-off" in {fault.code for fault in reading.quality}
    (tmp_path / "head.jpg").write_bytes(whole[:300])
    with pytest.raises(MrzError) as told:
        read_image(tmp_path / "head.jpg")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("mode", "suffix"), [("RGB", "png"), ("RGBA", "tif"), ("CMYK", "tif"), ("P", "png"), ("1", "tif")]
)
def test_a_page_at_600_dpi(mode: str, suffix: str, strip: NDArray[np.uint8], tmp_path: Path) -> None:
    """A4: 34.8 megapixels, halved while they are decoded."""
    page = Image.new("L", (4961, 7016), 255)
    page.paste(Image.fromarray(strip).resize((2952, 548)), (500, 6000))
    page.convert(mode).save(tmp_path / f"page.{suffix}", compress_level=1)
    assert read_image(tmp_path / f"page.{suffix}").lines == NOR
