"""The emulated chip's port, around a chip whose core sleeps: it is switched off and on, and says how long it is on."""

from pathlib import Path

import pytest

from stillscan.simulator.chip.kiosk import ChipKiosk
from stillscan.simulator.chip.port import ChipPort
from stillscan.simulator.scene import Scene

from .conftest import ASLEEP, uf2_of

pytestmark = pytest.mark.slow

STEPS = 5  # of 2 ms


@pytest.fixture
def port(tmp_path: Path, world: Scene) -> ChipPort:
    image = tmp_path / "asleep.uf2"
    image.write_bytes(uf2_of(ASLEEP))
    return ChipPort(ChipKiosk(world, image, files={}), tmp_path / "port")


def on_ms(port: ChipPort) -> int:
    ok, ms = port.command("time").split()
    assert ok == "ok"
    return int(ms)


@pytest.mark.parametrize("command", ["power", "service"])
def test_it_says_how_long_it_has_been_on(port: ChipPort, command: str) -> None:
    assert on_ms(port) == 0
    for _ in range(STEPS):
        port.step()
    assert on_ms(port) == 2 * STEPS
    assert port.command(command) == "ok"
    assert on_ms(port) == 0
    port.step()
    assert on_ms(port) == 2
    assert port.kiosk.now_ms() == pytest.approx(2 * STEPS + 2, abs=0.1), "its clock goes on"


def test_the_service_button_is_let_go_at_the_next_reset(port: ChipPort) -> None:
    assert port.command("service") == "ok"
    assert port.kiosk.bus._inputs["service"] is False
    port.kiosk.emulator.power_up()
    assert port.kiosk.bus._inputs["service"] is True


def test_what_it_was_told_before_a_reset_is_lost(port: ChipPort) -> None:
    port.kiosk.write(b"of before")
    port.command("power")
    assert not port.kiosk.usb.to_device


def test_other_commands_are_named(port: ChipPort) -> None:
    assert port.command("coffee") == "error: no command 'coffee'; there are: service, power, time"
