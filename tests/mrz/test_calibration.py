"""The figures of the sets: bounds, tables, the plot, and README's lines, which are made from the committed results."""

import json
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from bench import mrz as bench
from bench.mrz import Figures, Outcome
from bench.sets import SETS, Drawn, Source, of_images
from PIL import Image

from stillscan import samples

FACES = tuple((Path(matplotlib.get_data_path()) / "fonts" / "ttf").glob("DejaVuSansMono.ttf"))


@pytest.mark.parametrize(
    ("wrong", "of", "least", "most"),
    [(0, 30, 0.0945, 0.0955), (0, 3000, 0.00099, 0.001), (1, 100, 0.0465, 0.0467), (5, 50, 0.1988, 0.2), (3, 3, 1, 1)],
)
def test_bound_is_that_of_clopper_and_pearson(wrong: int, of: int, least: float, most: float) -> None:
    assert least <= bench.bound(wrong, of) <= most


def _outcomes() -> list[Outcome]:
    right = [Outcome("a", True, True, 0.999, False, True)] * 18
    return [
        *right,
        Outcome("a", True, False, 0.9, True, True),
        Outcome("a", False, True, 0.99, False, True),
        Outcome("a", False, False, 0.97, True, True),
        Outcome("a", False, False, 0.6, False, True),
    ]


def test_figures_and_table() -> None:
    found = bench.figures(_outcomes())
    assert found[:4] == (22, 19, 18, 1)
    assert found.bound == pytest.approx(0.198, abs=0.001)
    assert found.surest_wrong == 0.97
    rows = bench.table({"a": found, "none": Figures(1000, 0, 0, 0, 0.003, 0.0)})
    assert "| a | 22 | 86.4% | 81.8% | 1 (at most 19.81%) | 0.970 |" in rows
    assert "| none | 1,000 |  |  | 0 (at most 0.30%) |  |" in rows


def test_reliability_is_told_and_drawn(tmp_path: Path) -> None:
    rows = bench.reliability([*_outcomes(), Outcome("b", False, False, 0.99, False, False)])
    assert [(count, right) for _, count, right in rows] == [(1, 0), (1, 1), (1, 0), (1, 0), (18, 18)]
    assert bench.reliability_text(rows).splitlines()[-1].startswith(" 99.90%  100.00%        18  ####")
    bench.plot(rows, tmp_path / "plot.png")
    with Image.open(tmp_path / "plot.png") as drawn:
        assert len(set(np.asarray(drawn.convert("RGB")).reshape(-1, 3)[::7].sum(axis=1).tolist())) > 3


def test_readme_says_what_was_measured() -> None:
    results = json.loads(bench.RESULTS.read_text(encoding="utf-8"))
    assert bench.badge(results) in bench.README.read_text(encoding="utf-8")
    assert list(results["sets"]) == list(SETS), "measure the new set: make bench-mrz ARGS=--update"
    for document, lines in ((bench.README, bench.badge(results)), (bench.READING, bench.set_by_set(results))):
        text = document.read_text(encoding="utf-8")
        assert bench.between_marks(text, lines) == text


ALIKE = [name for name in SETS if name.startswith("photographs, ")], [name for name in SETS if "third" in name]
"""Drawn by one function each, half a second a picture: the first stands for all."""


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SETS if not any(name in sets[1:] for sets in ALIKE)])
def test_each_set_draws_the_same_pictures_again(name: str, ocr_b: Path) -> None:
    drawn = SETS[name].draw(Source(ocr_b, FACES), 1)
    again = SETS[name].draw(Source(ocr_b, FACES), 1)
    assert all(np.array_equal(one, other) for one, other in zip(drawn.pictures, again.pictures, strict=True))
    assert drawn.lines == again.lines
    assert all(isinstance(one, np.ndarray) and one.dtype == np.uint8 and np.ptp(one) > 3 for one in drawn.pictures)


@pytest.mark.slow
def test_images_of_a_table_are_a_set(tmp_path: Path) -> None:
    sample = Path(samples.__file__).parent / "nor-clean.png"
    table = tmp_path / "truth.tsv"
    row = "\t".join(
        (
            sample.name,
            "flat",
            "P<NOROESTENBYEN<<AASE<<<<<<<<<<<<<<<<<<<<<<<",
            "ZZZ0001013NOR9105171F3101012<<<<<<<<<<<<<<<6",
        )
    )
    table.write_text(f"file\ttype\tline1\tline2\tline3\n{row}\t\nother.png\tnone\t\t\t\n", encoding="utf-8")
    found = dict(of_images(sample.parent, table))
    assert found["none"] == Drawn((sample.parent / "other.png",), None)
    outcome = bench.judged("flat", found["flat"])
    assert (outcome.right, outcome.accepted) == (True, True)


def test_sets_without_their_fonts_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        bench.main(["--sets", "typefaces", "--update"])
    assert ended.value.code == 2
    assert "left out, --typefaces names no folder of fonts: typefaces" in capsys.readouterr().out
