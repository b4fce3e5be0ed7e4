"""Several captures joined, rows as they arrive, what is said about poor pictures, and the drawing of it all."""

import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mrz_strips import person, scan
from mrz_vectors import VALID
from numpy.typing import NDArray
from PIL import Image

from stillscan.errors import StillscanError
from stillscan.mrz import (
    CaptureReader,
    MrzError,
    MrzReader,
    Reading,
    net,
    read_captures,
    read_image,
    read_strip,
    stream,
    unity,
)
from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.captures import join
from stillscan.mrz.explain import explain
from stillscan.simulator import printing
from tests.covering import examples

pytestmark = pytest.mark.slow

NOR = tuple(VALID["NOR"].split("|"))


def codes(reading: Reading) -> set[str]:
    return {fault.code for fault in reading.quality}


def test_joined_captures_are_surer(ocr_b: Path) -> None:
    """Glare hides another part of the print in each capture; only all together show every character."""
    strip = printing.strip(NOR, ocr_b)
    captures = []
    for first in (80, 550, 1000):
        capture = scan(NOR, 1, first, ocr_b)[:274].copy()
        capture[:, first : first + 170] = 255
        captures.append(capture)
    assert not any(read_strip(capture).accepted for capture in captures)
    joined = read_captures(captures)
    assert joined.lines == NOR
    assert joined.confidence > max(read_strip(capture).confidence for capture in captures)
    assert read_captures([strip]).lines == read_strip(strip).lines


def test_many_captures_do_not_tell_confusables_apart_better_than_one() -> None:
    """All captures take an O for a 0 in the same way, but each sees an 8 for a B by its own noise."""
    classes = [ALPHABET.index(character) for character in "O0B8"]
    one = np.full((1, 1, 37), -12.0, np.float32)
    one[0, 0, classes] = [-2.0, -0.2, -3.0, -3.2]
    joined = join(np.stack([one] * 4))[0, 0, classes]
    assert joined[1] - joined[0] == pytest.approx(1.8, abs=0.01)
    assert joined[2] - joined[3] == pytest.approx(0.2 * 4**0.3, abs=0.01)
    assert np.exp(join(np.stack([one] * 4))).sum() == pytest.approx(1, abs=1e-4)


def test_captures_of_different_documents_are_refused(ocr_b: Path) -> None:
    other = person(7)
    reading = read_captures([printing.strip(NOR, ocr_b), printing.strip(other, ocr_b)])
    assert not reading.accepted
    assert reading.reason == "the pictures show different documents"


def test_captures_of_which_one_shows_nothing(ocr_b: Path) -> None:
    blank = np.full((274, 1476), 200, np.uint8)
    assert read_captures([blank, printing.strip(NOR, ocr_b)]).lines == NOR
    assert read_captures([blank, blank]).reason
    with pytest.raises(MrzError):
        read_captures([])


def test_lines_are_read_as_their_rows_arrive(ocr_b: Path) -> None:
    strip = scan(NOR, 1, 8, ocr_b)[:274]
    reader, texts = MrzReader(len(strip)), []
    assert reader.needed_rows()
    for first in range(0, len(strip), 16):
        partial = reader.feed(first, strip[first : first + 16])
        texts.append([line.text for line in partial.lines])
    counts = [len(text) for text in texts]
    assert counts == sorted(counts)
    assert 1 in counts
    assert counts[-1] == 2
    assert counts.index(1) * 16 < 0.75 * len(strip)
    assert tuple(texts[-1]) == NOR
    assert reader.result().lines == NOR
    assert partial.scanned == 1
    assert "OESTEN" not in repr(partial)


def test_memory_does_not_grow_while_rows_arrive(ocr_b: Path) -> None:
    rows = np.random.default_rng(1).integers(205, 225, (1096, 1476)).astype(np.uint8)
    rows[:274] = printing.strip(NOR, ocr_b)
    reader, peaks = MrzReader(len(rows)), []
    reader.feed(0, rows[:16])
    tracemalloc.start()
    for first in range(16, len(rows), 16):
        reader.feed(first, rows[first : first + 16])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.reset_peak()
    tracemalloc.stop()
    # the list of peaks grows itself, by some bytes each
    assert max(peaks[len(peaks) // 2 :]) <= 1.005 * max(peaks[: len(peaks) // 2])


def test_rows_are_looked_at_when_a_whole_line_may_be_there(monkeypatch: pytest.MonkeyPatch, ocr_b: Path) -> None:
    strip, looks, nets = printing.strip(NOR, ocr_b), [], []
    ink, recognise = stream.flatten.ink_of, stream.recognise
    monkeypatch.setattr(stream.flatten, "ink_of", lambda rows: (looks.append(len(rows.thin)), ink(rows))[1])
    monkeypatch.setattr(stream, "recognise", lambda crops, net: (nets.append(net), recognise(crops, net))[1])
    reader = MrzReader()
    for first in range(0, 40, 8):
        reader.feed(first, strip[first : first + 8])
    assert not looks  # a line takes 41 rows
    reader.feed(40, strip[40:48])
    assert looks
    for first in range(48, len(strip), 8):
        partial = reader.feed(first, strip[first : first + 8])
    assert tuple(line.text for line in partial.lines) == NOR
    assert set(nets) == {net.QUICK}  # of clear print the thorough network has nothing to add


def test_lines_of_a_strip_are_compared_once(monkeypatch: pytest.MonkeyPatch, ocr_b: Path) -> None:
    compared, strip = [], scan(NOR, 0, 8, ocr_b)[:274]
    compare = unity.difference
    monkeypatch.setattr(unity, "difference", lambda evidence: (compared.append(evidence), compare(evidence))[1])
    assert CaptureReader().read(strip, calm=True).lines == NOR
    assert len(compared) == 1


def test_rows_worth_scanning_shrink(ocr_b: Path) -> None:
    strip = printing.strip(NOR, ocr_b)
    reader = MrzReader()
    reader.feed(0, strip[:150])
    wanted = reader.needed_rows()
    assert wanted
    assert min(first for first, _ in wanted) >= 20
    reader.feed(100, strip[100:240])
    assert sum(end - first for first, end in reader.needed_rows()) < sum(end - first for first, end in wanted)
    assert reader.result().lines == NOR


def test_rows_with_nan_count_as_missing(ocr_b: Path) -> None:
    strip = printing.strip(NOR, ocr_b).astype(np.float32)
    strip[20] = np.nan
    strip[250, 3] = np.inf
    assert read_strip(strip).lines == NOR
    reader = MrzReader()
    assert reader.feed(0, strip).scanned == pytest.approx(272 / 274)
    assert reader.result().lines == NOR
    assert read_strip(np.full((274, 1476), np.nan)).reason


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(st.tuples(st.integers(-5, 280), st.integers(0, 40), st.integers(0, 255)), max_size=8))
def test_any_bands_are_taken_or_refused(bands: list[tuple[int, int, int]]) -> None:
    reader = MrzReader()
    for first, rows, value in bands:
        band = np.full((rows, 1476), value, np.uint8)
        if first < 0 or first + rows > 274:
            with pytest.raises(MrzError):
                reader.feed(first, band)
        else:
            assert 0 <= reader.feed(first, band).scanned <= 1
    assert all(0 <= first < end <= 274 for first, end in reader.needed_rows())
    assert not reader.result().accepted


def worn(strip: NDArray[np.uint8], left: int, right: int) -> NDArray[np.uint8]:
    """The upper line's ink of these columns rubbed off."""
    strip = strip.copy()
    shape = strip[60:115, left:right].shape
    strip[60:115, left:right] = np.random.default_rng(3).normal(221, 2, shape)
    return strip


def test_reasons_in_plain_terms(ocr_b: Path) -> None:
    strip = printing.strip(NOR, ocr_b)
    assert not codes(read_strip(scan(NOR, 0, 3, ocr_b))) - {"smear"}
    assert "too-dark" in codes(read_strip((strip // 5).astype(np.uint8)))
    streaked = strip.copy()
    streaked[:, 698:702] = 90
    marks = [fault for fault in read_strip(streaked).quality if fault.code == "streak"]
    assert [fault.x_mm for fault in marks] == pytest.approx([700 / 11.811], abs=0.5)
    shone = strip.copy()
    shone[:, 500:700] = 255
    glare = [fault for fault in read_strip(shone).quality if fault.code == "glare"]
    assert glare
    assert glare[0].x_mm == pytest.approx(600 / 11.811, abs=1.5)
    beside = strip.copy()
    beside[:, :40] = beside[:, -40:] = 255
    assert "glare" not in codes(read_strip(beside))  # no print stands there
    rubbed = [fault for fault in read_strip(worn(strip, 280, 400)).quality if fault.code == "worn-ink"]
    assert [fault.line for fault in rubbed] == [1]
    first, last = rubbed[0].characters or (0, 0)
    assert 7 <= first <= 9
    assert 10 <= last <= 12
    assert "worn ink at characters" in rubbed[0].text


def test_out_of_focus_and_cut_off(ocr_b: Path) -> None:
    page = Image.fromarray(printing.page(NOR, ocr_b))
    blurred = read_strip(cv2.GaussianBlur(printing.strip(NOR, ocr_b), (0, 0), 3.5))
    assert "out-of-focus" in codes(blurred)
    smeared = read_strip(cv2.blur(printing.strip(NOR, ocr_b), (13, 1)))
    assert "smear" in codes(smeared)
    assert "cut-off" in codes(read_image(np.asarray(page)[:, 72:]))


def test_explain_draws_the_lines(ocr_b: Path, tmp_path: Path) -> None:
    Image.fromarray(worn(printing.strip(NOR, ocr_b), 280, 400)).save(tmp_path / "strip.png")
    reading = explain(tmp_path / "strip.png", tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as drawn:
        pixels = np.asarray(drawn.convert("RGB")).astype(int)
    assert pixels.shape[1] == 1476
    assert reading.unsure
    assert {line for line, _ in reading.unsure} == {1}
    red = (pixels[..., 0] - pixels[..., 1]) > 120
    assert red[52:70, 270:410].any()
    assert not red[52:70, 700:1400].any()
    assert explain(np.full((300, 300), 9, np.uint8), tmp_path / "none.png").lines is None
    assert (tmp_path / "none.png").exists()
    with pytest.raises(StillscanError, match=r"out\.png: cannot be written"):
        explain(tmp_path / "strip.png", tmp_path / "missing" / "out.png")


@pytest.mark.parametrize("name", ["NOR", "TD1", "TD2"])
def test_lines_are_complete_before_the_last_row(name: str, ocr_b: Path) -> None:
    """Rows of a sweep that begins at row 48: those above never come, those below are not waited for."""
    lines = tuple(VALID[name].split("|"))
    strip = printing.strip(lines, ocr_b)
    reader, complete = MrzReader(), 0
    for first in range(48 if name != "TD1" else 0, 274, 8):
        if reader.feed(first, strip[first : first + 8]).complete:
            complete = complete or min(first + 8, 274)
    assert 0 < complete <= 240
    seen = np.full_like(strip, 255)
    first = 48 if name != "TD1" else 0
    seen[first:complete] = strip[first:complete]
    assert read_strip(seen).lines == lines


def test_worn_lines_are_not_complete(ocr_b: Path) -> None:
    reader = MrzReader()
    strip = printing.strip(NOR, ocr_b)
    strip[:, 700:790] = 215
    assert not any(reader.feed(first, strip[first : first + 16]).complete for first in range(0, 272, 16))


@pytest.mark.parametrize("one", ["strip.png", Path("strip.png"), b"strip.png", np.full((274, 1476), 255, np.uint8)])
def test_one_picture_is_no_list_of_pictures(one: object) -> None:
    """A name would be taken for a list of names of one letter each, an array for a list of its rows."""
    with pytest.raises(MrzError, match="read_image reads a single one"):
        read_captures(one)  # type: ignore[arg-type]
    for none in ((), []):
        with pytest.raises(MrzError, match="no picture to read"):
            read_captures(none)
