"""The serial transport over a pair of pseudo-terminals: what a user meets when cable, port or device are not right."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import threading
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.scripted import HELLO

from kiosk import wire
from stillscan.cli import main
from stillscan.errors import DeviceError
from stillscan.link.framing import Decoder, encode
from stillscan.link.serial_port import SerialTransport
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")


NOBODY = 65534  # an account without rights, on every Linux
TIOCGEXCL = 0x80045440  # of Linux: is the terminal marked as exclusive?


class Cable:
    """The device's end of a pseudo-terminal, and the name of the host's end."""

    def __init__(self) -> None:
        self.device, self._host = os.openpty()
        self.port = os.ttyname(self._host)
        self.plugged = True

    def unplug(self) -> None:
        if self.plugged:
            os.close(self._host)
            os.close(self.device)
            self.plugged = False


@pytest.fixture
def cable() -> Iterator[Cable]:
    made = Cable()
    yield made
    made.unplug()


def one_line(error: DeviceError, port: str) -> str:
    text = str(error)
    assert text.startswith(f"{port}: ")
    assert "\n" not in text
    assert "Errno" not in text
    return text


def read_until(transport: SerialTransport, times: int) -> None:
    """Read until it fails, ``times`` at most."""
    for _ in range(times):
        transport.read(1000)


def test_no_such_port(tmp_path: Path) -> None:
    port = str(tmp_path / "ttyACM0")
    with pytest.raises(DeviceError) as caught:
        SerialTransport(port)
    assert one_line(caught.value, port).endswith("there is no such port")


def test_a_file_is_no_port(tmp_path: Path) -> None:
    port = tmp_path / "ttyACM0"
    port.write_text("")
    with pytest.raises(DeviceError) as caught:
        SerialTransport(str(port))
    assert one_line(caught.value, str(port)).endswith("cannot be opened as a serial port")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may open everything")
def test_no_permission(tmp_path: Path) -> None:
    port = tmp_path / "ttyACM0"
    port.write_text("")
    port.chmod(0)
    with pytest.raises(DeviceError, match="permission"):
        SerialTransport(str(port))


def test_busy(cable: Cable) -> None:
    first = SerialTransport(cable.port)
    with pytest.raises(DeviceError) as caught:
        SerialTransport(cable.port)
    assert one_line(caught.value, cable.port).endswith("another program uses it")
    first.close()
    SerialTransport(cable.port).close()


def test_no_other_program_may_open_it_as_well(cable: Cable) -> None:
    """The lock that pyserial takes is a request; the terminal's own mark keeps everybody out but root."""
    exclusive = array("i", [0])
    transport = SerialTransport(cable.port)
    fcntl.ioctl(transport._serial.fileno(), TIOCGEXCL, exclusive)
    assert exclusive[0] == 1
    transport.close()
    again = SerialTransport(cable.port)
    again.close()
    other = os.open(cable.port, os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(other, TIOCGEXCL, exclusive)
    assert exclusive[0] == 0, "the mark goes with the port"
    os.close(other)


@pytest.mark.process
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may start another account's")
def test_a_program_that_asks_for_no_lock_is_kept_out(cable: Cable) -> None:
    """One that opens the port as plain as can be, and has every right to it. Only root could."""
    os.chown(cable.port, NOBODY, -1)
    opens = ["/bin/sh", "-c", f"exec 3<>{cable.port}"]

    def other() -> str:
        done = subprocess.run(opens, user=NOBODY, extra_groups=[], capture_output=True, text=True, check=False)
        return done.stderr

    assert other() == "", "while nobody has it"
    transport = SerialTransport(cable.port)
    assert os.strerror(errno.EBUSY) in other()
    transport.write(b"still ours")
    assert os.read(cable.device, 100) == b"still ours"
    transport.close()
    assert other() == ""


@pytest.mark.process
def test_a_second_stillscan_is_told(cable: Cable, capsys: pytest.CaptureFixture[str]) -> None:
    transport = SerialTransport(cable.port)
    for command in (["flash"], ["run", "--once", "--reconnect", "0"]):
        assert main([*command, "--port", cable.port]) == 3
        assert f"{cable.port}: another program uses it" in capsys.readouterr().err
    transport.close()


def test_bytes_both_ways(cable: Cable) -> None:
    transport = SerialTransport(cable.port)
    every = bytes(range(256))
    transport.write(every)
    received = b""
    while len(received) < 256:
        received += os.read(cable.device, 4096)
    assert received == every, "no translation of line ends or control characters"
    assert transport.read(0) == b""
    os.write(cable.device, every)
    received = b""
    while len(received) < 256:
        received += transport.read(1000)
    assert received == every
    assert transport.now_ms() <= transport.now_ms()
    transport.close()


def test_not_a_scanner(cable: Cable) -> None:
    """A port that swallows everything and says nothing."""
    transport = SerialTransport(cable.port)
    with pytest.raises(DeviceError) as caught:
        Session(transport, answer_ms=5.0).open()
    assert one_line(caught.value, cable.port).endswith("no stillscan scanner answers there")
    transport.close()


def test_a_scanner(cable: Cable) -> None:
    def device() -> None:
        decoder = Decoder()
        while not decoder.feed(os.read(cable.device, 4096)):
            pass
        os.write(cable.device, b"\r\n>>> " + encode(wire.M_HELLO, 0, wire.pack(wire.M_HELLO, *HELLO)))

    other = threading.Thread(target=device)
    other.start()
    transport = SerialTransport(cable.port)
    assert Session(transport).open().board_name == "scripted"
    other.join()
    transport.close()


def test_gone_while_reading(cable: Cable) -> None:
    transport = SerialTransport(cable.port)
    unplug = threading.Timer(0.05, cable.unplug)
    unplug.start()
    with pytest.raises(LinkLostError) as caught:
        read_until(transport, 20)
    assert "the scanner went away" in one_line(caught.value, cable.port)
    unplug.join()
    with pytest.raises(LinkLostError) as caught:
        transport.write(b"more")
    assert "the scanner went away" in one_line(caught.value, cable.port)
    transport.close()


def test_gone_after_its_last_words(cable: Cable) -> None:
    """Bytes and the end come at once."""
    transport = SerialTransport(cable.port)
    os.write(cable.device, b"last words")
    cable.unplug()
    with pytest.raises(LinkLostError):
        read_until(transport, 5)
    transport.close()


def test_takes_no_data(cable: Cable, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that has stopped reading: the terminal's buffer fills, the write ends."""
    monkeypatch.setattr("stillscan.link.serial_port._WRITE_TIMEOUT_S", 0.02)
    transport = SerialTransport(cable.port)
    with pytest.raises(LinkLostError) as caught:
        transport.write(bytes(200_000))
    assert one_line(caught.value, cable.port).endswith("the scanner takes no data")
    transport.close()
