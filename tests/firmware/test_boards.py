"""The boards' tables: pins against the chip's functions and the wiring, the simulator's two ends against each other."""

import ast
import re
import struct
from pathlib import Path

import pytest

from stillscan.boards.files import board_folders, boards, boards_folder, chips, firmware_folder
from stillscan.boards.table import find_board
from stillscan.simulator import bus
from stillscan.simulator.pins import PINS
from stillscan.technician.clashes import clashes

PIO_INSTRUCTIONS = {"nop", "jmp", "wait", "in_", "out", "push", "pull", "mov", "irq", "set"}


def tree(*path: str) -> ast.Module:
    return ast.parse(boards_folder().joinpath(*path).read_text(encoding="utf-8"))


def constants(module: ast.Module) -> dict[str, object]:
    """Names that a module sets to a literal, its ``const`` or to ``range``, by value."""
    found: dict[str, object] = {}
    for node in module.body:
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        target, value = node.targets[0], node.value
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Call) and ast.unparse(value.func) == "range":
            numbers = range(*(int(ast.literal_eval(argument)) for argument in value.args))
            found.update(zip((ast.unparse(name) for name in target.elts), numbers, strict=True))
        elif isinstance(target, ast.Name):
            if isinstance(value, ast.Call) and ast.unparse(value.func) == "const":
                value = value.args[0]
            try:
                found[target.id] = ast.literal_eval(value)
            except ValueError:
                continue
    return found


def pins(board: str) -> dict[str, int]:
    table = constants(tree(board, "board.py"))["PINS"]
    assert isinstance(table, dict)
    return table


@pytest.mark.parametrize("board", boards())
def test_pins_fit_the_controller(board: str) -> None:
    assert clashes(find_board(board)) == []


def code(board: str) -> str:
    """All that is Python of a board, and of what it shares."""
    return "".join(path.read_text() for folder in board_folders(board) for path in folder.glob("*.py"))


@pytest.mark.parametrize("board", chips())
def test_every_pin_of_a_table_is_used(board: str) -> None:
    used = set(re.findall(r'(?:pins\[|PINS\.get\(|_input\(|_output\()\s*"(\w+)"', code(board)))
    assert used == set(pins(board))


@pytest.mark.parametrize("board", chips())
def test_the_wiring_table_is_the_pin_table(board: str) -> None:
    readme = (boards_folder() / board / "README.md").read_text(encoding="utf-8")
    wiring = {signal: int(pin) for pin, signal in re.findall(r"^\| (\d+) \| (\w+) \|", readme, re.MULTILINE)}
    assert wiring == pins(board)


def test_programs_fit_in_one_pio_block() -> None:
    counts = {
        function.name: sum(
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PIO_INSTRUCTIONS
            for node in ast.walk(ast.Module(function.body, []))
        )
        for function in tree("rp2", "programs.py").body
        if isinstance(function, ast.FunctionDef)
    }
    assert set(counts) == {"train", "clocks"}
    assert sum(counts.values()) <= 32


@pytest.mark.parametrize("board", chips())
def test_sensor_counts_fit_in_the_program_word(board: str) -> None:
    node = next(
        item.value
        for item in tree(board, "board.py").body
        if isinstance(item, ast.Assign) and ast.unparse(item.targets[0]) == "SENSOR_PX"
    )
    assert isinstance(node, ast.Tuple)
    before, after = (int(ast.literal_eval(node.elts[i])) for i in (0, 2))
    assert 1 <= before <= 1 << 10
    assert 1 <= after <= 1 << 11


def test_simulator_pins_are_those_of_the_models() -> None:
    assert pins("simulator") == PINS


def test_simulator_operations_are_those_of_the_models() -> None:
    ours = constants(tree("simulator", "bus.py"))
    numbers = {name: value for name, value in ours.items() if name.isupper() and not name.startswith("_")}
    flags = {"EDGE", "USB_BYTES", "STEPPING", "OPEN", "LINE_HERE", "WRITTEN"}
    assert {"WRITE_PIN", "STEPPER_BUSY"} | flags <= set(numbers)
    assert numbers == {name: getattr(bus, name) for name in numbers}
    operations = [value for name, value in numbers.items() if name not in flags]
    assert sorted(map(int, map(str, operations))) == list(range(1, 22))
    assert ours["_HEADER_BYTES"] == bus.HEADER.size
    assert bus.HEADER.pack(1, 2, 3, 4, 5) == struct.pack("<III", 1 | 2 << 8 | 3 << 16, 4, 5), "as it lays them there"
    assert ours["_ANSWER_BYTES"] == bus.ANSWER.size


def test_settings_are_declared_for_the_type_checker() -> None:
    module = ast.parse((firmware_folder() / "kiosk" / "settings.py").read_text(encoding="utf-8"))
    table = constants(module)["TABLE"]
    settings = next(node for node in module.body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    declared = [ast.unparse(node.target) for node in settings.body if isinstance(node, ast.AnnAssign)]
    assert isinstance(table, tuple)
    assert declared == [row[0] for row in table]


@pytest.mark.parametrize("path", sorted(Path(firmware_folder()).rglob("*.py")), ids=lambda path: path.name)
def test_firmware_never_imports_the_type_descriptions_at_run_time(path: Path) -> None:
    module = ast.parse(path.read_text(encoding="utf-8"))
    for node in module.body:  # an import under "if TYPE_CHECKING" is not at the top level
        assert not (isinstance(node, ast.ImportFrom) and node.module == "kiosk.parts")
