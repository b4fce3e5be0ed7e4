"""Every reason that a reading can give is explained, and the explanation names the characters and what helps."""

import ast
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from PIL import Image
from test_read_command import CLEAN, SAMPLES, run

from stillscan import mrz
from stillscan.guidance import catalogue
from stillscan.mrz import backward, typeface
from stillscan.mrz.finding import QualityFinding
from stillscan.mrz.judge import CHECK, UNCERTAIN, Correction, Reading
from stillscan.mrz.why import CHECK_DIGIT, PRINT, REASONS, why, without_place

LINES = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
SURE = tuple((1.0,) * 44 for _ in LINES)
MODULES = sorted(Path(mrz.__file__).parent.glob("*.py"))


def _said(module: str, value: ast.expr | None) -> Iterator[str]:
    """The text that an expression is: itself, or the constant that it names."""
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name() | ast.Attribute():
            names = ast.unparse(value).split(".")
            found = import_module(f"stillscan.mrz.{module}")
            for name in names:
                found = getattr(found, name, None)
            if isinstance(found, str):
                yield found


def reasons_of_modules() -> set[str]:
    """Every text that is given as the reason of a reading, or as the finding that becomes one."""
    found = set[str]()
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "reason":
                found.update(_said(path.stem, node.value))
            if isinstance(node, ast.FunctionDef) and node.name == "_doubt":
                returned = (each.value for each in ast.walk(node) if isinstance(each, ast.Return))
                found.update(text for value in returned for text in _said(path.stem, value))
    return found | {typeface.OTHER, typeface.FOREIGN, backward.BACKWARD}


@pytest.mark.slow
def test_all_reasons_are_explained_and_no_others() -> None:
    assert reasons_of_modules() == set(REASONS), "a new reason needs its words in mrz/why.py"
    assert len(REASONS) > 20


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_each_reason_says_where_it_failed_and_what_helps(reason: str) -> None:
    given = reason.format(line=1, cell=12)
    told = why(Reading(reason=given))
    assert told is not None
    assert told.reason == given
    assert without_place(given) == reason
    assert told.help
    assert all(one.endswith(".") for one in told.help)
    assert f"why: {given} ({told.cause})" in told.as_text()
    assert told.help[0] in told.as_json()["help"]


@pytest.mark.parametrize("code", sorted(key.split(".")[1] for key in catalogue("en") if key.startswith("quality.")))
def test_each_fault_of_a_picture_adds_what_helps(code: str) -> None:
    fault = QualityFinding(code, f"this is {code}", 12.0, 2, (3, 4))
    told = why(Reading(reason=UNCERTAIN, quality=(fault,)))
    assert told is not None
    assert told.faults == (f"this is {code}",)
    assert len(told.help) > len(REASONS[UNCERTAIN].help)


def test_what_was_accepted_needs_no_reason() -> None:
    assert why(Reading(lines=LINES, accepted=True, valid=True)) is None


def test_doubtful_characters_are_named_with_what_stands_against_them() -> None:
    chances = (SURE[0], (*SURE[1][:4], 0.91, *SURE[1][5:]))
    reading = Reading(
        lines=LINES,
        checks={"number": False, "birth": True},
        characters=chances,
        reason=CHECK,
        unsure=((2, 5),),
        corrections=(Correction(2, 5, "S", "9"),),
    )
    told = why(reading)
    assert told is not None
    assert (told.cause, told.checks) == (CHECK_DIGIT, ("number",))
    assert told.characters == ((2, 5, "9", 0.91, "S"),)
    assert "line 2, position 5: 9, certain to 91.0%, by its print alone S" in told.as_text()


def test_where_none_is_unsure_the_least_sure_is_named() -> None:
    told = why(Reading(lines=LINES, characters=((*SURE[0][:9], 0.998, *SURE[0][10:]), SURE[1]), reason=UNCERTAIN))
    assert told is not None
    assert [(place.line, place.position) for place in told.characters] == [(1, 10)]


def test_a_strange_character_is_the_one_that_is_named() -> None:
    reason = "a character that no MRZ has, line 1, position 12"
    fault = QualityFinding("no-mrz-character", reason, line=1, characters=(12, 12))
    told = why(Reading(lines=LINES, characters=SURE, reason=reason, quality=(fault,), unsure=((2, 1),)))
    assert told is not None
    assert (told.cause, told.faults) == (PRINT, ())
    assert [(place.line, place.position) for place in told.characters] == [(1, 12)]


@pytest.mark.slow
def test_the_command_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blank = tmp_path / "blank.png"
    Image.new("L", (1476, 274), 220).save(blank)
    assert run("--why", CLEAN) == 0
    assert "why:" not in capsys.readouterr().out
    assert run("--why", str(blank)) == 1
    out = capsys.readouterr().out
    assert "why: the picture is blank (picture)" in out
    assert "help: Turn the page with the MRZ to the glass or the camera." in out
    assert run("--why", "--json", "--join", CLEAN, str(SAMPLES / "nor-expired.png")) == 1
    told = json.loads(capsys.readouterr().out)["why"]
    assert told["cause"] == "finding"
    assert told["help"] == ["Join captures of one document only."]
    assert run("--why", "--json", CLEAN) == 0
    assert json.loads(capsys.readouterr().out)["why"] is None
    assert run("--json", str(blank)) == 1
    assert "why" not in json.loads(capsys.readouterr().out)
