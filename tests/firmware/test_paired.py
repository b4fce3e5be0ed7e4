"""A board that was paired obeys the host that it is paired with, and nobody else; nobody else ends its session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kiosk import wire
from stillscan.boards.files import boards_folder, firmware_folder, simulated_folders
from stillscan.boards.versions import Version
from stillscan.commands.world import SAMPLE, scene
from stillscan.link.framing import Decoder, encode
from stillscan.link.identity import NotPairedError
from stillscan.link.messages import Band, Error, Hello, Message, Setting, State, SweepEnd
from stillscan.link.pairing import BOARD_FILE, Pairing
from stillscan.link.session import Session
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.process import Firmware

pytestmark = pytest.mark.process
PAIRING = Pairing("0123456789abcdef", bytes(range(32)))
CHANGING = {
    wire.C_SUBSCRIBE: (0,),
    wire.C_SWEEP: (0, 273),
    wire.C_FINISH: (1,),
    wire.C_SETTING_SET: (3, 150),
    wire.C_CALIBRATE: (0, 0),
    wire.C_RECOVER: (),
    wire.C_SERVICE: (30,),
    wire.C_MEASURE: (wire.INT1, 0, 0, -1, 1),
    wire.C_UPLOAD: (1, 0, 0),
}


class Board:
    """A paired kiosk, and the host that has its key; ``sent`` is what that host has said, ``heard`` what it heard."""

    def __init__(self) -> None:
        self.kiosk = SimulatedKiosk(scene(SAMPLE, None, "still", "clean", 1, 10.0), pairing=PAIRING)
        self.sent: list[bytes] = []
        self.raw = bytearray()
        self.name, self.pseudo = self.kiosk.name, True
        self.now_ms, self.close = self.kiosk.now_ms, self.kiosk.close
        self.session = Session(self, admission=lambda hello, transport: PAIRING.key)
        self.heard: list[Message] = []
        self.session.open()
        self.until(wire.EMPTY)

    def read(self, timeout_ms: float) -> bytes:
        """See Transport."""
        data = self.kiosk.read(timeout_ms)
        self.raw += data
        return data

    def write(self, data: bytes) -> None:
        """See Transport."""
        self.sent.append(data)
        self.kiosk.write(data)

    def say(self, kind: int, *values: object, sequence: int = 60_000) -> None:
        """Another program says something, in between."""
        self.kiosk.write(encode(kind, sequence, wire.pack(kind, *values)))

    def listen(self, ms: float) -> list[Message]:
        """What the host hears in so long."""
        began = len(self.heard)
        end = self.now_ms() + ms
        while (left := end - self.now_ms()) > 0.001:
            message = self.session.poll(left)
            if message is not None:
                self.heard.append(message)
        return self.heard[began:]

    def until(self, state: int, ms: float = 8000) -> None:
        """Until the scanner says this state."""
        end = self.now_ms() + ms
        while self.now_ms() < end:
            message = self.session.poll(100)
            if message is not None:
                self.heard.append(message)
            if isinstance(message, State) and message.state == state:
                return
        raise AssertionError(f"no state {wire.STATES[state]}")

    def setting(self, name: str) -> Setting:
        return self.session.settings()[name]

    def frames(self) -> list[int]:
        """Types of all that the scanner has sent."""
        return [frame.kind for frame in Decoder().feed(bytes(self.raw))]


def errors(said: list[Message]) -> list[Error]:
    return [message for message in said if isinstance(message, Error)]


@pytest.fixture
def board() -> Iterator[Board]:
    made = Board()
    yield made
    made.kiosk.close()


def test_only_its_own_host_is_obeyed(board: Board) -> None:
    slip = board.setting("slip")
    for kind, values in CHANGING.items():
        board.say(kind, *values)
        assert errors(board.listen(100)) == [Error(wire.E_NOT_PAIRED, kind)], hex(kind)
    assert board.setting("slip") == slip
    board.session.set(slip.setting, 200)
    assert board.setting("slip").value == 200


def test_what_its_host_has_said_once_is_not_obeyed_again(board: Board) -> None:
    number = board.setting("slip").setting
    board.session.set(number, 200)
    recorded = board.sent[-1]
    board.session.set(number, 300)
    board.kiosk.write(recorded)
    assert errors(board.listen(100)) == [Error(wire.E_NOT_PAIRED, wire.C_SETTING_SET)]
    assert board.setting("slip").value == 300


def test_what_was_said_in_a_former_session_is_not_obeyed(board: Board) -> None:
    number = board.setting("slip").setting
    board.session.set(number, 200)
    recorded = list(board.sent)
    board.session = Session(board, admission=lambda hello, transport: PAIRING.key)
    board.session.open()
    board.session.set(number, 300)
    began = len(board.raw)
    for frame in recorded:
        board.kiosk.write(frame)
        board.listen(30)
    assert wire.M_HELLO in [frame.kind for frame in Decoder().feed(bytes(board.raw[began:]))], "a HELLO is answered"
    assert board.setting("slip").value == 300


def test_a_command_that_was_changed_is_not_obeyed(board: Board) -> None:
    number = board.setting("slip").setting
    board.write = board.sent.append  # type: ignore[method-assign]  # a man in the middle holds it back
    board.session.send(wire.C_SETTING_SET, number, 200)
    (frame,) = Decoder().feed(board.sent[-1])
    for bit in range(8 * len(frame.body)):
        body = bytearray(frame.body)
        body[bit // 8] ^= 1 << bit % 8
        board.kiosk.write(encode(frame.kind, frame.sequence, bytes(body)))
    for cut in range(1, 9):
        board.kiosk.write(encode(frame.kind, frame.sequence, frame.body[:-cut]))
    board.kiosk.write(encode(wire.C_CALIBRATE, frame.sequence, frame.body))
    board.kiosk.write(encode(frame.kind, frame.sequence + 1, frame.body))
    said = board.listen(3000)
    assert not any(isinstance(message, Setting) for message in said)
    board.kiosk.write(board.sent[-1])
    assert any(isinstance(message, Setting) and message.value == 200 for message in board.listen(100))


def test_a_hello_of_another_program_costs_the_host_nothing(board: Board) -> None:
    """Before a sweep, and a flood of them while it runs: not a line, and no session."""
    board.kiosk.bus.scene.place(board.kiosk.bus.now_us)
    for number in range(20):
        board.say(wire.C_HELLO, wire.MAJOR, wire.MINOR, bytes((number,)) * 16, sequence=number)
        board.listen(5)
    board.until(wire.SCANNING)
    answered = board.frames().count(wire.M_HELLO)
    while not any(isinstance(message, SweepEnd) for message in board.heard):
        board.say(wire.C_HELLO, wire.MAJOR, wire.MINOR, bytes(16), sequence=0)
        board.say(wire.C_SUBSCRIBE, 0)
        board.listen(20)
    bands = [message.header.row for message in board.heard if isinstance(message, Band)]
    assert bands == list(range(48, 274))
    assert board.session.prove() == []
    assert board.frames().count(wire.M_HELLO) <= answered + 1, "nobody is answered while lines come"
    assert board.session.health() is not None


def test_a_host_that_comes_back_takes_the_session_over(board: Board) -> None:
    """As after a restart of the program: the former session ends when the new one has proven itself."""
    board.kiosk.bus.scene.place(board.kiosk.bus.now_us)
    board.until(wire.SCANNING)
    board.listen(100)
    board.session = Session(board, admission=lambda hello, transport: PAIRING.key)
    hello = board.session.open()  # says HELLO until the sweep that nobody takes has been aborted
    assert hello.scanner_id == PAIRING.scanner
    board.until(wire.SCANNING)
    assert board.session.prove() == []


@pytest.mark.parametrize("ahead", [0, 1, 5, 400])
def test_a_host_that_counts_beyond_the_former_one_takes_over_too(board: Board, ahead: int) -> None:
    """Its command has the number that the former host's next one would have had."""
    said = len(board.sent)
    board.session = Session(board, admission=lambda hello, transport: PAIRING.key)
    board.session._sequence = said - 1 + ahead
    board.session.open()
    assert board.session.health() is not None


def test_a_host_without_the_key_may_look_and_not_touch(board: Board) -> None:
    board.session = Session(board)
    board.session.open()
    installed = board.session.installed()
    assert installed is not None
    assert board.session.health() is not None
    assert "slip" in board.session.settings()
    said = board.listen(500)
    assert errors(said) == [Error(wire.E_NOT_PAIRED, wire.C_SUBSCRIBE)]
    assert not any(isinstance(message, State | Band) for message in said)
    with pytest.raises(Exception, match="not_paired"):
        board.session.set(3, 150)


def test_a_host_with_another_key_is_not_fooled(board: Board) -> None:
    board.session = Session(board, admission=lambda hello, transport: bytes(32))
    with pytest.raises(NotPairedError, match="does not prove"):
        board.session.open()


def started(files: dict[str, bytes]) -> SimulatedKiosk:
    """A kiosk on whose board these files lie."""
    kiosk = SimulatedKiosk(scene(SAMPLE, None, "still", "clean", 1, 10.0))
    kiosk.firmware.close()
    kiosk.bus.power_up()
    kiosk.firmware = Firmware(kiosk.bus, files=files)
    return kiosk


def test_a_paired_board_starts_from_its_slots() -> None:
    """As on a board: what a version imports it has imported before it runs (loader.py)."""
    roots = (*simulated_folders("simulator"), firmware_folder())
    files = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for root in roots
        for path in sorted(root.rglob("*.py"))
        if path.name not in ("main.py", "loader.py", "time.py", "parts.py")
    }
    version = Version({}, {**files, "time.py": (boards_folder() / "simulator" / "time.py").read_bytes()})
    with started({**version.alone(), BOARD_FILE: PAIRING.written()}) as kiosk:
        session = Session(kiosk, admission=lambda hello, transport: PAIRING.key)
        assert session.open().scanner_id == PAIRING.scanner
        assert session.identity is not None
        assert session.identity.firmware.endswith(version.build)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"scanner": "01", "key": "02"}', PAIRING.written()[:60]])
def test_a_pairing_that_is_not_whole_is_none(content: bytes) -> None:
    kiosk = started({BOARD_FILE: content})
    with kiosk:
        session = Session(kiosk)
        hello = session.open()
        assert isinstance(hello, Hello)
        assert hello.scanner_id is None
        assert isinstance(session.poll(5000), State)


def test_the_hosts_count_goes_on_beyond_its_sequence_number(board: Board) -> None:
    """As after 65536 commands of one session: what had the same number before is not obeyed now."""
    number = board.setting("slip").setting
    for sequence in (30_000, 60_000, 65_534):
        board.session._sequence = sequence
        board.session.set(number, 200)
    board.session.set(number, 210)
    recorded = board.sent[-1]
    for sequence in (30_000, 60_000, 65_534):
        board.session._sequence = sequence
        board.session.set(number, 220)
    board.kiosk.write(recorded)  # 65535 is the number that comes next
    assert errors(board.listen(100)) == [Error(wire.E_NOT_PAIRED, wire.C_SETTING_SET)]
    assert board.setting("slip").value == 220
    board.session.set(number, 230)
    assert board.setting("slip").value == 230
