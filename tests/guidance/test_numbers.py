"""Where a number stands in a sentence, one of a thing is not called as several are."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

import stillscan
from stillscan.guidance import catalogue, counted, languages, page_texts
from stillscan.guidance.findings import say_finding
from stillscan.guidance.numbers import decimal, of_number

COUNTS = {"seconds", "last"}  # placeholders behind or before which stands what is counted


@pytest.mark.parametrize("language", languages())
def test_every_sentence_that_counts_has_one_for_one(language: str) -> None:
    texts = {**page_texts(language), **catalogue(language)}
    counting = [key for key, text in texts.items() if any(f"{{{name}}}" in text for name in COUNTS)]
    assert sorted(key for key in counting if not key.endswith("_one")) == ["quality.worn-ink", "signin_wait"]
    for key in ("quality.worn-ink", "signin_wait"):
        assert of_number(key, 1) in texts
        assert of_number(key, 2) == of_number(key, 0) == key
    assert not re.search(r"\b1 (seconds|sekunder)\b", texts["signin_wait_one"].format(seconds=1))


@dataclass(frozen=True)
class Worn:
    characters: tuple[int, int]
    code: str = "worn-ink"
    x_mm: float | None = None
    line: int | None = 2


def test_a_single_character_is_one() -> None:
    assert "character 5." in say_finding(Worn((5, 5)), "en")
    assert "characters 5 to 6." in say_finding(Worn((5, 6)), "en")
    assert "tegn 5." in say_finding(Worn((5, 5)), "nb")
    assert "teikn 5." in say_finding(Worn((5, 5)), "nn")


def test_lines_for_the_terminal() -> None:
    assert [counted(n, "file") for n in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
    assert [counted(n, "entry", "entries") for n in (1, 3)] == ["1 entry", "3 entries"]


def test_a_number_for_people_has_their_decimal_mark() -> None:
    marks = {language: page_texts(language)["decimal_mark"] for language in languages()}
    assert marks == {"en": ".", "nb": ",", "nn": ","}
    assert [decimal(0.25, ","), decimal(-0.5, ".", "6.2f"), decimal(7, ",")] == ["0,25", " -0.50", "7"]
    assert [decimal(-0.0, ","), decimal(31.0, ",", ""), decimal(31.0, ",")] == ["0", "31,0", "31"]


def test_no_line_of_the_program_has_a_plural_behind_a_number_that_may_be_one() -> None:
    plural = re.compile(
        r"\{(?:len\(|[a-z_.]*\b(?:entries|erased|sent|kept|count|number|attempts|left_out|letters|records)\b)[^{}]*\} "
        r"(?:files|entries|sweeps|lines|letters|seconds|minutes|days|repeated|hand-overs)"
    )
    package = Path(stillscan.__file__).parent
    assert [path.name for path in package.rglob("*.py") if plural.search(path.read_text(encoding="utf-8"))] == []
