"""Reading strips and pages: clean, damaged, displaced, and things that are no MRZ at all."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from mrz_strips import person, scan
from mrz_vectors import VALID
from numpy.typing import NDArray
from PIL import Image
from training import devset

from stillscan import samples
from stillscan.mrz import MrzError, Reading, evidence, parse, read_image, read_strip
from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.character_grid import grids
from stillscan.mrz.judge import MIN_CONFIDENCE
from stillscan.mrz.net import COLUMN_PX, FIRST, QUICK, Seen, recognise
from stillscan.simulator import printing
from tests.covering import examples, some

pytestmark = pytest.mark.slow  # reads dozens of pictures

SAMPLES = Path(samples.__file__).parent
TRUTH = [row.split("\t") for row in (SAMPLES / "truth.tsv").read_text(encoding="utf-8").splitlines()[1:]]


@pytest.mark.parametrize(("name", "form", "lines"), [row[:3] for row in TRUTH], ids=[row[0] for row in TRUTH])
def test_samples_of_the_package(name: str, form: str, lines: str) -> None:
    reading = read_image(SAMPLES / name)
    assert reading.lines == tuple(lines.split("|"))
    assert (reading.format, reading.valid, reading.accepted, reading.reason) == (form, True, True, None)
    assert reading.checks == parse(lines).checks
    assert MIN_CONFIDENCE <= reading.confidence <= 1
    assert [len(row) for row in reading.characters] == [len(row) for row in reading.lines]


def test_truth_table_is_what_the_samples_are_made_from() -> None:
    assert [(row[0], tuple(row[2].split("|")), row[3]) for row in TRUTH] == [
        (name, *entry) for name, entry in samples.sample_lines().items()
    ]


@pytest.mark.parametrize("name", VALID)
def test_vectors(name: str, ocr_b: Path) -> None:
    lines = tuple(VALID[name].split("|"))
    reading = read_strip(printing.strip(lines, ocr_b))
    assert reading.lines == lines
    assert reading.valid


def test_the_quick_network_settles_what_is_plain_and_nothing_else(monkeypatch: pytest.MonkeyPatch, ocr_b: Path) -> None:
    asked: list[str] = []

    def noted(crops: NDArray[np.uint8], net: str = FIRST) -> Seen:
        asked.append(net)
        return recognise(crops, net)

    monkeypatch.setattr(evidence, "recognise", noted)
    lines = person(3)
    assert read_strip(scan(lines, 0, 3, ocr_b)).lines == lines
    assert asked == [QUICK]
    asked.clear()
    assert not read_strip(devset.strip(ocr_b, 5, 2).pixels).accepted
    assert asked[:2] == [QUICK, FIRST]


def test_one_character_that_is_a_little_doubtful_is_shown_to_the_thorough_network(
    monkeypatch: pytest.MonkeyPatch, ocr_b: Path
) -> None:
    """Though the text as a whole is certain: one may be another that dust has closed."""
    asked: list[str] = []

    def doubtful(crops: NDArray[np.uint8], net: str = FIRST) -> Seen:
        asked.append(net)
        seen = recognise(crops, net)
        if net == QUICK:
            at = int(next(grids(seen.centres)).columns_px[0, 7] / COLUMN_PX)
            seen.log_probabilities[0, at - 1 : at + 3, ALPHABET.index("W")] = np.log(0.0012)
        return seen

    monkeypatch.setattr(evidence, "recognise", doubtful)
    lines = person(3)
    assert lines[0][7] != "W"
    reading = read_strip(scan(lines, 0, 3, ocr_b))
    assert reading.accepted
    assert reading.lines == lines
    assert asked == [QUICK, FIRST]


@pytest.mark.slow
@pytest.mark.parametrize("level", [0, 1, 2, 3, 5])
def test_damaged_strips(level: int, ocr_b: Path) -> None:
    """Light damage is nearly always read; and nothing wrong is accepted at any level."""
    forms = ("TD3", "TD3", "TD3", "TD1", "TD2", "MRV-A", "MRV-B")
    accepted = 0
    seeds = some(range(14), 7)  # each format, and the passport three times
    for number, seed in enumerate(seeds):
        lines = person(seed + 1000 * level, forms[number % 7])
        reading = read_strip(scan(lines, level, seed, ocr_b))
        if reading.accepted:
            accepted += 1
            assert reading.lines == lines
    assert accepted >= {0: 12, 1: 12, 2: 12, 3: 10, 5: 0}[level] * len(seeds) // 14


@pytest.mark.slow
def test_wrong_check_digit_is_never_accepted(ocr_b: Path) -> None:
    """Printed wrongly, not read wrongly: the print is clear, so it must not be bent until the sums agree."""
    for name in ("NOR", "TD1", "TD2", "MRV-A"):
        lines = VALID[name].split("|")
        row = 0 if name == "TD1" else 1
        column = 14 if name == "TD1" else 9
        wrong = str((int(lines[row][column]) + 4) % 10)
        lines[row] = lines[row][:column] + wrong + lines[row][column + 1 :]
        assert not read_strip(printing.strip(lines, ocr_b)).accepted


def test_half_of_the_rows(ocr_b: Path) -> None:
    strip = printing.strip(VALID["NOR"].split("|"), ocr_b)
    for part in (strip[:140], strip[140:], np.where(np.arange(274)[:, None] < 140, strip, 0).astype(np.uint8)):
        reading = read_strip(part)
        assert not reading.accepted
        assert reading.reason


@pytest.mark.parametrize("value", [0, 255])
def test_rows_that_were_never_scanned(value: int, ocr_b: Path) -> None:
    lines = tuple(VALID["NOR"].split("|"))
    strip = scan(lines, 0, 4, ocr_b)
    strip[:30] = value
    strip[-40:] = value
    assert read_strip(strip).lines == lines


def test_dark_lid_beside_the_page(ocr_b: Path) -> None:
    lines = tuple(VALID["NOR"].split("|"))
    strip = printing.strip(lines, ocr_b)
    strip[:, :14] = 20
    strip[-16:] = 20
    assert read_strip(strip).lines == lines


@pytest.mark.slow
@pytest.mark.parametrize("dpi", [100, 150, 200, 400, 600])
def test_pages_at_other_resolutions(dpi: int, ocr_b: Path, tmp_path: Path) -> None:
    lines = tuple(VALID["NOR"].split("|"))
    page = Image.fromarray(printing.page(lines, ocr_b))
    size = (round(page.width * dpi / 300), round(page.height * dpi / 300))
    page.resize(size, Image.Resampling.LANCZOS).convert("RGB").save(tmp_path / "page.png", dpi=(dpi, dpi))
    assert read_image(tmp_path / "page.png").lines == lines
    page.resize(size, Image.Resampling.LANCZOS).save(tmp_path / "untagged.png")
    assert read_image(tmp_path / "untagged.png").lines == lines


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "CMYK", "I;16", "1"])
def test_kinds_of_pictures(mode: str, ocr_b: Path, tmp_path: Path) -> None:
    lines = tuple(VALID["NOR"].split("|"))
    grey = Image.fromarray(printing.strip(lines, ocr_b))
    picture = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257) if mode == "I;16" else grey.convert(mode)
    picture.save(tmp_path / "strip.tif")
    assert read_image(str(tmp_path / "strip.tif")).lines == lines


def test_colour_array(ocr_b: Path) -> None:
    lines = tuple(VALID["NOR"].split("|"))
    strip = printing.strip(lines, ocr_b)
    assert read_image(np.stack([strip] * 3, axis=2)).lines == lines
    assert read_image(strip).lines == lines


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "cut.png").write_bytes((SAMPLES / "nor-clean.png").read_bytes()[:600])
    Image.new("1", (9000, 9000)).save(tmp_path / "bomb.png")
    for name in ("text.png", "cut.png", "bomb.png", "missing.png", ""):
        with pytest.raises(MrzError) as caught:
            read_image(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong", [np.zeros((9, 9, 2), np.uint8), np.zeros(9, np.uint8), np.zeros((9, 9), bool)])
def test_arrays_that_are_no_picture(wrong: NDArray[Any]) -> None:
    for read in (read_image, read_strip):
        with pytest.raises(MrzError):
            read(wrong)


def judge_nothing(reading: Reading) -> None:
    assert not reading.accepted
    assert reading.reason


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(0, 0), (0, 9), (1, 1), (1, 1476), (274, 1), (79, 1476), (274, 1476), (400, 400)])
def test_pictures_without_text(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    for picture in (np.zeros(shape), np.full(shape, 255), rng.integers(0, 256, shape), rng.normal(200, 5, shape)):
        judge_nothing(read_strip(picture.clip(0, 255).astype(np.uint8)))
        judge_nothing(read_image(picture.clip(0, 255).astype(np.uint8)))


@pytest.mark.slow
@settings(max_examples=examples(30))
@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=200)), st.booleans())
def test_any_array_gives_a_reason(array: NDArray[np.uint8], large: bool) -> None:
    picture = np.kron(array[:16, :16], np.ones((17, 90), np.uint8)) if large else array
    judge_nothing(read_strip(picture))
    judge_nothing(read_image(picture))


def test_nothing_personal_in_repr() -> None:
    assert "OESTEN" not in repr(read_image(SAMPLES / "nor-clean.png"))


def test_same_result_every_time() -> None:
    first, second = (read_image(SAMPLES / "nor-worn.png") for _ in range(2))
    assert (first.lines, first.confidence, first.characters) == (second.lines, second.confidence, second.characters)
