"""A board brings a chip model of its own for any sensor, by its board.toml."""

import dataclasses
from pathlib import Path

import pytest

from stillscan.boards.files import MODELLED
from stillscan.boards.new import make_board
from stillscan.commands.world import SAMPLE, scene
from stillscan.errors import InputError
from stillscan.simulator.bus import Bus
from stillscan.simulator.models import OURS, Models, models_of


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return make_board(str(tmp_path / "mine"), "rpi_pico")


def modelled(board: Path, part: str, text: str) -> str:
    (board / "own.py").write_text(text)
    table = (board / "board.toml").read_text()
    (board / "board.toml").write_text(table.replace("# [models]", f'[models]\n{part} = "own.py:Own"'))
    return str(board)


def test_the_two_lists_are_one() -> None:
    assert tuple(field.name for field in dataclasses.fields(Models)) == MODELLED


@pytest.mark.parametrize("part", MODELLED)
def test_it_takes_the_place_of_ours(mine: Path, part: str) -> None:
    base = getattr(OURS, part)
    own = f"from {base.__module__} import {base.__name__}\n\n\nclass Own({base.__name__}):\n    OURS = False\n"
    models = models_of(modelled(mine, part, own))
    sensor = getattr(Bus(scene(SAMPLE, None, "still", "clean", 1, 5.0), models=models), part)
    assert isinstance(sensor, base)
    assert sensor.OURS is False


@pytest.mark.parametrize("part", MODELLED)
def test_a_model_of_another_part_is_none(mine: Path, part: str) -> None:
    with pytest.raises(
        InputError, match=rf"own.py: has no class 'Own' that is made from .*\.{getattr(OURS, part).__name__}"
    ):
        models_of(modelled(mine, part, "class Own:\n    pass\n"))
