"""The words that a bundle may hold: codes of this house, and words of the sentences in its own source.

A bundle is made by what is let through, not by what is taken out: a name that nobody thought of is no word of these.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

from kiosk import wire
from stillscan.boards.files import boards
from stillscan.boards.settings import known
from stillscan.errors import DeviceTrouble
from stillscan.link.messages import Health
from stillscan.records import kinds
from stillscan.records.accounts import Role
from stillscan.records.admission import SIMULATED
from stillscan.records.errors import RecordsTrouble
from stillscan.records.scanners import Standing
from stillscan.scanning.inspection import NoticeKind
from stillscan.scanning.result import Outcome
from stillscan.technician.bundle import remembered
from stillscan.technician.limits import limits
from stillscan.technician.procedures.table import procedures, steps
from stillscan.verify.ruling import OK, REASONS, VERDICTS

PACKAGE = Path(__file__).parents[2]
_SENTENCES = ("link", "scanning", "terminal", "technician/bundle", "records/trouble.py", "commands/watched.py")
"""Where the sentences stand that a technician meets in a log; none of these places names anybody."""
_RULES = Path(__file__).with_name("rules.toml")
"""What `bundle read` looks for has to be let through, also where a scanner of tomorrow tells it."""
_WORD = re.compile(r"[a-z][a-z0-9_]*")


@cache
def words() -> frozenset[str]:
    """Every word that may stand in a bundle as it is."""
    return (
        codes()
        | remembered.words()
        | {word for measured in limits("") for word in _WORD.findall(" ".join(measured))}
        | set(_WORD.findall(_RULES.read_text(encoding="utf-8")))
        | {
            word
            for place in _SENTENCES
            for path in sorted((PACKAGE / place).rglob("*.py") if not place.endswith(".py") else [PACKAGE / place])
            for text in _texts(path)
            for word in _WORD.findall(text)
            if len(word) > 1
        }
    )


@cache
def codes() -> frozenset[str]:
    """Names of states, causes, parts, reasons and settings: what programs call things."""
    wired = (wire.STATES, wire.CAUSES, wire.PARTS, wire.FAULTS, wire.RESULTS, wire.ERRORS, wire.EVENTS, wire.ROLLBACKS)
    ours = (REASONS, VERDICTS, get_args(DeviceTrouble), get_args(RecordsTrouble), get_args(Outcome), get_args(Standing))
    table = known().rows.values()
    return frozenset(
        {name for names in (*wired, *ours, get_args(NoticeKind)) for name in names}
        | {*boards(), SIMULATED, OK, *map(str, Role), *kinds.LETTERS, *kinds.KEPT, kinds.PURGE}
        | {row.name for row in table}
        | {*procedures(), *steps()}
        | set(Health._fields)
        | {row.unit for row in table}
    )


def sources() -> Iterator[Path]:
    """Every module of the package."""
    yield from sorted(path for path in PACKAGE.rglob("*.py") if "_device" not in path.parts)


def _texts(path: Path) -> Iterator[str]:
    """The texts of a module that are no documentation."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value
