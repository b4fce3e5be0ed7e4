"""Numbers and tables of a board of one's own: what no kiosk can have or nobody can mean is named with file and line."""

import os
from pathlib import Path

import pytest

from stillscan.boards.table import find_board
from stillscan.technician.clashes import clashes, remarks

from .told import told


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("ROW0_STEPS = 218", "ROW0_STEPS = {}", "ROW0_STEPS is a whole number of steps from 1 to 14000, and not {}"),
        ("SENSOR_PX = (12, WIDTH_PX, 12)", "SENSOR_PX = {}", "SENSOR_PX is the line sensor's pixels before, in and"),
        ('    name = "mine"', '    name = "mine"; capabilities = {}', "capabilities is a sum of wire.CAN_..., a whole"),
        ('{"depth": 4, "line_8": 3800}', "{}", "settings is a table of names and numbers, and not {}"),
        ('"line_8": 3800', '"line_8": {}', "setting 'line_8': 2950 to 8000 us"),
    ],
)
@pytest.mark.parametrize("value", ["-1", "100000", "218.5", '"218"', "None", "[218]"])
def test_a_number_that_no_kiosk_can_have_is_named_with_file_and_line(
    mine: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str, value: str
) -> None:
    text = (mine / "board.py").read_text()
    assert old in text
    (mine / "board.py").write_text(text.replace(old, new.replace("{}", value), 1))
    line = text[: text.index(old)].count("\n") + 1
    code, out, _ = told(capsys, "boards", "check", "mine")
    assert code == 1
    shown = says.replace("{}", value.replace('"', "'"))
    assert f"mine{os.sep}board.py: line {line}: {shown}" in out.splitlines()[-1]
    code, _, err = told(capsys, "simulate", "--board", "mine", "--scenario", "slip")
    assert (code, f"mine{os.sep}board.py: line {line}: {shown}" in err) == (2, True)


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("ROW0_STEPS = 218", "ROW0_STEPS = 10**9", "line {line}: ROW0_STEPS is a whole number"),
        ("(12, WIDTH_PX, 12)", "(12, 2 * WIDTH_PX, 12)", "line {line}: SENSOR_PX is the line sensor's pixels"),
        ("(12, WIDTH_PX, 12)", "(12, WIDTH_PX, 12 - 12)", "line {line}: SENSOR_PX is the line sensor's pixels"),
        ('{"depth": 4, "line_8": 3800}', "dict(depth=7)", "line {line}: setting 'depth': 4 or 8"),
        ('name = "mine"', 'name = "m" * 17', "line {line}: 'mmmmmmmmmmmmmmmmm' is no board's name"),
        ('name = "mine"', "pass", "line {before}: has no 'name' (kiosk.parts.Board says what a board has)"),
    ],
)
def test_what_is_worked_out_is_seen_as_the_board_runs(
    mine: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str
) -> None:
    text = (mine / "board.py").read_text()
    (mine / "board.py").write_text(text.replace(old, new, 1))
    line = text[: text.index(old)].count("\n") + 1
    if "depth" in new:
        line -= 5  # where the class begins: no table is written out
    code, out, _ = told(capsys, "boards", "check", "mine")
    assert code == 1
    assert f"mine{os.sep}board.py: {says.format(line=line, before=line - 1)}" in out.splitlines()[-1]


@pytest.mark.process
@pytest.mark.slow
def test_a_window_that_the_models_do_not_have_ends_the_firmware(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It waited for ever for the rest of a line."""
    text = (mine / "board.py").read_text()
    (mine / "board.py").write_text(text.replace("(12, WIDTH_PX, 12)", "(12, 2 * WIDTH_PX, 12)"))
    code, _, err = told(capsys, "simulate", "--board", "mine", "--scenario", "slip")
    assert code == 3
    assert "ValueError: the window of the line sensor has 1476 pixels" in err


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        *(
            (f"{name} = {value}", f"'{name}' is ")
            for name in ("flash_kib", "files_kib")
            for value in ("0", "-4", "1e3", "inf", "true", '"2048"', "[2048]", "1000000000000", "2097152")
        ),
        ("files_kib = 1", "'files_kib' is a multiple of 4"),
        ("files_kib = 4096", "'files_kib' (4096) is more than 'flash_kib' (2048)"),
        ('controller = "Pico"', "no controller 'Pico' is known; there are: Raspberry Pi Pico 2 W, "),
        ('controller = "Raspberry Pi Pico 2"', "a Raspberry Pi Pico 2 has an RP2350, and 'machine' says 'Raspberry Pi"),
        ('machine = "Raspberry Pi Pico 2 with RP2350"', "a Raspberry Pi Pico has an RP2040, and 'machine' says"),
        ('arch = "armv7emsp"', "'arch' of an RP2040 is one of armv6m, not 'armv7emsp'"),
    ],
)
def test_an_entry_that_no_board_can_have_is_named_with_file_and_line(
    mine: Path, capsys: pytest.CaptureFixture[str], entry: str, says: str
) -> None:
    (mine / "board.toml").write_text(f'like = "rpi_pico"\n\n{entry}\n')
    for command in (["boards", "check"], ["simulate", "--scenario", "slip", "--board"], ["flash", "--board"]):
        code, _, err = told(capsys, *command, "mine")
        assert (code, f"board.toml: line 3: {says}" in err) == (2, True), err


def test_a_board_that_says_that_it_is_another_is_noted(mine: Path) -> None:
    text = (mine / "board.py").read_text()
    (mine / "board.py").write_text(text.replace('name = "mine"', 'name = "rpi_pico2"'))
    assert clashes(find_board("mine")) == []
    assert "it says that it is 'rpi_pico2', a board of the package" in remarks(find_board("mine"))[0]
    assert remarks(find_board("rpi_pico2")) == []


def test_with_no_controller_only_double_use_is_seen(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mine / "board.toml").write_text('like = "rpi_pico"\ncontroller = ""\n')
    board = find_board("mine")
    assert clashes(board) == []
    assert "only double use is checked" in remarks(board)[0]


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("board.toml", '[signals]\nflow_reset = "pin"\n', "board.py: line 8: PINS lacks 'flow_reset', of which"),
        ("parts.toml", '[rails]\n"5 V" = { volts = 5000 }\n', "parts.toml: line 3: 'volts' of 5 V is 5000: a"),
        ("parts.toml", '[notes]\nhomme = "x"\n', "parts.toml: line 3: a note for homme, which is not in PINS"),
        ("parts.toml", '[wires]\nhome = ["nowhere", "1"]\n', "parts.toml: line 3: home goes to 'nowhere', which"),
        ("parts.toml", '[parts.driver]\nname = "driver"\nbuy = "one"\nrail = "12 V"\ntypical = 1\npeak = 9000\n',
         "mine/parts.toml: line 2: 12 V: its parts take up to 10"),
        ("limits.toml", "[[limit]]\npart = 3\n", "limits.toml: line 3: limit: 'part' is not a text"),
    ],
)  # fmt: skip
def test_boards_check_looks_at_every_table(
    mine: Path, capsys: pytest.CaptureFixture[str], file: str, text: str, says: str
) -> None:
    like = "" if file == "limits.toml" else 'like = "rpi_pico"'
    (mine / file).write_text(f"{like}\n{text}")
    code, out, _ = told(capsys, "boards", "check", "mine")
    assert (code, says in out.splitlines()[-1]) == (1, True), out
