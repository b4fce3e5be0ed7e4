"""Which port, and which board answers there: every refusal is one line that says what to do."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import serial
from serial.tools import list_ports

from stillscan.boards.files import chips
from stillscan.cli import main
from stillscan.errors import DeviceError, InputError, StillscanError
from stillscan.link.serial_port import UDEV_RULE, SerialTransport
from stillscan.technician.ports import find_port, port_again, recognise
from stillscan.technician.prompt import Facts

PICO2 = Facts("micropython", (1, 28, 0), "Raspberry Pi Pico 2 with RP2350", "armv7emsp", (6, 3))


def plug_in(monkeypatch: pytest.MonkeyPatch, *boards: tuple[str, str, int]) -> None:
    ports = [SimpleNamespace(device=d, serial_number=s, vid=0x2E8A, pid=p) for d, s, p in boards]
    ports.append(SimpleNamespace(device="/dev/ttyS0", serial_number=None, vid=None, pid=None))
    monkeypatch.setattr(list_ports, "comports", lambda: ports)


def test_the_one_board_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, ("/dev/ttyACM0", "E66", 0x000A), ("/dev/ttyACM1", "E77", 5))
    assert find_port(None) == "/dev/ttyACM1"
    assert find_port("/dev/ttyACM0") == "/dev/ttyACM0"


def test_no_board_and_several(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    plug_in(monkeypatch)
    assert main(["flash"]) == 3
    assert "no board is plugged in" in capsys.readouterr().err
    plug_in(monkeypatch, ("/dev/ttyACM1", "E77", 5), ("/dev/ttyACM0", "E66", 5))
    assert main(["flash"]) == 3
    assert "/dev/ttyACM0 (E66), /dev/ttyACM1 (E77); choose one with --port" in capsys.readouterr().err


def test_the_port_may_get_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, ("/dev/ttyACM0", "E66", 5))
    again, other = port_again("/dev/ttyACM0"), port_again("/dev/pts/7")
    plug_in(monkeypatch, ("/dev/ttyACM1", "E66", 5), ("/dev/ttyACM0", "E77", 5))
    assert again() == "/dev/ttyACM1"
    assert other() == "/dev/pts/7"
    plug_in(monkeypatch)
    assert again() == "/dev/ttyACM0", "it is on its way"


def test_no_permission_names_the_rule(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise serial.SerialException(13, "Permission denied")

    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises(DeviceError, match="no permission"):
        SerialTransport("/dev/ttyACM0")
    assert main(["flash", "--port", "/dev/ttyACM0"]) == 3
    assert f"sudo cp {UDEV_RULE} /etc/udev/rules.d" in capsys.readouterr().err
    rule = [line for line in UDEV_RULE.read_text().splitlines() if not line.startswith("#")]
    assert len(rule) == 1
    assert 'ATTRS{idVendor}=="2e8a", ATTRS{idProduct}=="0005"' in rule[0]


def test_the_board_says_what_it_is() -> None:
    assert recognise(PICO2, "P", None) == "rpi_pico2"
    assert recognise(PICO2._replace(machine="Pimoroni Pico Plus 2 with RP2350"), "P", "rpi_pico2") == "rpi_pico2"


REFUSED: list[tuple[dict[str, object], str | None, type[StillscanError], str]] = [
    ({"name": "circuitpython"}, None, DeviceError, "circuitpython runs there"),
    ({"name": ""}, None, DeviceError, "something else runs there"),
    ({"version": (1, 25, 9)}, None, DeviceError, "MicroPython 1.25.9 is too old: 1.26 or newer"),
    ({"mpy": (7, 0)}, None, DeviceError, "MicroPython 1.28.0 is of another kind: .* version 6.3"),
    ({"machine": "Toaster with RP2350"}, None, InputError, "'Toaster with RP2350' is no board .* choose with --board"),
    ({"machine": "Raspberry Pi Pico with RP2040", "arch": "armv6m"}, "rpi_pico2", DeviceError, "wrong board"),
    ({"arch": "rv32imc"}, None, DeviceError, "wrong board: .*rv32imc"),
    ({"machine": ""}, "rpi_pico2", DeviceError, "wrong board"),
]


@pytest.mark.parametrize(("facts", "named", "kind", "says"), REFUSED)
def test_refused(facts: dict[str, object], named: str | None, kind: type[StillscanError], says: str) -> None:
    with pytest.raises(kind, match=says):
        recognise(PICO2._replace(**facts), "P", named)  # type: ignore[arg-type]


def test_a_board_that_answers_is_the_reference_design_of_its_name() -> None:
    """Others on the same controller, made after it, are named by whoever flashes them."""
    for machine in {chip.machine for chip in chips().values()}:
        first, *others = [board for board, chip in chips().items() if chip.machine == machine]
        assert all(board.startswith(f"{first}_") for board in others)
