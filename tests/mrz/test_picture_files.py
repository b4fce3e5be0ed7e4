"""What a file may hold besides 8-bit grey: depths, pages, transparency, negatives, and a file that breaks off."""

import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from mrz_vectors import VALID
from numpy.typing import NDArray
from PIL import Image, ImageOps

from stillscan.mrz import MrzError, read_captures, read_image
from stillscan.mrz.picture import load
from stillscan.mrz.pixels import evened, evened_grey
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


@pytest.mark.parametrize("name", ["NOR", "TD1 long, digit with <", "TD2", "MRV-A", "ZERO"])
@pytest.mark.parametrize("turned", [0, 2])
def test_a_negative_is_named(name: str, turned: int, strip: NDArray[np.uint8], ocr_b: Path) -> None:
    """What lies between light strokes may look like an MRZ, most of all in a line of one character."""
    lines = tuple(VALID[name].split("|"))
    for positive in (strip, printing.page(lines, ocr_b)) if lines == NOR else (printing.page(lines, ocr_b),):
        reading = read_image(255 - np.rot90(positive, turned))
        assert (reading.lines, reading.accepted) == (lines, False)
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


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_ten_bits_a_colour(suffix: str, strip: NDArray[np.uint8], tmp_path: Path) -> None:
    path = tmp_path / f"deep.{suffix}"
    cv2.imwrite(str(path), np.dstack([strip.astype(np.uint16) * 4] * 3))
    reading = read_image(path)
    assert (reading.lines, reading.accepted) == (NOR, True)


@pytest.mark.parametrize("suffix", ["png", "bmp", "ppm"])
def test_any_file_that_breaks_off_is_taken_as_far_as_it_goes(
    suffix: str, strip: NDArray[np.uint8], tmp_path: Path
) -> None:
    path = tmp_path / f"cut.{suffix}"
    Image.fromarray(np.vstack([strip] * 2)).save(path)  # a BMP begins with the lowest row
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 4])
    reading = read_image(path)
    assert reading.lines == NOR
    assert "file-cut-off" in {fault.code for fault in reading.quality}


@pytest.mark.parametrize(
    ("head", "said"),
    [(b"%PDF-1.7\n", "PDF"), (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"), (b"\0\0\0\x18ftypmif1\0\0\0\0", "HEIF")],
)
def test_what_people_take_for_pictures_is_named(head: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(head + bytes(500))
    with pytest.raises(MrzError, match=said):
        read_image(tmp_path / "file")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_as_the_tag_says(orientation: int, tmp_path: Path) -> None:
    """As Pillow's own transposition has it."""
    picture = Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3) * 40)
    tag = Image.Exif()
    tag[274] = orientation
    picture.save(tmp_path / "turned.png", exif=tag)
    (grey, faults), *_ = load(tmp_path / "turned.png")
    with Image.open(tmp_path / "turned.png") as opened:
        right = np.asarray(ImageOps.exif_transpose(opened))
    assert (grey == right).all()
    assert faults == ()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int64, np.float32, np.float64])
def test_arrays_take_memory_for_some_rows_at_a_time(kind: type[np.generic]) -> None:
    array = np.linspace(0, 200, 6144 * 40 * 3).reshape(6144, 40, 3).astype(kind)
    cube = np.zeros((200, 200, 200), kind)
    whole = evened_grey(array[:512])
    tracemalloc.start()
    grey = evened_grey(array)
    needed, start = tracemalloc.get_traced_memory()[1], tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    with pytest.raises(MrzError):
        read_image(cube)  # no picture: it is not reckoned with
    refused = tracemalloc.get_traced_memory()[1] - start
    tracemalloc.stop()
    assert needed < grey.nbytes + 512 * 40 * 3 * 8 * 6
    assert refused < cube.size / 10
    assert grey.shape == (6144, 40)
    assert whole.shape == (512, 40)


@pytest.mark.process
def test_sixty_megapixels_take_bounded_memory(strip: NDArray[np.uint8], tmp_path: Path) -> None:
    """Colours with transparency: 238 MB of pixels alone."""
    page = Image.new("RGBA", (9000, 6600), (225, 225, 225))
    page.paste(Image.fromarray(strip).resize((5904, 1096)).convert("RGBA"), (1500, 3000))
    page.save(tmp_path / "large.png", compress_level=1)
    del page
    command = [sys.executable, "-c", _PEAK, tmp_path / "large.png"]
    lines, megabytes = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert tuple(lines.split("|")) == NOR
    assert float(megabytes) < 600


_PEAK = """
import pathlib, resource, sys
from stillscan.mrz import read_image
lines = read_image(sys.argv[1]).lines
status = pathlib.Path("/proc/self/status")  # what resource tells on Linux holds the process that started this one
if status.exists():
    most = float(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
else:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print("|".join(lines), most)
"""
