"""The test card: what is measured of it however it lies, what is told of anything else, and its PDF."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stillscan import samples
from stillscan.cli import main
from stillscan.commands.at_scanner import at_scanner
from stillscan.simulator.glass import Page
from stillscan.technician.card import marks
from stillscan.technician.card.judged import CardScan, card_scan
from stillscan.technician.card.paper import card_pdf
from stillscan.technician.card.scanning import read_card
from stillscan.technician.hands import SimulatedHands
from stillscan.technician.limits import judge

from .simulated import arguments

pytestmark = pytest.mark.slow

ZONE_ROWS = 274
LID = 20  # level of the closed lid


def scan(picture: np.ndarray, dx: int = 0, dy: int = 0, degrees: float = 0.0, noise: float = 2.0) -> CardScan:
    """Of a card that lies so many pixels to the right, so many rows lower, and turned."""
    turned = Image.fromarray(picture).rotate(degrees, Image.Resampling.BICUBIC, fillcolor=LID)
    whole = np.full((len(picture) + 2 * abs(dy), picture.shape[1] + 2 * abs(dx)), LID, np.uint8)
    whole[abs(dy) : abs(dy) + len(picture), abs(dx) : abs(dx) + picture.shape[1]] = np.asarray(turned)
    end, left = abs(dy) + len(picture) - dy, abs(dx) - dx
    zone = whole[end - ZONE_ROWS : end, left : left + picture.shape[1]].astype(np.float64)
    return card_scan(zone + np.random.default_rng(1).normal(0.0, noise, zone.shape))


def values(found: CardScan) -> dict[str, float | None]:
    return {f"{one.part}/{one.measurement}": one.value for one in found.measured}


@pytest.mark.slow
@pytest.mark.parametrize(("dx", "dy", "degrees"), [(0, 0, 0.0), (4, 6, 0.05), (-5, -8, -0.06), (14, 18, 0.3)])
def test_a_card_is_measured_however_it_lies(dx: int, dy: int, degrees: float) -> None:
    found = scan(marks.picture(), dx, dy, degrees)
    assert found.wrong is None
    measured = values(found)
    assert measured["carriage/row pitch"] == pytest.approx(236.22, abs=0.2)
    assert measured["carriage/squareness to the stop"] == pytest.approx(-1476 * np.tan(np.radians(degrees)), abs=0.4)
    assert measured["carriage/squareness of the rail"] == pytest.approx(0.0, abs=1.0)
    assert measured["line_sensor/scale"] == pytest.approx(11.811, abs=0.01)
    assert measured["line_sensor/MRZ read"] == 1.0
    if degrees < 0.1:
        assert measured["line_sensor/left edge"] == pytest.approx(dx / 11.811, abs=0.1)
        assert measured["carriage/row 0"] == pytest.approx(23.2 + dy / 11.811, abs=0.1)
        assert measured["line_sensor/sharpness"] > 60  # type: ignore[operator]


@pytest.mark.slow
def test_a_pitch_a_lean_and_a_blur_that_are_wrong_are_told() -> None:
    card = marks.picture()
    stretched = np.asarray(Image.fromarray(card).resize((card.shape[1], round(1.02 * len(card)))))
    assert values(scan(stretched))["carriage/row pitch"] == pytest.approx(1.02 * 236.22, abs=0.4)
    leaning = np.stack([np.roll(row, round(0.01 * (n - len(card)))) for n, row in enumerate(card)])
    assert abs(values(scan(leaning))["carriage/squareness of the rail"] or 0.0) == pytest.approx(14.8, abs=1.5)
    blurred = np.asarray(Image.fromarray(card).resize((738, 520)).resize(card.shape[::-1]))
    assert (values(scan(blurred))["line_sensor/sharpness"] or 0.0) < 50
    pale = (190 + (card.astype(float) - 235) * 0.2).astype(np.uint8)
    assert "too pale" in str(scan(pale).wrong)
    for found in (scan(stretched), scan(leaning), scan(blurred)):
        assert not all(one.ok for one in judge(found.measured, "simulator"))


def test_what_is_no_card_is_told_in_one_line() -> None:
    told = {
        "upside down": scan(marks.picture(turned=True)),
        "face down": card_scan(np.full((ZONE_ROWS, 1476), 230.0)),
        "askew": scan(marks.picture(), degrees=1.0),
        "too few rows": card_scan(np.full((ZONE_ROWS, 1476), np.nan)),
        "not the test card": card_scan(np.tile(np.repeat([30.0, 230.0], 12), (ZONE_ROWS, 62))[:, :1476]),
    }
    for words, found in told.items():
        assert found.measured == []
        assert words in str(found.wrong)
        assert "\n" not in str(found.wrong)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["uto-clean.png", "nor-worn.png", "nor-id-card.png", "nor-page.png"])
def test_a_passport_is_told_from_the_card(name: str) -> None:
    picture = np.asarray(Image.open(Path(samples.__file__).with_name(name)).convert("L"))
    assert "a passport or another document" in str(card_scan(picture[-ZONE_ROWS:, :1476].astype(np.float64)).wrong)


def test_the_pdf_is_whole_the_same_each_time_and_in_true_size() -> None:
    content = card_pdf()
    assert content == card_pdf()
    assert content.startswith(b"%PDF-1.4")
    table = int(re.findall(rb"startxref\n(\d+)", content)[0])
    assert content[table:].startswith(b"xref")
    places = re.findall(rb"^(\d{10}) 00000 n ", content[table:], re.M)
    for number, place in enumerate(places, 1):
        assert content[int(place) :].startswith(b"%d 0 obj" % number)
    for length, start in re.findall(rb"/Length (\d+) >>\nstream\n()", content):
        assert start == b""
        assert b"endstream" in content[int(length) :]
    x = [
        float(one) / 72 * 25.4
        for one in re.findall(rb"1\.000 g|0\.000 g ([\d.]+) [\d.]+ [\d.]+ [\d.]+ re", content)
        if one
    ]
    assert max(x) - min(x) == pytest.approx(marks.RIGHT_MM[0] - marks.LEFT_MM[0], abs=0.01)


def test_the_command_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "card.pdf"
    assert main(["service", "card", str(out)]) == 0
    assert out.read_bytes() == card_pdf()
    assert main(["service", "card", str(tmp_path / "nowhere" / "card.pdf")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


@pytest.mark.process
def test_the_simulated_scanner_reads_it_within_its_limits() -> None:
    with at_scanner(arguments()) as at:
        kiosk = at.session.transport
        for turned in (True, False):
            card = Page.from_array(marks.picture(turned=turned))
            hands = SimulatedHands(kiosk, card)  # type: ignore[arg-type]
            found = read_card(at, hands.lay_card, hands.take)
            assert at.emptied()
            assert ("upside down" in str(found.wrong)) == turned
    judged = judge(found.measured, "simulator")
    assert [one.measurement for one in judged if not one.ok] == []
    assert len(judged) == 9
