"""parts.toml of the boards: what it may say, the power that its parts take, and the tables made from it."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.boards.files import boards, boards_folder
from stillscan.boards.table import find_board
from stillscan.cli import main
from stillscan.errors import InputError
from stillscan.technician import tables
from stillscan.technician.parts import read_parts
from stillscan.technician.power import budget, shortages

WITH_PARTS = [name for name in boards() if (boards_folder() / name / "parts.toml").exists()]
REFERENCE = (boards_folder() / "rpi_pico2" / "parts.toml").read_text(encoding="utf-8")
BOARD = '"""A kiosk on a Raspberry Pi Pico."""\nPINS = {"step": 6}\n'
LEAST = """
[rails]
"5 V" = { volts = 5, most = 100, source = "plug" }
"3.3 V" = { volts = 3.3, most = 50, parent = "5 V", efficiency = 0.66, source = "converter" }
[wires]
step = ["driver", "STEP"]
[parts.driver]
name = "driver"
buy = "one, from there"
rail = "3.3 V"
typical = 10
peak = 20
"""


def kiosk(folder: Path, text: str) -> Path:
    (folder / "board.py").write_text(BOARD, encoding="utf-8")
    (folder / "parts.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", WITH_PARTS)
def test_readme_has_the_tables_and_the_picture(name: str) -> None:
    board = find_board(name)
    readme = (board.folder / "README.md").read_text(encoding="utf-8")
    for cells in tables.tables(board, read_parts(board)):
        assert cells.markdown() in readme, f"{cells.name}: see stillscan boards show {name} --markdown"
    assert "](schematic.svg)" in readme


@pytest.mark.parametrize("name", WITH_PARTS)
def test_no_supply_is_too_weak(name: str) -> None:
    parts = read_parts(find_board(name))
    assert shortages(parts) == {}
    assert {"USB", "3.3 V", "12 V", "5 V"} <= {rail.rail for rail in budget(parts)}


def test_every_figure_of_the_power_budget_has_its_source() -> None:
    for part in read_parts(find_board("rpi_pico2")).parts.values():
        assert bool(part.rail) == bool(part.why)
        assert part.typical <= part.peak


def test_a_rail_adds_what_is_made_from_it(tmp_path: Path) -> None:
    parts = read_parts(find_board(str(kiosk(tmp_path, LEAST))))
    above, below = budget(parts)
    assert (below.typical, below.peak) == (10, 20)
    assert above.typical == pytest.approx(10)  # 10 mA x 3.3 V / 5 V / 0.66
    assert above.peak == pytest.approx(20)
    assert shortages(parts) == {}


def test_a_supply_that_is_too_weak_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = kiosk(tmp_path, LEAST.replace("most = 50", "most = 19"))
    assert main(["boards", "show", str(folder)]) == 1
    assert "3.3 V: its parts take up to 20 mA, and it can give 19 mA" in capsys.readouterr().out
    assert main(["boards", "show", "--json", str(folder)]) == 1
    assert len(json.loads(capsys.readouterr().out)["shortages"]) == 1


def test_a_table_may_be_like_another(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    kiosk(tmp_path, LEAST)
    folder = kiosk(tmp_path / "mine", 'like = "../parts.toml"\n[parts.driver]\nname = "other"\nbuy = "two"\n')
    parts = read_parts(find_board(str(folder)))
    assert (parts.parts["driver"].name, parts.parts["driver"].rail) == ("other", None)
    assert set(parts.rails) == {"5 V", "3.3 V"}
    with pytest.raises(InputError, match="driver"):
        read_parts(find_board(str(kiosk(tmp_path / "mine", 'like = "../parts.toml"\n[parts]\ndriver = {}\n'))))
    with pytest.raises(InputError, match="line 1: 'like' leads back to"):
        read_parts(find_board(str(kiosk(tmp_path, 'like = "parts.toml"\n'))))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[rails]", "[rails", "parts.toml: "),
        ("[rails]", "[rail]", "line 2: 'rail' is none of the tables rails, wires, notes, parts"),
        ("[rails]", "notes = 3\n[rails]", "line 2: 'notes' is none of the tables"),
        ("volts = 5,", "", "line 3: 5 V has no 'volts'"),
        ("volts = 5,", "volts = 0,", "line 3: 'volts' of 5 V is 0: a number of volts from 0.1 to 60"),
        ("volts = 5,", "volts = 5000,", "line 3: 'volts' of 5 V is 5000: a number of volts"),
        ("volts = 5,", "volts = nan,", "line 3: 'volts' of 5 V is nan: a number of volts"),
        ("most = 50,", "most = inf,", "line 4: 'most' of 3.3 V is inf: a number of mA from 1"),
        ("most = 50,", "most = true,", "line 4: 'most' of 3.3 V is True: a number of mA"),
        ("most = 50,", "most = 0.05,", "line 4: 'most' of 3.3 V is 0.05: a number of mA"),
        ("efficiency = 0.66", "efficiency = 66", "line 4: 'efficiency' of 3.3 V is 66: a number from 0.01 to 1"),
        ("efficiency = 0.66", "efficiency = -1", "line 4: 'efficiency' of 3.3 V is -1: a number"),
        ("typical = 10", "typical = 30", "line 11: 'typical' of driver is more than its 'peak'"),
        ("peak = 20", "peak = 1000000", "line 12: 'peak' of driver is 1000000: a number of mA from 0 to 100000"),
        ("peak = 20", "peak = [20]", "line 12: 'peak' of driver is [20]: a number of mA"),
        ("[parts.driver]", "[notes]\nstep = 3\n[parts.driver]", "line 8: the note on step is not a text"),
        ("[parts.driver]", '[notes]\nhome = "x"\n[parts.driver]', "line 8: a note for home, which is not in PINS"),
        ('buy = "one, from there"', "buy = 1", "line 9: 'buy' of driver is not a text"),
        ("volts = 5,", 'volts = "5",', "line 3: 'volts' of 5 V is '5': a number of volts from 0.1"),
        (
            'parent = "5 V"',
            'parent = "3.3 V"',
            "line 4: the rail 3.3 V is made from '3.3 V', which is",
        ),
        ('["driver", "STEP"]', '"driver"', "line 6: the wire step is not [part, its pin"),
        ('["driver", "STEP"]', '["drive", "STEP"]', "line 6: step goes to 'drive', which is no part"),
        ('"STEP"]', '"STEP", "coil 1"]', "line 6: 'coil' on the wire step is none of series, up"),
        ("step =", "stop =", "line 5: no wire for the signal step"),
        ("[parts.driver]", 'home = ["driver", "H"]\n[parts.driver]', "line 7: a wire for home, which is not in PINS"),
        ("typical = 10", "typicl = 10", "line 11: driver has an entry 'typicl'"),
        ("typical = 10", "typical = -1", "line 11: 'typical' of driver is -1"),
        ('rail = "3.3 V"', 'rail = "9 V"', "line 7: driver hangs on '9 V', which is no rail"),
        ("peak = 20", "drawn = [1]", "line 12: 'drawn' of driver is not a list of [pin, rail or net]"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in LEAST
    with pytest.raises(InputError) as error:
        read_parts(find_board(str(kiosk(tmp_path, LEAST.replace(old, new)))))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.slow
@given(st.integers(0, len(REFERENCE)), st.integers(0, 60), st.text(max_size=5))
def test_a_damaged_table_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, at: int, length: int, other: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / "damaged"
    folder.mkdir(exist_ok=True)
    text = REFERENCE[:at] + other + REFERENCE[at + length :]
    (folder / "parts.toml").write_bytes(text.encode("utf-8", "replace"))
    board = find_board("rpi_pico2")._replace(folder=folder)
    try:
        tables.tables(board, read_parts(board))
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.slow
def test_the_command_shows_wiring_parts_and_power(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["boards", "show", "rpi_pico2"]) == 0
    shown = capsys.readouterr().out
    assert all(title in shown for title in ("wiring", "other pins", "parts", "power"))
    assert main(["boards", "show", "rpi_pico2", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["wires"]["step"]["part"] == "driver"
    assert facts["rails"]["12 V"]["peak"] < facts["rails"]["12 V"]["most"]
    assert main(["boards", "show", "rpi_pico2", "--markdown"]) == 0
    assert len(re.findall(r"^\| --- ", capsys.readouterr().out, re.MULTILINE)) == 4
    assert main(["boards", "show", "simulator"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
