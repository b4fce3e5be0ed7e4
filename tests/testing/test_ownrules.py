"""Rules from outside the package: one, a folder's set, those of an installed package; what is wrong has its line."""

import re
from pathlib import Path

import pytest

from stillscan.errors import InputError
from stillscan.testing.ownrules import load_rules

FILES = {
    "one.py": "def never(mrz):\n    return 'never'\n\n\nBOTH = [never, never]\nNUMBER = 3\nNONE = []\n",
    "beside.py": "WORD = 'beside'\n",
    "rules.py": "from beside import WORD\n\n\ndef never(mrz):\n    return WORD\n\n\nRULES = (never,)\n",
    "broken.py": "x = 1\nraise KeyError('no')\n",
    "odd.py": "def f(:\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def said(name: str, folder: Path) -> list[object]:
    return [rule(None) for rule in load_rules(name, folder)]  # type: ignore[arg-type]


def test_a_rule_or_a_list_of_them(folder: Path) -> None:
    assert said("one.py:never", folder) == ["never"]
    assert said("one.py:BOTH", folder) == ["never", "never"]


def test_a_folder_has_its_set_and_what_lies_beside(folder: Path) -> None:
    assert said(".", folder) == ["beside"]
    assert said(folder.name, folder.parent) == ["beside"]


def test_a_package_registers_a_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = folder / "own_rules-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: own-rules\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[stillscan.rules]\nboth = one:BOTH\n")
    monkeypatch.syspath_prepend(str(folder))
    assert said("both", folder) == ["never", "never"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("none.py:f", "none.py: no such file"),
        ("one.py:sometimes", "has no function 'sometimes'"),
        ("one.py:NUMBER", "neither a function nor a list of functions"),
        ("one.py:NONE", "neither a function nor a list of functions"),
        ("broken.py:f", "broken.py: line 2: KeyError"),
        ("odd.py:f", "odd.py: line 1: SyntaxError"),
        ("nobody", "no package has registered it"),
    ],
)
def test_what_is_wrong_is_said(folder: Path, name: str, says: str) -> None:
    with pytest.raises(InputError, match=re.escape(says)):
        load_rules(name, folder)
