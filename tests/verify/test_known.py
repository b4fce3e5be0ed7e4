"""Known-problem passports: what fits, what a list may hold, and that no verdict depends on it."""

from datetime import date
from pathlib import Path

import pytest
from passports import mrz

from stillscan.errors import InputError
from stillscan.mrz.parse import parse
from stillscan.verify.known import LANGUAGES, advice, own_list, read_list, spoken

TODAY = date(2026, 11, 29)
ENTRY = """
[[passport]]
issuer = "SWE"
expires_to = 2031-01-01
seen_from = 2026-01-01
seen_to = 2026-12-31
advice.nb = "Rett passet."
advice.nn = "Rett passet."
advice.en = "Straighten it."
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "known.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_an_entry_fits_by_issuer_code_and_dates(tmp_path: Path) -> None:
    known = read_list(write(tmp_path, ENTRY))
    swedish = parse(mrz(issuer="SWE"))
    assert [found["en"] for found in advice(known, swedish, TODAY)] == ["Straighten it."]
    assert advice(known, parse(mrz()), TODAY) == []
    assert advice(known, parse(mrz(issuer="SWE", expiry="310102")), TODAY) == []
    assert advice(known, swedish, date(2025, 12, 31)) == []
    assert advice(known, swedish, date(2027, 1, 1)) == []


def test_the_package_brings_its_own() -> None:
    found = advice(own_list(), parse(mrz(issuer="EST", code="RP")), TODAY)
    assert len(found) == 1
    assert set(found[0]) == set(LANGUAGES)
    assert all(known.source for known in own_list())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[passport]", "line 1"),
        ("other = 1", "nothing else"),
        ("passport = 1", "nothing else"),
        ("passport = [1]", "entry 1: is no table"),
        ("[[passport]]\nissuer = 'SWE'", "entry 1: needs advice"),
        (ENTRY + "isuer = 'SWE'\n", "no field is called isuer"),
        (ENTRY.replace("2031-01-01", "'2031'"), "expires_to is no date"),
        (ENTRY.replace('"SWE"', "1"), "issuer is no text"),
        (ENTRY.replace('"Straighten it."', '" "'), "no text"),
        (ENTRY.replace("advice.nb", "advice.Norwegian"), "no language has the code Norwegian"),
        ("[[passport]]\nadvice = {}", "entry 1: needs advice"),
    ],
)
def test_a_list_that_cannot_be_used_is_one_plain_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_list(write(tmp_path, text))
    with pytest.raises(InputError):
        read_list(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("given", "language", "told"),
    [
        ({"nb": "Rett passet."}, "nb", "Rett passet."),
        ({"nb": "Rett passet."}, "nn", "Rett passet."),
        ({"nb": "Rett passet.", "en": "Straighten it."}, "nn", "Straighten it."),
        ({"sv": "Räta ut passet.", "en": "Straighten it."}, "sv", "Räta ut passet."),
        ({"sv": "Räta ut passet."}, "en", "Räta ut passet."),
    ],
)
def test_an_office_s_own_list_may_lack_languages(
    tmp_path: Path, given: dict[str, str], language: str, told: str
) -> None:
    lines = "".join(f'advice.{code} = "{sentence}"\n' for code, sentence in given.items())
    (found,) = advice(read_list(write(tmp_path, f"[[passport]]\n{lines}")), parse(mrz()), TODAY)
    assert spoken(found, language) == told
