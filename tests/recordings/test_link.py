"""A link recorded, and played to a program that does not know the difference."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from kiosk import wire
from stillscan.cli import main
from stillscan.errors import DeviceError, EnvironmentTroubleError, InputError
from stillscan.link.messages import Abort, Health, State
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError
from stillscan.recordings import link
from stillscan.recordings.file import LINK, VISIT, Recording, read
from stillscan.recordings.link import LinkFile, Player
from stillscan.recordings.rows import Row
from stillscan.technician import at_scanner

HELLO: Row = ["<hello", 1, 2, 0, 1, 0, "rpi_pico", 7, 1476, 274, 84667, 2950, 2048, 1, 15]
TALK: list[tuple[float, Row]] = [
    (0.0, [">hello", 1, 2]),
    (5.0, HELLO),
    (6.0, [">subscribe", 7]),
    (9.0, ["<state", 1, 0, 0, 0, 0, 1000]),
    (300.0, ["<state", 2, 0, 0, 0, 0, 1300]),
    (310.0, ["gap", 3]),
    (320.0, ["<health", *range(14), 7, 7]),
]


def session(*rows: tuple[float, Row]) -> Session:
    player = Player("it", Recording(LINK, "0.1.0", "?", [*TALK, *rows]), paced=False)
    opened = Session(player.open())
    opened.open()
    return opened


def test_it_says_what_it_said_at_the_same_pace() -> None:
    played = session()
    assert played.hello is not None
    assert (played.hello.board_name, played.hello.scanner_id) == ("rpi_pico", None)
    first, began = played.poll(1000), played.transport.now_ms()
    second = played.poll(1000)
    assert isinstance(first, State)
    assert isinstance(second, State)
    assert played.transport.now_ms() - began == pytest.approx(291.0, abs=1.0)
    assert isinstance(played.poll(1000), Health)
    assert played.reception.lost_frames == 3
    with pytest.raises(LinkLostError, match="the recording is over"):
        played.poll(1000)


def test_it_waits_for_what_it_was_told_and_not_for_ever() -> None:
    played = session((400.0, [">sweep", 0, 273]), (450.0, ["<state", 3, 0, 0, 0, 0, 1700]))
    for _ in range(3):
        played.poll(1000)
    assert played.poll(500) is None
    played.send(wire.C_SWEEP, 0, 273)
    message = played.poll(1000)
    assert isinstance(message, State)
    assert message.state == wire.STILL

    other = session((400.0, [">sweep", 0, 273]))
    for _ in range(3):
        other.transport.read(1000)
    with pytest.raises(LinkLostError, match="goes on with SWEEP"):
        other.transport.read(60_000)


def test_connections_come_one_after_another() -> None:
    player = Player("it", Recording(LINK, "0.1.0", "?", [*TALK[:2], (9.0, ["lost"]), *TALK[:2]]), paced=False)
    for _ in range(2):
        assert Session(player.open()).open(0).board_name == "rpi_pico"
    with pytest.raises(DeviceError, match="the recording is over"):
        player.open()


def test_a_visit_is_no_link() -> None:
    with pytest.raises(InputError, match="stillscan replay"):
        Player("it", Recording(VISIT, "0.1.0", "?", []))


@pytest.mark.process
@pytest.mark.slow
def test_a_command_says_the_same_of_a_link_as_of_its_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "link.recording"
    assert main(["scanner", "settings", "--port", "sim", "--record-link", str(file), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    recording = read(file)
    assert (recording.kind, recording.cut) == (LINK, False)
    assert main(["scanner", "settings", "--port", f"play:{file}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == said

    monkeypatch.setattr(at_scanner, "ANSWER_MS", 100.0)  # of what was not recorded no answer will come
    assert main(["scanner", "health", "--port", f"play:{file}"]) == 3
    file.write_bytes(b"nothing")
    assert main(["scanner", "info", "--port", f"play:{file}"]) == 2
    assert "is no recording" in capsys.readouterr().err
    assert main(["scanner", "info", "--port", "play:"]) == 2


@pytest.mark.process
@pytest.mark.slow
def test_what_a_simulated_check_says_is_recorded_by_its_own_clock(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "link.recording"
    assert main(["simulate", "--scenario", "slip", "--record-link", str(file), "--json"]) == 0
    took_ms = json.loads(capsys.readouterr().out)["virtual_ms"]
    recording = read(file)
    assert (recording.kind, recording.cut) == (LINK, False)
    assert recording.rows[-1][0] == pytest.approx(took_ms, abs=10)
    played = Session(Player("it", recording, paced=False).open())
    assert played.open().board_name == "simulator"
    said = []
    while wire.MOVED not in said:
        if isinstance(message := played.poll(1000), State):
            said.append(message.state)
        elif isinstance(message, Abort):
            played.send(wire.C_SWEEP, message.row, 273)
    assert said == [wire.EMPTY, wire.PLACED, wire.STILL, wire.SCANNING, wire.MOVED]


class Full:
    """A file on a disk that is full: what is put out cannot be written, and so it cannot be closed well either."""

    name, closed = "full.recording", False

    def __init__(self, fits: int) -> None:
        self._fits = fits

    def write(self, data: bytes) -> None:
        self._fits -= len(data)
        if self._fits < 0:
            raise OSError(errno.ENOSPC, "No space left on device")

    flush = write

    def close(self) -> None:
        self.closed = True
        if self._fits < 0:
            raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("fits", [100, 150])
def test_a_full_disk_costs_the_recording_alone_and_is_told_at_the_end(
    fits: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "opened_to_write", lambda _: Full(fits))
    file = LinkFile(tmp_path / "full.recording")
    for at_ms in range(5):
        file.row(["lost"], float(at_ms))
    with pytest.raises(EnvironmentTroubleError, match=r"full\.recording: cannot be written: no space left"):
        file.close()
