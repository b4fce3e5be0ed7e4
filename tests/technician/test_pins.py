"""The pin functions of the chips, and the clashes that `stillscan boards check` finds in a table of pins."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.boards.files import boards
from stillscan.boards.pins import CONTROLLERS, SIGNALS, functions, pwm_output
from stillscan.boards.table import find_board
from stillscan.cli import main
from stillscan.errors import InputError
from stillscan.technician.clashes import clashes, remarks

# Rows of the data sheets' tables "GPIO functions", typed from the page: the code makes them from rules.
ROWS = {
    0: {"SPI0 RX", "UART0 TX", "I2C0 SDA", "PWM0 A"},
    1: {"SPI0 CSn", "UART0 RX", "I2C0 SCL", "PWM0 B"},
    6: {"SPI0 SCK", "UART1 CTS", "I2C1 SDA", "PWM3 A"},
    11: {"SPI1 TX", "UART1 RTS", "I2C1 SCL", "PWM5 B"},
    12: {"SPI1 RX", "UART0 TX", "I2C0 SDA", "PWM6 A"},
    16: {"SPI0 RX", "UART0 TX", "I2C0 SDA", "PWM0 A"},
    21: {"SPI0 CSn", "UART1 RX", "I2C0 SCL", "PWM2 B"},
    25: {"SPI1 CSn", "UART1 RX", "I2C0 SCL", "PWM4 B"},
    26: {"SPI1 SCK", "UART1 CTS", "I2C1 SDA", "PWM5 A", "ADC0"},
    29: {"SPI1 CSn", "UART0 RX", "I2C0 SCL", "PWM6 B", "ADC3"},
}
PICO = "Raspberry Pi Pico"


def table(tmp_path: Path, pins: str, code: str = "", controller: str = PICO) -> Path:
    (tmp_path / "board.py").write_text(f"{code}PINS = {pins}\n", encoding="utf-8")
    (tmp_path / "board.toml").write_text(f'controller = "{controller}"\n', encoding="utf-8")
    return tmp_path


def found(tmp_path: Path, pins: str, code: str = "") -> list[str]:
    return clashes(find_board(str(table(tmp_path, pins, code))))


@pytest.mark.parametrize("gpio", ROWS)
def test_functions_are_those_of_the_data_sheet(gpio: int) -> None:
    assert functions("RP2040", gpio) == ROWS[gpio]
    assert functions("RP2350", gpio) - {"UART0 TX", "UART0 RX", "UART1 TX", "UART1 RX"} == {
        name for name in ROWS[gpio] if not (name.startswith("UART") and name.endswith(("TX", "RX")))
    }


def test_the_rp2350_has_a_second_place_for_a_uart() -> None:
    assert {"UART0 TX", "UART0 CTS"} <= functions("RP2350", 2)
    assert "UART1 RX" in functions("RP2350", 7)
    assert "UART0 TX" not in functions("RP2040", 2)


def test_the_edge_of_a_pico_is_numbered_as_printed_on_it() -> None:
    edge = CONTROLLERS[-1].edge
    assert {0: 1, 2: 4, 6: 9, 15: 20, 16: 21, 18: 24, 22: 29, 26: 31, 27: 32, 28: 34}.items() <= edge.items()
    assert sorted(edge) == [*range(23), 26, 27, 28]
    assert not set(edge.values()) & {3, 8, 13, 18, 23, 28, 30, 33, 35, 36, 37, 38, 39, 40}  # ground and supplies


@pytest.mark.parametrize("name", boards())
def test_no_board_has_a_clash(name: str) -> None:
    board = find_board(name)
    assert clashes(board) == []
    assert (board.controller is None) == (name == "simulator")
    if board.controller:
        assert remarks(board) == []


@pytest.mark.parametrize(
    ("pins", "line"),
    [
        ('{"step": 6, "home": 6}', "GPIO 6 has 2 signals, step and home: one signal a pin; free: GPIO 0, 1, 2"),
        ('{"step": 6, "step": 7}', "step is named 2 times in PINS, on GPIO 6, 7"),
        ('{"step": 30}', "step is on GPIO 30, which the RP2040 does not have (it has 0 to 29)"),
        (
            '{"step": 24}',
            "step is on GPIO 24, which the Raspberry Pi Pico keeps for its USB voltage sense and does not",
        ),
        ('{"home": 29}', "home is on GPIO 29, which the Raspberry Pi Pico keeps for its VSYS sense"),
        ('{"supply_mode": 22}', "supply_mode is on GPIO 22, which has no supply mode: right is GPIO 23"),
        (
            '{"flow_sck": 19}',
            "flow_sck is on GPIO 19, which has no SPI0 SCK: right is GPIO 2, GPIO 6, GPIO 18, GPIO 22",
        ),
        ('{"flow_sck": 10}', "flow_sck is on GPIO 10, which has no SPI0 SCK"),
        ('{"flow_miso": 17, "home": 16}', "has no SPI0 RX: right is GPIO 0, GPIO 4, GPIO 16 (now home), GPIO 20"),
        ('{"accelerometer_sda": 18}', "accelerometer_sda is on GPIO 18, which has no I2C0 SDA"),
        ('{"console_tx": 4}', "console_tx is on GPIO 4, which has no UART0 TX: right is GPIO 0, GPIO 12, GPIO 16"),
        ('{"sensor_out": 28}', "sensor_out is on GPIO 28, which has no ADC0: right is GPIO 26"),
        ('{"white": 10, "beeper": 11}', "share PWM slice 5, which has one frequency: put one on another slice; free:"),
        ('{"white": 10, "beeper": 27}', "white (GPIO 10, 20000 Hz) and beeper (GPIO 27, changing frequency) share PWM"),
        ('{"white": 10, "infrared": 26}', "are one PWM output, PWM5 A: put one on another pin"),
    ],
)
def test_a_clash_is_one_line_that_says_what_is_right(tmp_path: Path, pins: str, line: str) -> None:
    lines = found(tmp_path, pins)
    assert len(lines) == 1
    assert line in lines[0]
    assert "\n" not in lines[0]


def test_pins_for_another_slice_are_not_of_a_slice_in_use(tmp_path: Path) -> None:
    (line,) = found(tmp_path, '{"white": 10, "beeper": 11}')
    free = {int(n) for n in line.rpartition("GPIO ")[2].split(", ")}
    assert free
    assert not {n for n in free if n // 2 % 8 == 5}


@pytest.mark.parametrize("pins", ['{"white": 10, "infrared": 11}', '{"supply_mode": 23}', '{"flow_select": 9}', "{}"])
def test_what_is_right_is_no_clash(tmp_path: Path, pins: str) -> None:
    assert found(tmp_path, pins) == []


def test_unit_and_frequency_are_those_that_the_code_asks_for(tmp_path: Path) -> None:
    spi = 'spi = SPI(1, sck=Pin(PINS["flow_sck"]))\n'
    assert found(tmp_path, '{"flow_sck": 10}', spi) == []
    assert "has no SPI1 SCK" in found(tmp_path, '{"flow_sck": 18}', spi)[0]
    pwm = 'a = PWM(Pin(PINS["white"]), freq=20000)\nb = PWM(Pin(PINS["infrared"]), freq=1000)\n'
    (line,) = found(tmp_path, '{"white": 10, "infrared": 11}', pwm)
    assert "white (GPIO 10, 20000 Hz) and infrared (GPIO 11, 1000 Hz) share PWM slice 5" in line
    fan = 'a = PWM(Pin(PINS["fan"]), freq=25000)\n'
    (line,) = found(tmp_path, '{"white": 10, "fan": 11}', fan)
    assert "white (GPIO 10, 20000 Hz) and fan (GPIO 11, 25000 Hz) share PWM slice 5" in line


def test_without_a_controller_only_double_use_is_checked(tmp_path: Path) -> None:
    board = find_board(str(table(tmp_path, '{"step": 99, "home": 99, "white": 1}', controller="")))
    assert clashes(board) == ["line 1: GPIO 99 has 2 signals, step and home: one signal a pin"]
    assert "only double use is checked" in remarks(board)[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("X = 1", "has no table PINS"),
        ("PINS = make()", "line 1: PINS is not a table"),
        ('PINS = {"step": A}', "line 1: a pin in PINS is the number of a GPIO, not A"),
        ('PINS = {"step": True}', "not True"),
        ("PINS = {6: 6}", "a signal's name in PINS is a text"),
        ("PINS = {**OTHER}", "a signal's name in PINS is a text"),
        ("PINS = {", "line 1: no Python: "),
        ("\0", "line 1: no Python: "),
    ],
)
def test_a_table_that_cannot_be_read_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "board.py").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"board\.py") as error:
        find_board(str(tmp_path / "board.py"))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(sorted(SIGNALS)), st.integers(-1, 40), max_size=24))
def test_no_clash_means_that_every_pin_can_do_its_work(pins: dict[str, int]) -> None:
    board = find_board("rpi_pico2")._replace(pins=list(pins.items()), units={}, hz={})
    if clashes(board):
        return
    assert len(set(pins.values())) == len(pins)
    for signal, gpio in pins.items():
        function = SIGNALS[signal].function.replace("SPI ", "SPI0 ").replace("I2C ", "I2C0 ").replace("UART ", "UART0 ")
        inside = {("supply_mode", 23), ("supply", 29)}
        assert function in {"pin", "PWM", *functions("RP2350", gpio)} or (signal, gpio) in inside
    outputs = [pwm_output(gpio) for signal, gpio in pins.items() if SIGNALS[signal].function == "PWM"]
    assert len(set(outputs)) == len(outputs)


@pytest.mark.slow
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_one_line(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    (folder / "board.py").write_bytes(text.encode("utf-8", "replace"))
    try:
        clashes(find_board(str(folder)))
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.process
def test_the_command_lists_and_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["boards", "--json"]) == 0
    listed = {row["board"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(listed) == set(boards())
    assert listed["rpi_pico2"]["chip"] == "RP2350"
    assert listed["simulator"]["chip"] is None
    assert main(["boards"]) == 0
    assert "Raspberry Pi Pico 2" in capsys.readouterr().out
    assert main(["boards", "check"]) == 0
    assert capsys.readouterr().out.count("no clash") == len(boards())
    folder = table(tmp_path, '{"step": 24}')
    assert main(["boards", "check", str(folder)]) == 1
    assert "step is on GPIO 24" in capsys.readouterr().out
    assert main(["boards", "--json", "check", "rpi_pico2"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["clashes"] == []
    assert main(["boards", "check", "--json", "rpi_pico2", str(folder)]) == 1
    good, bad = json.loads(capsys.readouterr().out)
    assert (good["clashes"], len(bad["clashes"])) == ([], 1)


def test_a_board_that_is_not_there_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["boards", "check", "nowhere"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "rpi_pico2" in captured.err


@pytest.mark.process
def test_a_board_of_ones_own_takes_over_what_it_is_like(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = table(tmp_path, '{"step": 24}')
    (folder / "board.toml").write_text('like = "rpi_pico"\n', encoding="utf-8")
    assert main(["boards", "check", str(folder)]) == 1
    told = capsys.readouterr()
    assert "step is on GPIO 24" in told.out
    assert "no controller" not in told.out + told.err


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('like = "nowhere"', "no board 'nowhere'"),
        ("like = 5", "'like' is not a text"),
        ("like = ''", "no board ''"),
        ('like = "board.toml"', "line 1: 'like' leads back to "),
        ("flash_kib = -5", "line 1: 'flash_kib' is a number of KiB from 1 to 32768"),
        ("files_kib = 0", "line 1: 'files_kib' is a number of KiB from 1 to 32768"),
        ('arch = "z80"', "line 1: 'arch' is one of armv6m"),
        ('machine = " "', "line 1: 'machine' is what MicroPython calls the board"),
        ('[signals]\nfan = "light"', "line 2: [signals] fan: 'light' is none of pin, PWM"),
        ('[signals]\nstep = "pin"', "line 2: [signals] step: every kiosk has this signal"),
        ("shared = 5", "'shared' is not a list"),
        ("shared = [5]", "there is no folder '5'"),
        ("controller = 5", "'controller' is not a text"),
        ("colour = 'red'", "no entry is called 'colour'"),
        ("like =", "line 1"),
    ],
)
def test_a_board_toml_that_cannot_be_used_is_said(
    text: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = table(tmp_path, '{"step": 6}')
    (folder / "board.toml").write_text(f"{text}\n", encoding="utf-8")
    (folder / "parts.toml").write_text('like = "rpi_pico"\n', encoding="utf-8")
    for command in (["boards", "check", str(folder)], ["boards", "show", str(folder)]):
        assert main(command) == 2
        err = capsys.readouterr().err
        assert why in err
        assert (err.count("\n"), "board.toml" in err) == (1, True)


@pytest.mark.parametrize("like", ["5", "''", "'nowhere'", "true"])
def test_a_parts_toml_like_nothing_is_said(like: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = table(tmp_path, '{"step": 6}')
    (folder / "parts.toml").write_text(f"like = {like}\n", encoding="utf-8")
    assert main(["boards", "show", str(folder)]) == 2
    assert "parts.toml: line 1: 'like'" in capsys.readouterr().err
