"""SECURITY.md claims nothing that no test shows: each row names tests, and every test that is named exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
_NAMED = re.compile(r"`(test_\w+|tests/[\w/.]+)`")


def rows() -> list[tuple[str, str, str]]:
    """Who, claim, and what shows it, of the table of attackers."""
    section = DOCUMENT.split("## Who attacks")[1].split("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in section.splitlines() if line[:1] == "|"
    ]
    return [(who, claim, shown) for who, claim, shown in cells[2:]]


def functions() -> set[str]:
    """The names of all tests."""
    return {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_claim_names_what_shows_it() -> None:
    assert len(rows()) > 15
    assert [claim for _, claim, shown in rows() if not _NAMED.findall(shown)] == []
    assert [shown for _, _, shown in rows() if re.sub(r"[,\s]", "", _NAMED.sub("", shown))] == [], "names, nothing else"


@pytest.mark.slow
def test_every_test_that_is_named_exists() -> None:
    known = functions()
    named = set(_NAMED.findall(DOCUMENT))
    assert [name for name in named if not name.startswith("tests/") and name not in known] == []
    assert [name for name in named if name.startswith("tests/") and not (ROOT / name).is_file()] == []


def test_every_attacker_of_the_plan_has_a_row() -> None:
    wanted = {
        "clerk", "customer", "gadget on the cable", "other program on the port", "other account",
        "website in the clerk's browser", "somebody with the database", "stolen disk", "network",
        "update from elsewhere",
    }  # fmt: skip
    assert wanted <= {who for who, _, _ in rows()}
