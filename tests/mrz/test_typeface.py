"""Print that is not OCR-B, and characters that no MRZ has: named, and never accepted."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest
from mrz_vectors import VALID
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from training import devprint, devset, othertype

from stillscan.mrz import CaptureReader, effort, read_captures, read_strip, strokes, typeface
from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.finding import QualityFinding
from stillscan.mrz.net import TYPEFACE, WORN_TYPEFACE
from tests.covering import covering, some

pytestmark = pytest.mark.slow  # reads dozens of strips

NOR = tuple(VALID["NOR"].split("|"))
MONO = (
    Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSansMono.ttf"
)  # one that the network has learned from


def printed(lines: tuple[str, ...], font_file: Path) -> NDArray[np.uint8]:
    """A clean strip with any characters, 274 x 1476, letters 30 px apart."""
    probe = ImageFont.truetype(str(font_file), 1000)
    font = ImageFont.truetype(str(font_file), round(3000 * 30 / probe.getlength("0")))
    picture = Image.new("L", (3 * 1476, 3 * 274), 225)
    pen = ImageDraw.Draw(picture)
    for line, row in zip(lines, (88, 163), strict=True):
        for column, character in enumerate(line):
            pen.text((3 * (71 + 30 * column), 3 * row), character, fill=30, font=font, anchor="lm")
    return np.asarray(picture.resize((1476, 274), Image.Resampling.BOX), np.uint8)


def test_the_same_drawing_of_a_genuine_text_is_accepted(ocr_b: Path) -> None:
    reading = read_strip(printed(NOR, ocr_b))
    assert (reading.lines, reading.accepted) == (NOR, True)


@pytest.mark.parametrize("character", "@ß&%$#*+=?Ä€")
def test_a_character_that_no_mrz_has_is_never_accepted(character: str, ocr_b: Path) -> None:
    for column in some((7, 12, 17), 1):
        first = NOR[0][:column] + character + NOR[0][column + 1 :]
        reading = read_strip(printed((first, NOR[1]), ocr_b))
        assert not reading.accepted
        if reading.quality and reading.quality[-1].code == "no-mrz-character":
            assert reading.reason == f"a character that no MRZ has, line 1, position {column + 1}"


def test_they_are_named_with_their_place(ocr_b: Path) -> None:
    """Whatever else speaks against the text: that is what the clerk has to look at."""
    named = 0
    for character in "@ß%$Äu?!":
        for column in (6, 11):
            first = NOR[0][:column] + character + NOR[0][column + 1 :]
            reading = read_strip(printed((first, NOR[1]), ocr_b))
            assert not reading.accepted
            named += reading.reason == f"a character that no MRZ has, line 1, position {column + 1}"
    assert named >= 12


@pytest.mark.parametrize(("character", "column"), covering(["OH", "ID", "ZW", "CI", "VM"], [6, 12, 17], each=1))
def test_two_characters_over_each_other_are_none_of_the_name(character: str, column: int, ocr_b: Path) -> None:
    """As a typewriter corrects: the print below shows."""
    picture = printed((NOR[0][:column] + character[0] + NOR[0][column + 1 :], NOR[1]), ocr_b)
    over = printed((NOR[0][:column] + character[1] + NOR[0][column + 1 :], NOR[1]), ocr_b)
    assert not read_strip(np.minimum(picture, over)).accepted


def test_a_figure_under_a_letter_of_worn_print_is_seen(ocr_b: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The 1 lies in the strokes of the Q, and beside them no further than blur reaches."""

    def with_both(font: Path, _others: object, _rng: object) -> tuple[devprint.Typeset, None]:
        def typeset(row: int, line: str) -> list[devprint.Glyph]:
            return [devprint.Glyph("Q1" if (row, at) == (0, 7) else one, font) for at, one in enumerate(line)]

        return typeset, None

    monkeypatch.setitem(devprint.KINDS, "both", with_both)
    reading = read_strip(devprint.strip("both", ocr_b, (), 3, 1303).pixels)
    assert reading.reason == "a character that no MRZ has, line 1, position 8"


@pytest.mark.parametrize("seed", [1300, 1301, 1307])
def test_a_small_letter_lacks_the_ends_of_the_capital(seed: int, ocr_b: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of OCR-B itself, in which it has the capital's strokes."""

    def with_small(font: Path, _others: object, _rng: object) -> tuple[devprint.Typeset, None]:
        def typeset(row: int, line: str) -> list[devprint.Glyph]:
            return [devprint.Glyph("w" if (row, at) == (0, 7) else one, font) for at, one in enumerate(line)]

        return typeset, None

    monkeypatch.setitem(devprint.KINDS, "small", with_small)
    reading = read_strip(devprint.strip("small", ocr_b, (), 2, seed).pixels)
    assert reading.reason == "a character that no MRZ has, line 1, position 8"


@pytest.mark.parametrize(("part", "refused"), [(1.2, True), (1.8, False)])
def test_nine_characters_side_by_side_that_do_not_look_like_ocr_b_are_other_print(part: float, refused: bool) -> None:
    """However much the rest looks like it."""
    classes = np.array([[ALPHABET.index(one) for one in line] for line in NOR])
    characters = np.full((*classes.shape, len(ALPHABET) + 1), -12.0, np.float32)
    np.put_along_axis(characters, classes[..., None], 0.0, axis=2)
    own = np.full(classes.shape, 5.0, np.float32)
    own[1, 20:29] = part
    none = np.zeros(classes.shape, np.float32)
    found = typeface.doubt([typeface.Print(characters, own, none, none, none, none)], NOR)
    assert (found is not None and found.text == typeface.OTHER) == refused


@pytest.mark.parametrize(("level", "asked"), [(0, False), (4, True)])
def test_the_thorough_network_is_asked_where_print_is_worn(level: int, asked: bool, ocr_b: Path) -> None:
    for seed in range(3):
        steps: list[str] = []
        with effort.watched(lambda step, _amount, steps=steps: steps.append(step)):
            read_strip(devset.strip(ocr_b, level, 1400 + seed).pixels)
        assert (TYPEFACE in steps, WORN_TYPEFACE in steps) == (True, asked)


def test_strokes_are_missed_and_found_where_the_drawings_differ(ocr_b: Path) -> None:
    centres = np.array([71 + 15 + 30.0 * np.arange(6)])
    crop = printed(("FRSfrs", "<<<<<<"), ocr_b)[64:112][None]
    classes = np.array([[ALPHABET.index(one) for one in "FRSFRS"]])
    beyond, lacking, _ = strokes.compared(typeface.cells(crop, centres), classes)
    assert lacking[0, :3].max() < 0.2 < 0.5 < lacking[0, 3:].min()
    assert beyond[0, :3].max() < 0.1
    blank = np.full_like(typeface.cells(crop, centres), 225)
    assert all(np.isfinite(seen).all() for seen in strokes.compared(blank, classes))


@pytest.mark.parametrize(("over", "under"), [("S", "1"), ("X", "Y"), ("V", "J"), ("8", "I"), ("B", "6")])
def test_a_second_character_is_seen_near_the_strokes_of_the_first(over: str, under: str, ocr_b: Path) -> None:
    """The 1 that lies under an S is nowhere 3 px away from its strokes; broader pens put no more ink there in genuine
    print, because the line tells how far its ink reaches."""
    text = "KA" + over + "RE" + over
    crops = [printed((line, "<<<<<<"), ocr_b)[64:112][None] for line in (text, "     " + under)]
    crop = np.minimum(*crops)
    centres = np.array([71 + 15 + 30.0 * np.arange(6)])
    classes = np.array([[ALPHABET.index(one) for one in text]])
    for broad in (1, 3):
        cells = typeface.cells(cv2.erode(crop[0], np.ones((broad, broad), np.uint8))[None], centres)
        second = strokes.compared(cells, classes)[2]
        assert second[0, :5].max() < 0.3 < second[0, 5]


def test_pairs_over_each_other_are_none_that_anybody_takes_for_one_letter(ocr_b: Path) -> None:
    pairs = devprint.doubles(ocr_b)
    assert {"XO", "2Z", "VT", "AO"} <= set(pairs)
    assert not {"EH", "OC", "LE", "QO", "PB"} & set(pairs)


@pytest.mark.parametrize("level", range(5))
def test_in_any_place_of_either_line_and_whatever_the_wear(level: int, ocr_b: Path) -> None:
    """Foreign, small, with an accent, two over each other, nothing: check digits may even tell what should be there."""
    for seed in some(range(1200, 1208), 4):
        assert not read_strip(devprint.strip("single", ocr_b, (MONO,), level, seed).pixels).accepted


def test_lines_without_streaks_are_left_as_they_are(ocr_b: Path) -> None:
    crops = np.stack([printed(NOR, ocr_b)[row : row + 48] for row in (64, 139)])
    assert np.array_equal(typeface.without_streaks(crops), crops)
    streaked = crops.copy()
    streaked[:, :, 500:503] //= 2
    assert np.abs(typeface.without_streaks(streaked).astype(int) - crops).max() <= 2


def test_nothing_printed_where_a_character_belongs_is_no_filler_of_a_name(ocr_b: Path) -> None:
    reading = read_strip(printed((NOR[0][:8] + " " + NOR[0][9:], NOR[1]), ocr_b))
    assert not reading.accepted


@pytest.mark.parametrize("level", [0, 2])
def test_another_typeface_is_never_accepted(level: int) -> None:
    for seed in some(range(4), 2):
        drawn = devset.strip(MONO, level, 930 + seed)
        reading = read_strip(drawn.pixels)
        assert not reading.accepted
        assert not read_captures([drawn.pixels, devset.strip(MONO, level, 930 + seed, 1).pixels]).accepted


def test_captures_together_do_not_make_it_a_letter(ocr_b: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where only all of them together are certain of a text."""
    monkeypatch.setattr(devprint, "foreign_characters", lambda: tuple("@ß$!?%Äø"))
    for seed in some(range(6), 3):
        pictures = [devprint.strip("foreign", ocr_b, (MONO,), 2, seed, capture).pixels for capture in range(3)]
        reader = CaptureReader()
        assert not any(reader.add(picture).accepted for picture in pictures)


@pytest.mark.parametrize("code", typeface.STRANGE)
def test_what_each_capture_doubts_is_told_by_all_together(
    code: str, ocr_b: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next look is there to tell: with three chances to be refused a third of genuine worn passports were."""
    alone, real = QualityFinding(code, "strange"), typeface.doubt

    def doubt(
        prints: Sequence[typeface.Print], lines: tuple[str, ...], *, certain: bool = False
    ) -> QualityFinding | None:
        return alone if len(prints) == 1 else real(prints, lines, certain=certain)

    monkeypatch.setattr(typeface, "doubt", doubt)
    pictures = [devset.strip(ocr_b, 1, 7, capture).pixels for capture in range(2)]
    assert all(read_strip(picture).quality == (alone,) for picture in pictures)
    together = read_captures(pictures)
    assert together.accepted
    assert together.quality == ()


@pytest.mark.parametrize("kind", [kind for kind in devprint.KINDS if kind not in (*devprint.GENUINE, "overwritten")])
@pytest.mark.parametrize("level", [0, 2])
def test_what_is_no_print_of_travel_documents_is_not_accepted(kind: str, level: int, ocr_b: Path) -> None:
    """What has the shapes of OCR-B, in needles or embossed, may pass where it is so fine that it is read right."""
    for seed in some(range(2), 1):
        drawn = devprint.strip(kind, ocr_b, (MONO,), level, seed)
        reading = read_strip(drawn.pixels)
        same_shapes = kind not in ("fonts", "foreign", "single", "kindred", "one-line", "part")
        assert not reading.accepted or (same_shapes and reading.lines == drawn.lines)


def test_other_print_is_named_also_where_check_digits_do_not_agree(ocr_b: Path) -> None:
    """A clerk should look at the print, not scan it again and again."""
    readings = [read_strip(devprint.strip("fonts", ocr_b, (MONO,), 1, seed).pixels) for seed in range(6)]
    assert sum(reading.reason == typeface.OTHER for reading in readings) >= 4


@pytest.mark.parametrize("kind", devprint.GENUINE)
def test_bolder_and_taller_print_of_the_right_typeface_is_accepted(kind: str, ocr_b: Path) -> None:
    drawn = [devprint.strip(kind, ocr_b, (), 1, seed) for seed in range(6)]
    read = [read_strip(one.pixels) for one in drawn]
    assert sum(got.accepted and got.lines == one.lines for got, one in zip(read, drawn, strict=True)) >= 4


def test_each_cell_is_cut_out_about_its_middle() -> None:
    crops = np.zeros((2, 48, 300), np.uint8)
    crops[1, 20, 150] = 255
    found = typeface.cells(crops, np.array([[0.0, 299.0], [150.2, 140.0]]))
    assert found.shape == (2, 2, typeface.CELL_ROWS, typeface.CELL_COLUMNS)
    assert found[0].max() == 0
    assert [np.argwhere(one == 255).tolist() for one in found[1]] == [[[20, 18]], [[20, 28]]]


@pytest.mark.parametrize("level", [0, 2, 3])
def test_worn_print_of_the_right_typeface_stays_accepted(level: int, ocr_b: Path) -> None:
    drawn = [devset.strip(ocr_b, level, 940 + seed) for seed in range(6)]
    assert sum(read_strip(one.pixels).accepted for one in drawn) >= 5


def test_training_lines_repeat_and_say_what_they_show() -> None:
    of = othertype.bank([], [MONO], 2, seed=3)
    lines = [othertype.line(of, 3, index) for index in range(12)]
    again = othertype.line(othertype.bank([], [MONO], 2, seed=3), 3, 5)
    assert all(np.array_equal(one, other) for one, other in zip(lines[5], again, strict=True))
    assert not np.array_equal(othertype.line(of, 3, 5, worn=True).pixels, lines[5].pixels)
    classes, own = (np.concatenate([getattr(one, name) for one in lines]) for name in ("classes", "own"))
    assert {othertype.FOREIGN, othertype.UNKNOWN, 5} <= set(classes.tolist())
    assert set(own[classes == othertype.FOREIGN].tolist()) == {othertype.UNKNOWN}
    assert set(own[(classes >= 0) & (classes < othertype.FOREIGN)].tolist()) == {0, 1}


@pytest.mark.process  # torch starts one when it is imported
@pytest.mark.parametrize("name", [TYPEFACE, WORN_TYPEFACE])
def test_a_few_steps_of_training_lower_the_loss(name: str) -> None:
    torch = pytest.importorskip("torch", reason="training needs the packages of the extra 'train'")
    from training.typefaces import CellNet, cells_of, loss_of

    torch.manual_seed(1)
    torch.set_num_threads(1)
    of = othertype.bank([], [MONO], 2, seed=3)
    rng = np.random.default_rng(1)
    found = [othertype.line(of, 3, index) for index in range(6)]
    batch = cells_of([one for one in found if (one.centres_px > 0).all()] or found[:1], rng)
    net = CellNet(name)
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3)
    losses = []
    for _ in range(10):
        loss = loss_of(net(batch.windows), batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] - 0.2


@pytest.mark.parametrize("other", [0, 1])
def test_one_line_in_print_that_lacks_the_strokes_of_ocr_b_is_no_travel_document(
    other: int, ocr_b: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both lines wear alike: nothing else that one lacks and the other has is usual, whatever the network says."""
    strip = printed(NOR, ocr_b)
    seen = typeface.seen

    def lacks(crops: NDArray[np.uint8], centres_px: NDArray[np.float64], read: NDArray[np.intp]) -> typeface.Print:
        found = seen(crops, centres_px, read)
        found.lacking[other] += 0.3
        return found

    monkeypatch.setattr(typeface, "seen", lacks)
    assert read_strip(strip).reason == typeface.OTHER


def test_a_character_less_like_ocr_b_than_the_rest_of_its_print_is_none_sooner(
    ocr_b: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the evidence lies in what it is like, half in which character it is: neither alone is enough."""
    strip = printed(NOR, ocr_b)
    seen = typeface.seen

    def strange(odds: float, unlike: float) -> str | None:
        def one(crops: NDArray[np.uint8], centres_px: NDArray[np.float64], read: NDArray[np.intp]) -> typeface.Print:
            found = seen(crops, centres_px, read)
            usual = np.sort(found.characters[..., -1] - found.characters.max(axis=2), axis=None)[-9:-3].mean()
            found.characters[0, 7, -1] = found.characters[0, 7].max() + min(usual, 0.0) + odds
            found.own[0, 7] -= unlike
            return found

        monkeypatch.setattr(typeface, "seen", one)
        return read_strip(strip).reason

    assert strange(5.0, 0.0) is None
    assert strange(0.0, 5.0) is None
    assert strange(5.0, 5.0) == typeface.FOREIGN.format(line=1, cell=8)
