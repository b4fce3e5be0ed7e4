"""The second reference design: new files alone, and a flow sensor of its own that goes through what ours does."""

import json
from pathlib import Path

import pytest

from stillscan.boards.files import board_folder, board_folders, chip, modules
from stillscan.cli import main
from stillscan.commands.world import SAMPLE
from stillscan.simulator.flow import Flow
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.models import models_of
from stillscan.simulator.scene import Scene
from stillscan.testing import Scanner
from stillscan.testing.scenario import find_scenario, read_scenario
from stillscan.testing.simulate import Simulated
from stillscan.testing.targets import Target

from .world import scene

BOARD = "rpi_pico_adns"
ADNS = models_of(BOARD).flow


def on_it(world: Scene) -> Simulated:
    return SimulatedKiosk(world, BOARD)


def test_it_is_a_folder_and_no_other_file() -> None:
    root = board_folder(BOARD).parents[1]
    code = [path for part in ("firmware", "host_tools/stillscan") for path in (root / part).rglob("*.py")]
    assert not [path for path in code if "adns" in path.read_text(encoding="utf-8").lower()]
    assert chip(BOARD).arch == chip("rpi_pico").arch


@pytest.mark.process
@pytest.mark.parametrize("name", ["slip", "lifted", "fault-flow"])
def test_the_shipped_scenarios_hold_there(name: str) -> None:
    scenario = read_scenario(find_scenario(name))
    with Scanner(scenario.seed, target=Target("sim", BOARD, on_it)) as scanner:
        scenario.run(scanner)


@pytest.mark.process
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("silent", "flow: no_answer"),
        ("stuck", "flow: stuck"),
        ("wrong-id", "flow: wrong_id"),
        ("spin", "flow: implausible"),
    ],
)
def test_each_fault_is_named_as_that_of_the_other_sensor(
    capsys: pytest.CaptureFixture[str], fault: str, reason: str
) -> None:
    assert main(["simulate", "--board", BOARD, "--document", str(SAMPLE), "--fault", f"flow-{fault}", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["reason"] == reason


def asked(sensor: Flow, data: bytes, now_us: int) -> bytes:
    sensor.select(now_us)
    answer = sensor.exchange(data, now_us)
    sensor.deselect(now_us)
    return bytes(answer)


def test_the_model_answers_as_the_data_sheet_says() -> None:
    sensor = ADNS(scene())
    assert asked(sensor, b"\x00\x00", 10) == b"\xff\xff", "before its reset"
    sensor.drive("flow_reset", 1, 1000)
    sensor.drive("flow_reset", 0, 2000)
    assert asked(sensor, b"\x00\x00", 36_000) == b"\xff\xff", "35 ms after it"
    assert asked(sensor, b"\x00\x00", 38_000)[1] == 0x17
    assert asked(sensor, b"\x3f\x00", 38_000)[1] == 0xFF - 0x17
    assert asked(sensor, b"\x0a\x00", 38_000)[1] == 0x09
    asked(sensor, b"\x8a\x19", 38_000)
    assert asked(sensor, b"\x0a\x00", 38_000)[1] == 0x19
    motion, _, _, squal, _, _, brightest = asked(sensor, b"\x50" + bytes(7), 60_000)[1:]
    assert motion in (0, 0x80)
    assert 0 < squal <= 169
    assert brightest


def test_a_model_file_is_on_no_board() -> None:
    files = modules(*board_folders(BOARD))
    assert "adns3080.py" in files
    assert not [name for name in files if name.startswith("models")]
    assert (Path(board_folder(BOARD)) / "models" / "adns3080.py").is_file()
