"""What the host has MicroPython do at its prompt."""

import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import serial

from stillscan.errors import DeviceError
from stillscan.link.transport import LinkLostError
from stillscan.technician import prompt


def test_nothing_that_the_host_says_next_interrupts_a_restart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One HELLO in twelve holds the byte of Ctrl-C, and the host says HELLO as soon as it has asked for the restart."""
    done: list[object] = []
    modules = {
        "machine": SimpleNamespace(reset=lambda: done.append("reset")),
        "micropython": SimpleNamespace(kbd_intr=done.append),
        "time": SimpleNamespace(sleep_ms=lambda ms: done.append(capsys.readouterr().out)),
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    exec(prompt._RESET, {})
    assert done == [-1, "restarting\n", "reset"], "deaf to Ctrl-C before it says so, and told before it is gone"


def test_the_end_of_a_command_is_waited_for_as_long_as_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """mpremote's own ten seconds are too few for a chip that is emulated on a busy computer."""
    waits: list[object] = []

    def read_until(self: object, least: int, ending: bytes, timeout: object, *more: object, **named: object) -> bytes:
        waits.append(timeout)
        return ending

    monkeypatch.setattr(prompt.Mpremote, "read_until", read_until)
    transport = prompt._Mpremote.__new__(prompt._Mpremote)
    transport.silence_s = 300.0
    assert transport.read_until(1, b"\x04") == b"\x04"
    assert transport.read_until(1, b"\x04", timeout=0.3, timeout_overall=1.5) == b"\x04"
    assert waits == [300.0, 0.3]


GONE = [serial.SerialException("device disconnected"), OSError(5, "Input/output error")]


class Port:
    """One that goes: every look at it fails."""

    timeout = 0.0

    @property
    def in_waiting(self) -> int:
        raise OSError(5, "Input/output error")


@pytest.mark.parametrize("error", GONE)
@pytest.mark.parametrize("read", [0, 1, 2])
def test_a_board_that_is_gone_before_its_answer_was_read_has_restarted(read: int, error: OSError) -> None:
    """It says that it restarts, and 10 ms later its port is gone: as long as mpremote waits between two looks."""
    left = read

    def gone(*_: object, **__: object) -> bytes:
        nonlocal left
        if not left:
            raise error
        left -= 1
        return b"restarting"

    board = prompt.Prompt.__new__(prompt.Prompt)
    board._port = "/dev/x"
    port = SimpleNamespace(exec_raw_no_follow=gone, read_until=gone, in_raw_repl=True, silence_s=1.0)
    board._transport = SimpleNamespace(**vars(port), serial=Port())  # type: ignore[assignment]
    board.reset()
    assert not board._transport.in_raw_repl


@pytest.mark.parametrize("error", GONE)
def test_a_port_that_goes_is_no_trouble_of_the_boards_files(error: OSError) -> None:
    def gone(*_: object, **__: object) -> bytes:
        raise error

    board = prompt.Prompt.__new__(prompt.Prompt)
    board._port = "/dev/x"
    board._transport = SimpleNamespace(fs_readfile=gone, serial=Port())  # type: ignore[assignment]
    with pytest.raises(LinkLostError, match="the board went away"):
        board.read("slots.json")
    board._transport.serial = SimpleNamespace(in_waiting=0)
    if not isinstance(error, serial.SerialException):
        with pytest.raises(DeviceError, match="file system says: EIO"):
            board.read("slots.json")


DAMAGED = "an answer at MicroPython's prompt arrived damaged; try again"
ASKS = {
    "facts": lambda board: board.facts(),
    "free": lambda board: board.free(),
    "digests": lambda board: board.digests("a/"),
    "firmware": lambda board: board.firmware("a"),
}


def answering(answer: Callable[..., bytes]) -> prompt.Prompt:
    board = prompt.Prompt.__new__(prompt.Prompt)
    board._port = "/dev/x"
    board._transport = SimpleNamespace(exec=answer, fs_readfile=answer)  # type: ignore[assignment]
    return board


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize("said", [b"\xdf\x00\x01", b"(1, 2", b"", b"'x', 3", b"[" * 5000, b"1,", b"\0"])
def test_an_answer_that_arrives_damaged_is_the_devices_trouble(ask: str, said: bytes) -> None:
    """Frames of a firmware that has not ended yet, or a line that loses bytes."""
    if (ask, said) == ("digests", b""):
        return  # no file is there
    if ask == "firmware" and said in (b"'x', 3", b"1,"):
        assert answering(lambda *_: said).firmware("a") is None
        return
    with pytest.raises(DeviceError, match=DAMAGED):
        ASKS[ask](answering(lambda *_: said))


@pytest.mark.parametrize("error", [UnicodeDecodeError("utf-8", b"\xdf", 0, 1, "invalid"), ValueError(), SyntaxError()])
def test_what_mpremote_cannot_make_out_is_the_devices_trouble(error: Exception) -> None:
    def fails(*_: object, **__: object) -> bytes:
        raise error

    for ask in (*ASKS.values(), lambda board: board.read("slots.json")):
        with pytest.raises(DeviceError, match=DAMAGED):
            ask(answering(fails))
