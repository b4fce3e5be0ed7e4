"""What is kept of a message: nothing by which two documents could be told apart, and enough to say it again."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from kiosk import wire
from stillscan.link.messages import (
    Abort,
    Band,
    BandHeader,
    Calibration,
    Counters,
    Error,
    Health,
    Hello,
    History,
    Identity,
    Installed,
    Line,
    LineHeader,
    Log,
    Message,
    Sample,
    Setting,
    State,
    SweepBegin,
    SweepEnd,
    parse,
)
from stillscan.recordings.frames import frame
from stillscan.recordings.rows import checked, of_command, of_message

SECRET = b"OESTENBYEN<<AASE"
HEADER = BandHeader(3, 0, 60, 1, 8, 123_456, 50, -50, 105, 1, 1476)
MESSAGES: list[Message] = [
    Hello(1, 2, 0, 1, 0, b"rpi_pico".ljust(16, b"\0"), 7, 1476, 274, 84667, 2950, 2048, 1, 15),
    State(2, 0, 0, 0, 0, 1000),
    SweepBegin(1, 1, 48, 273, 1200, 4),
    SweepEnd(1, 226, 273, 1900),
    Abort(1, 1, 100, 1500, 800, 100, -100),
    Health(*range(14), 7, 9),
    Health(*range(14), None, None),
    Error(4, 4),
    Installed(1, 0, b"0123456789abcdef", bytes(16), 0),
    Log(struct.pack(wire.LOG_ENTRY, 10, 2, 1, -5) * 2),
    Counters((1, 2, 3)),
    Line(LineHeader(4, 20, 2, 100, 5, 1476), np.arange(1476).astype(np.uint8)),
    Sample(1, 2, 3, 4, 1, -5, 6, 1000, 1),
    Calibration(0, 2100, 1, 1, 1, ((10, 2), (700, 1))),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_comes_back_as_it_was(message: Message) -> None:
    row = of_message(message)
    assert checked(row) == row
    made = frame(row)
    assert made is not None
    again = parse(*made)
    assert type(again) is type(message)
    for told, said in zip(again, message, strict=True):  # type: ignore[arg-type]
        assert np.array_equal(told, said)


def test_print_leaves_no_trace_in_a_band() -> None:
    paper = np.full((1, 1476), 227, np.uint8)
    print_ = paper.copy()
    print_[0, 100:140] = 20
    assert of_message(Band(HEADER, print_)) == of_message(Band(HEADER, paper))
    made = frame(of_message(Band(HEADER, print_)))
    assert made is not None
    again = parse(*made)
    assert isinstance(again, Band)
    assert again.header == HEADER
    assert np.unique(again.pixels).tolist() == [227]


def test_a_line_of_the_glass_keeps_no_pixel_and_one_of_the_strip_all() -> None:
    samples = np.arange(1476).astype(np.uint8)
    glass = of_message(Line(LineHeader(4, 400, 2, 100, 5, 1476), samples))
    assert glass[1:] == [4, 400, 2, 100, 5, 1476, int(np.median(samples))]
    assert isinstance(of_message(Line(LineHeader(4, -1, 2, 100, 5, 1476), samples))[-1], int)


def test_texts_and_ids_are_left_out() -> None:
    hello = Hello(1, 2, 0, 1, 0, SECRET, 7, 1476, 274, 84667, 2950, 2048, 1, 15, SECRET, SECRET[:8], 3)
    said: list[Message] = [
        hello,
        Installed(1, 0, SECRET, SECRET, 0),
        Setting(99, 5, 5, 0, 9, SECRET, SECRET[:8]),
        Setting(3, 170_591_123, 130, 30, 5000, b"slip", b"um"),
        Identity(8, SECRET, 1, 2100, 5000, 0, 0),
        History(0, 16, SECRET),
    ]
    rows = [of_message(message) for message in said]
    assert not any(
        "OESTEN" in str(row) or "170591123" in str(row) or str(list(SECRET)[0:2]) in str(row) for row in rows
    )
    assert all(checked(row) == row for row in rows)
    assert of_command(wire.C_HELLO, wire.pack(wire.C_HELLO, 1, 2, SECRET)) == [">hello", 1, 2]
    assert of_command(wire.C_SETTING_SET, wire.pack(wire.C_SETTING_SET, 3, 170_591_123)) == [">setting_set", 3, None]
    assert of_command(wire.C_CALIBRATE, wire.pack(wire.C_CALIBRATE, 1_795_000_000, 0)) == [">calibrate", 1, 0]
    assert of_command(0x7F, b"") is None
