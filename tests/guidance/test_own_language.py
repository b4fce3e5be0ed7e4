"""A language from outside the package: what it says is said, what it lacks is English, what is wrong has its line."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stillscan.cli import main
from stillscan.errors import InputError
from stillscan.guidance import catalogue, known_language, language_name, languages, page_texts, say
from stillscan.guidance.own_language import registered

MODULE = sys.modules["stillscan.guidance.catalogue"]  # the package has a function of that name

SWEDISH = """
[language]
name = "Svenska"

[state]
empty = "Lägg passet platt på glaset med fotosidan nedåt."

[reason]
document_expired = "Passet har gått ut."
"""


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What a test names is not there in the next one."""
    yield
    MODULE._named.clear()
    for cached in (MODULE.sections, MODULE.catalogue, registered):
        cached.cache_clear()


def written(folder: Path, text: str, name: str = "sv.toml") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_file_of_ones_own_is_a_language(tmp_path: Path) -> None:
    assert known_language(written(tmp_path, SWEDISH)) == "sv"
    assert "sv" in languages()
    assert language_name("sv") == "Svenska"
    assert say("state.empty", "sv").startswith("Lägg passet")
    assert catalogue("sv").keys() == catalogue("en").keys()
    assert page_texts("sv") == page_texts("en"), "what it lacks is said in English"


def test_a_command_takes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "explain", "document_expired", "--language", written(tmp_path, SWEDISH)]) == 0
    assert "Passet har gått ut." in capsys.readouterr().out


def test_a_package_brings_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package is a folder of metadata beside its modules."""
    (tmp_path / "stillscan_sv").mkdir()
    (tmp_path / "stillscan_sv" / "__init__.py").write_text("")
    written(tmp_path / "stillscan_sv", SWEDISH)
    about = tmp_path / "stillscan_sv-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: stillscan-sv\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[stillscan.languages]\nsv = stillscan_sv\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    registered.cache_clear()
    assert known_language("sv") == "sv"
    assert say("reason.document_expired", "sv") == "Passet har gått ut."


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('[language]\nname = "S"\n\n[state]\nemty = "x"\n', 5, "no text is called 'state.emty'"),
        ('[language]\nname = "S"\n[state]\nempty = 3\n', 4, "'state.empty' is no text"),
        ('[language]\nname = "S"\n[state]\nempty = " "\n', 4, "'state.empty' is no text"),
        ('[language]\nname = "S"\n[state]\nempty = "{passport}"\n', 4, "those of the English text: none"),
        ('[language]\nname = "S"\n[state]\nempty = "{"\n', 4, "values in braces"),
        ('state = "x"\n', 1, "'state' is no table"),
        ("[language]\n[papers]\n[papers.deadline]\nbody = 1\n", 4, "'papers.deadline.body' is no text"),
    ],
)
def test_what_is_wrong_has_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    with pytest.raises(InputError, match=re.escape(says)) as refused:
        known_language(written(tmp_path, text))
    assert f"sv.toml: line {line}: " in str(refused.value)


def test_a_language_says_its_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="what it calls itself"):
        known_language(written(tmp_path, '[state]\nempty = "Hej."\n'))


@pytest.mark.parametrize("named", ["xx", "SV.toml", "nb.toml", "swedish.toml", "sv.toml", ""])
def test_no_such_language_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], named: str) -> None:
    assert main(["rules", "explain", "--language", str(tmp_path / named) if ".toml" in named else named]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert not said.out
