"""Settings that are legal each and deadly together are refused; any that are accepted let a still passport through."""

from __future__ import annotations

import ast
import json
import random

import pytest

from kiosk import wire
from stillscan.boards.files import boards_folder
from stillscan.link.messages import Error
from tests.covering import some

from .combinations import DEFAULTS, OF_FIRMWARE, TABLE, check
from .rig import Rig

NUMBERS = {name: number for number, name in enumerate(DEFAULTS)}
CLASHES = (
    {"dwell": 5000, "time_limit": 1000},
    {"dwell": 5000, "time_limit": 5000},
    {"dwell": 1000, "time_limit": 1500},
    {"dwell_again": 5000, "time_limit": 1000},
    {"dwell": 3000, "dwell_again": 3000, "time_limit": 6500},
    {"slip": 30},
    {"flow_scale": 500},
    {"slip": 99, "flow_scale": 1000},
    {"line_8": 8000},
)


def legal_each(values: dict[str, int]) -> bool:
    return all(OF_FIRMWARE["fits"](NUMBERS[name], value) for name, value in values.items())


@pytest.mark.parametrize("values", CLASHES, ids=str)
def test_a_deadly_combination_is_refused_in_whatever_order_it_comes(values: dict[str, int]) -> None:
    assert legal_each(values)
    with Rig() as rig:
        for names in (list(values), list(reversed(values))):
            answers = [rig.ask(wire.C_SETTING_SET, NUMBERS[name], values[name]) for name in names]
            assert answers[-1] == Error(wire.E_CLASH, NUMBERS[names[-1]])
            for name in names:
                rig.setting(name, DEFAULTS[name])
        stored = json.loads((rig.folder / "settings.json").read_text())
        assert {name: stored[name] for name in values} == {name: DEFAULTS[name] for name in values}


@pytest.mark.parametrize("values", CLASHES, ids=str)
def test_a_deadly_combination_that_is_stored_is_not_in_force(values: dict[str, int]) -> None:
    with Rig(files={"settings.json": json.dumps(values | {"ring": 7}).encode()}) as rig:
        in_force = {name: setting.value for name, setting in rig.host.settings().items()}
        assert not OF_FIRMWARE["clash"](in_force)
        assert in_force == DEFAULTS | {"ring": 7}
        rig.setting("volume", 9)
        assert json.loads((rig.folder / "settings.json").read_text()) == {"ring": 7, "volume": 9}, "nor stored any more"


def combination(rng: random.Random) -> dict[str, int]:
    """Of values that a technician or an attacker would try: the ends of the ranges, mostly."""
    while True:
        values = {
            name: rng.choice((low, low, high, high, default, rng.randint(low, high)))
            for name, _, default, low, high in TABLE
        }
        values["depth"] = rng.choice((4, 8))
        if not OF_FIRMWARE["clash"](values):
            return values


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.parametrize("seed", some(range(12), 5))
def test_any_accepted_combination_lets_a_still_passport_through(seed: int) -> None:
    values = combination(random.Random(seed))
    outcome, reason, in_force = check(values, seed)
    assert in_force == values
    assert (outcome, reason) == ("verified", "ok")


def of_boards() -> list[dict[str, int]]:
    """Defaults in which boards differ: the literal in their board.py."""
    found = []
    for path in sorted(boards_folder().glob("*/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            if isinstance(target, ast.Attribute) and target.attr == "settings":
                found.append(ast.literal_eval(node.value))  # type: ignore[attr-defined]
    return found


def test_the_defaults_of_every_board_agree() -> None:
    boards = of_boards()
    assert {"depth": 4, "line_8": 3800} in boards
    for board in boards:
        assert legal_each(board)
        assert OF_FIRMWARE["clash"](DEFAULTS | board) == ()
