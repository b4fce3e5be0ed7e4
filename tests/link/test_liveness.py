"""What tells a session that its link is lost, how soon, and what a scanner may not claim."""

from __future__ import annotations

import re

import pytest
from bench.scripted import HELLO, Answer, Scripted, polite
from hypothesis import given
from hypothesis import strategies as st

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.framing import Frame
from stillscan.link.messages import Band, Message
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError

WIDTH = HELLO[7]
UPTIME, SHORT_WRITES, STREAMS = 0, 12, 14
ALL_STREAMS = wire.STREAM_EVENTS | wire.STREAM_BANDS | wire.STREAM_HEALTH
HEALTH = [5000, 100_000, 90_000, *([0] * 11)]


def health(**changes: int) -> list[int]:
    """A HEALTH message with some fields changed."""
    places = {"uptime_ms": UPTIME, "short_writes": SHORT_WRITES}
    made = HEALTH.copy()
    for name, value in changes.items():
        made[places[name]] = value
    return made


def says(*answers: list[int], streams: int | None = None, boot_id: int = 7, state: int = wire.EMPTY) -> Answer:
    """A device that answers each HEALTH with the next of these, and the last one for ever."""
    left = list(answers)

    def answer(device: Scripted, frame: Frame) -> None:
        polite(device, frame)
        if frame.kind == wire.C_SUBSCRIBE:
            device.say(wire.M_STATE, state, 0, 0, 0, 0, 100)
        if frame.kind == wire.C_HEALTH:
            fields = left.pop(0) if len(left) > 1 else left[0]
            body = wire.pack(wire.M_HEALTH, *fields, streams or 0, boot_id)
            device.say_body(wire.M_HEALTH, body[:-5] if streams is None else body)

    return answer


def resting(state: int) -> Answer:
    """A scanner in good health that comes into a state when it is subscribed to, and says no other."""
    return says(HEALTH, streams=ALL_STREAMS, state=state)


def lost(device: Scripted, most_ms: float = 20_000) -> tuple[str, float]:
    """What a session says that waits for messages, and when."""
    session = Session(device)
    session.open()
    try:
        while device.now_ms() < most_ms:
            session.poll(1000)
    except LinkLostError as error:
        return str(error), device.now_ms()
    pytest.fail("nothing was noticed")


def test_a_subscription_that_the_scanner_ended_is_noticed_within_two_seconds() -> None:
    said, when_ms = lost(Scripted(says(HEALTH, streams=0)))
    assert said == "scripted: the scanner has ended the subscription"
    assert when_ms < 2000


def test_so_it_is_with_firmware_that_does_not_tell_its_streams() -> None:
    said, when_ms = lost(Scripted(says(HEALTH)))
    assert "does not send by itself any more" in said
    assert when_ms < 2000


def test_a_scanner_that_still_sends_to_us_is_left_alone() -> None:
    """Its setting ``health`` may make it send seldom: asked, it says that all streams go on."""
    device = Scripted(resting(wire.EMPTY))
    session = Session(device)
    session.open()
    while device.now_ms() < 60_000:
        session.poll(1000)


@pytest.mark.parametrize(
    ("later", "what"),
    [
        (health(short_writes=1), "could not get rid of a message"),
        (health(uptime_ms=40), "was started anew"),
    ],
)
def test_what_the_counters_tell(later: list[int], what: str) -> None:
    said, when_ms = lost(Scripted(says(HEALTH, later, streams=ALL_STREAMS)))
    assert what in said
    assert when_ms < 4000


def test_another_start_is_told_by_its_number() -> None:
    said, when_ms = lost(Scripted(says(HEALTH, streams=ALL_STREAMS, boot_id=8)))
    assert "was started anew" in said
    assert when_ms < 2000


def test_a_clock_that_begins_again_after_12_days_is_no_restart() -> None:
    device = Scripted(says(health(uptime_ms=(1 << 30) - 5), health(uptime_ms=900), streams=ALL_STREAMS))
    session = Session(device)
    session.open()
    while device.now_ms() < 10_000:
        session.poll(1000)


def test_silence_is_noticed() -> None:
    def only_hello(device: Scripted, frame: Frame) -> None:
        polite(device, frame)
        if frame.kind == wire.C_SUBSCRIBE:
            device.say(wire.M_STATE, wire.EMPTY, 0, 0, 0, 0, 1)

    said, when_ms = lost(Scripted(only_hello))
    assert said == "scripted: the scanner does not answer any more"
    assert when_ms < 2500


def test_a_scanner_that_starts_its_parts_has_more_time() -> None:
    _, when_ms = lost(Scripted(polite))
    assert 4000 < when_ms < 6000


def test_garbage_without_end_is_no_sign_of_life() -> None:
    class Noisy(Scripted):
        def read(self, timeout_ms: float) -> bytes:
            data = super().read(min(timeout_ms, 10))
            return data or b"x1y\0\r\n" * 100

    said, when_ms = lost(Noisy(polite))
    assert "does not answer" in said
    assert when_ms < 6000


def test_garbage_before_hello_is_told_as_something_else() -> None:
    device = Scripted(lambda device, frame: device.to_host.extend(b"login: \r\n" * 50))
    with pytest.raises(DeviceError, match=r"no stillscan scanner answers there, something else talks$") as caught:
        Session(device).open()
    assert caught.value.kind == "stranger"


def sweeping(*bands: tuple[int, int, int, int, int]) -> Scripted:
    """A device that begins sweep 9 and sends bands (sweep, number, row, lines, width) once it has credit."""

    def answer(device: Scripted, frame: Frame) -> None:
        says(HEALTH, streams=ALL_STREAMS)(device, frame)
        if frame.kind == wire.C_SUBSCRIBE:
            device.say(wire.M_SWEEP_BEGIN, 9, 1, 0, 273, 0, 1)
        elif frame.kind == wire.C_CREDIT and not device.said:
            device.said = True
            for sweep, number, row, lines, width in bands:
                head = (sweep, number, row, lines, 8, 0, 0, 0, 100, 1, width)
                device.say(wire.M_BAND, *head, behind=bytes(lines * width))

    device = Scripted(answer)
    device.said = False
    return device


@pytest.mark.parametrize(
    ("bands", "what"),
    [
        ([(9, 0, 0, 1, WIDTH), (9, 0, 1, 1, WIDTH)], "bands that do not count on"),
        ([(9, 5, 5, 1, WIDTH), (9, 4, 4, 1, WIDTH)], "bands that do not count on"),
        ([(9, 0, 0, 1, WIDTH), (9, 65_530, 1, 1, WIDTH)], "bands that do not count on"),
        ([(8, 0, 0, 1, WIDTH)], "bands that do not count on"),
        ([(9, 0, 274, 1, WIDTH)], "do not fit"),
        ([(9, 0, 65_535, 1, WIDTH)], "do not fit"),
        ([(9, 0, 0, 1, 100)], "do not fit"),
    ],
)
def test_bands_that_cannot_be(bands: list[tuple[int, int, int, int, int]], what: str) -> None:
    said, _ = lost(sweeping(*bands))
    assert what in said


def test_a_band_that_was_lost_is_no_lost_link() -> None:
    device = sweeping((9, 0, 0, 1, WIDTH), (9, 3, 3, 1, WIDTH))
    session = Session(device)
    session.open()
    seen: list[Message | None] = [session.poll(10) for _ in range(5)]
    assert [message.header.band for message in seen if isinstance(message, Band)] == [0, 3]


@pytest.mark.slow
@given(st.lists(st.tuples(*[st.integers(0, 65_535)] * 3, st.integers(1, 1), st.sampled_from([1, WIDTH])), max_size=5))
def test_no_band_is_more_than_a_lost_link(bands: list[tuple[int, int, int, int, int]]) -> None:
    device = sweeping(*bands)
    session = Session(device)
    session.open()
    try:
        for _ in range(len(bands) + 3):
            session.poll(10)
    except LinkLostError:
        pass


_WHOLE = {"B": 8, "H": 16, "I": 32}


def _hellos() -> st.SearchStrategy[tuple[object, ...]]:
    fields: list[st.SearchStrategy[object]] = []
    for size, kind in re.findall(r"(\d*)([BHIs])", wire.BODIES[wire.M_HELLO]):
        length = int(size or 1)
        fields.append(
            st.binary(min_size=length, max_size=length) if kind == "s" else st.integers(0, (1 << _WHOLE[kind]) - 1)
        )
    return st.tuples(*fields)


@pytest.mark.slow
@given(_hellos(), st.sets(st.integers(1, 16)))
def test_whatever_a_device_claims_in_hello_ends_in_one_line_or_works(
    claims: tuple[object, ...], which: set[int]
) -> None:
    fields = [claims[i] if i in which else claim for i, claim in enumerate(HELLO)]
    device = Scripted(lambda device, frame: device.say(wire.M_HELLO, *fields) if frame.kind == wire.C_HELLO else None)
    said, hello = "", None
    try:
        hello = Session(device).open()
    except DeviceError as error:
        said = f"{error.kind}: {error}"
    assert (hello is None) == said.startswith(("stranger: scripted: ", "protocol: scripted: "))
    assert "\n" not in said
    assert hello is None or hello.rows * hello.width_px <= 8_002_000


@pytest.mark.parametrize(
    ("field", "value"), [(7, 0), (7, 65_535), (8, 0), (8, 65_535), (9, 0), (9, 1), (9, 2**32 - 1), (12, 0), (11, 5)]
)
def test_insane_geometry_is_refused(field: int, value: int) -> None:
    fields = [value if i == field else claim for i, claim in enumerate(HELLO)]
    device = Scripted(lambda device, frame: device.say(wire.M_HELLO, *fields))
    with pytest.raises(DeviceError, match=rf"^scripted: the scanner claims what cannot be: {value} "):
        Session(device).open()


@pytest.mark.parametrize("state", ["start", "still", "scanning"])
def test_a_scanner_that_stays_where_it_cannot_stay_is_told_within_ten_seconds(state: str) -> None:
    """It answers, and its subscription goes on: but nobody would ever see another state."""
    said, when_ms = lost(Scripted(resting(wire.STATES.index(state))))
    assert said == f"scripted: the scanner does not get on: its state stays '{state}'"
    assert when_ms < 10_000


@pytest.mark.parametrize("state", ["placed", "moved"])
def test_a_restless_document_has_as_long_as_any_setting_gives_it(state: str) -> None:
    _, when_ms = lost(Scripted(resting(wire.STATES.index(state))), most_ms=200_000)
    assert 120_000 < when_ms < 130_000


def test_a_state_that_is_said_again_and_again_is_no_news() -> None:
    answers = resting(wire.SCANNING)

    def answer(device: Scripted, frame: Frame) -> None:
        answers(device, frame)
        if frame.kind == wire.C_HEALTH:
            device.say(wire.M_STATE, wire.SCANNING, 0, 0, 0, 0, 100)

    said, when_ms = lost(Scripted(answer))
    assert "its state stays 'scanning'" in said
    assert when_ms < 10_000


def test_time_in_which_this_computer_slept_is_no_wait() -> None:
    device = Scripted(resting(wire.SCANNING))
    session = Session(device)
    session.open()
    while device.now_ms() < 5000:
        session.poll(1000)
    device._now_ms += 3_600_000
    session.poll(1000)
    session.poll(1000)


def test_lines_of_a_sweep_come_once() -> None:
    """Bands that go round and round would fill the memory, and no sweep would end."""
    device = sweeping(*((9, number, number % 50, 1, WIDTH) for number in range(60)))
    session = Session(device)
    session.open()
    for _ in range(50):
        session.poll(10)
    with pytest.raises(LinkLostError, match=r"sends lines of one sweep twice$"):
        list(iter(lambda: session.poll(10), None))


@pytest.mark.slow
def test_credit_never_leaves_its_field() -> None:
    """A sweep of more bands than a number has room for: the last grant is the greatest number."""
    device = sweeping(*((9, number, number % 274, 1, WIDTH) for number in range(95)))
    session = Session(device)
    session.open()
    session._granted = 65_535  # as after 65,440 bands
    for _ in range(97):
        session.poll(10)
    session._grant(70_000)
    assert wire.unpack(wire.C_CREDIT, device.commands[-1].body) == (9, 65_535)
