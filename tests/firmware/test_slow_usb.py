"""USB that takes longer for a line than the line lasts: the carriage waits, lines come slower, and no row is lost."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, cycle, product, repeat

import numpy as np
import pytest

from kiosk import wire
from stillscan.link.messages import Abort, Band, SweepBegin
from stillscan.simulator.bus import USB_BYTES_PER_US, USB_FIFO, USB_WRITE
from stillscan.simulator.glass import LINE_PX

from .rig import REST, Rig, numbered_page, row_seen, slip

ROWS = 274
LINE_US = 2950
WHITE = 200  # paper on which the device's levels do not end: it would hide that a line is too bright
_HEAD = 27  # bytes of a band's frame that are no pixels
_A_BAND = 300  # bytes: no other message is so long


def slow(rig: Rig, times_us: Iterator[float]) -> None:
    """Each band takes so long on the cable."""
    whole = rig.bus._usb_write
    rig.bus.usb.slow = 0.0  # bytes take no time by themselves, and each write is asked for

    def write(written: int, argument: int, data: bytes) -> tuple[int, bytes] | None:
        if len(data) > _A_BAND:
            rig.bus._pass(int(next(times_us)))
        return whole(written, argument, data)

    rig.bus._handlers[USB_WRITE] = write


def line_us(bands: list[Band]) -> float:
    """The time from one to the next, as a rule."""
    return float(np.median(np.diff([band.header.t_us for band in bands])))


def assert_whole(rig: Rig, apart: int = 8) -> None:
    """The document was scanned in one sweep: every row once, from its place on the glass, and as bright as ever.

    ``apart``: levels of 256 by which paper may differ from line to line.
    """
    assert not rig.aborts()
    (end,) = rig.ends()
    bands = rig.bands(end.sweep)
    assert [band.header.row for band in bands] == list(range(ROWS))
    assert [band.header.band for band in bands] == list(range(ROWS))
    assert [row_seen(band) for band in bands] == list(range(ROWS))
    whites = np.array([np.percentile(band.pixels, 90) for band in bands[1:-1]])  # the zone's ends are half beside it
    assert np.ptp(whites) <= apart


@pytest.mark.parametrize(
    ("lines", "depth"), [*product((0.5, 1.0, 1.1, 1.2, 1.4, 1.7, 2.0, 3.0, 5.0), [8]), *product((1.0, 1.4, 3.0), [4])]
)
def test_a_slow_cable_makes_a_slow_sweep(lines: float, depth: int) -> None:
    """``lines``: how many go by while one is on the cable."""
    with Rig(page=numbered_page(WHITE)) as rig:
        rig.setting("depth", depth)
        rig.setting("time_limit", 120_000)
        frame = LINE_PX * depth // 8 + _HEAD
        rig.bus.usb.slow = lines * LINE_US * USB_BYTES_PER_US / (frame - USB_FIFO)
        began_us = rig.bus.now_us
        rig.place(REST)
        rig.until(wire.DONE, 100_000)
        assert_whole(rig, 17 if depth == 4 else 8)
        health = rig.host.health()
        assert health is not None
        assert (health.credit_waits > 0) == (lines >= 1)
        if lines < 2:
            assert health.credit_waits <= 1, "the carriage waits once, and then goes as fast as the cable"
            assert rig.bus.now_us - began_us < 2_500_000


def jitter() -> Iterator[float]:
    """From nothing to six lines, one and a quarter as a mean."""
    chance = np.random.default_rng(7)
    return (float(min(6.0, chance.exponential(1.25)) * LINE_US) for _ in repeat(None))


UNEVEN = {
    "jitter": jitter,
    "bursts": lambda: cycle([100.0] * 12 + [12 * LINE_US]),
    "pauses": lambda: cycle([1000.0] * 60 + [30_000.0]),
    "long-pauses": lambda: cycle([1000.0] * 90 + [450_000.0]),
    "slow-then-fast": lambda: chain(repeat(1.5 * LINE_US, 100), repeat(500.0)),
    "fast-then-slow": lambda: chain(repeat(500.0, 200), repeat(1.5 * LINE_US)),
}


@pytest.mark.parametrize("how", UNEVEN)
def test_a_host_that_takes_lines_unevenly_gets_every_one(how: str) -> None:
    with Rig(page=numbered_page(WHITE)) as rig:
        slow(rig, UNEVEN[how]())
        rig.place(REST)
        rig.until(wire.DONE)
        assert_whole(rig)


def test_a_host_that_stands_still_for_longer_than_the_setting_ends_the_sweep() -> None:
    with Rig() as rig:
        slow(rig, chain(repeat(500.0, 40), [600_000.0], repeat(500.0)))
        rig.place(REST)
        abort = rig.next(Abort)
        assert (abort.cause, abort.row) == (wire.HOST_STALLED, 41)
        assert rig.safe()
        assert [band.header.row for band in rig.bands(1)] == list(range(41)), "no row is missing before the abort"
        assert rig.until(wire.DONE).attempt == 2
        assert [band.header.row for band in rig.bands(2)] == list(range(41 - 12, ROWS))


@pytest.mark.parametrize("lines", [254, 256, 257, 258, 260, 265])
def test_as_many_lines_as_the_line_engine_can_count_go_by_and_are_missed(lines: int) -> None:
    """The chip's engine counts 256 lines in a ring: whoever asks a round later sees none gone by."""
    with Rig() as rig:
        slow(rig, chain(repeat(500.0, 3), [lines * LINE_US], repeat(500.0)))
        rig.place(REST)
        abort = rig.next(Abort)
        assert (abort.cause, abort.row) == (wire.HOST_STALLED, 4)
        rig.until(wire.DONE)
        assert [row_seen(band) for band in rig.bands(2)] == [band.header.row for band in rig.bands(2)]


def test_a_cable_that_cannot_be_waited_for_ends_at_the_time_limit_and_is_named() -> None:
    with Rig() as rig:
        rig.setting("time_limit", 3000)
        slow(rig, repeat(20.0 * LINE_US))
        began_ms = rig.bus.now_us / 1000
        rig.place(REST)
        gave_up = rig.until(wire.GAVE_UP)
        assert gave_up.cause == wire.HOST_STALLED
        assert 3000 <= gave_up.t_ms - began_ms < 3300
        assert not rig.lamp_on(), "the carriage goes back"
        assert [abort.cause for abort in rig.aborts()] == [wire.HOST_STALLED]
        rig.clear()
        rig.until(wire.EMPTY)


def test_a_host_that_grants_credit_without_haste_ends_at_the_time_limit_too() -> None:
    with Rig() as rig:
        rig.setting("time_limit", 3000)
        rig.host.credit = lambda message: 10 if isinstance(message, SweepBegin) else None
        rig.place(REST)
        rig.until(wire.SCANNING)
        granted = 10
        while rig.state == wire.SCANNING:
            rig.listen(300)
            granted += 10
            rig.host.send(wire.C_CREDIT, 1, granted)
        gave_up = rig.until(wire.GAVE_UP) if rig.state != wire.GAVE_UP else None
        assert gave_up is None or gave_up.cause == wire.HOST_STALLED
        assert rig.bus.now_us / 1e6 < 8, "and not 274 rows later"


def test_the_way_back_is_no_standstill() -> None:
    """The carriage goes back for 0.2 s before it goes on: with credit that counts for no time without it."""
    with Rig() as rig:
        rig.setting("stall", 50)
        slow(rig, chain(repeat(1.5 * LINE_US, 30), repeat(500.0)))
        rig.place(REST)
        rig.until(wire.DONE)
        assert not rig.aborts()


def test_sweeps_of_one_document_stay_slow_and_the_next_document_is_tried_at_full_speed() -> None:
    with Rig() as rig:
        slow(rig, chain(repeat(1.6 * LINE_US, 60), repeat(500.0)))
        rig.place(REST)
        rig.until(wire.DONE)
        assert line_us(rig.bands(1)) > 1.4 * LINE_US
        assert rig.ask(wire.C_SWEEP, 0, 273) is None
        rig.until(wire.DONE)
        assert line_us(rig.bands(2)) > 1.4 * LINE_US
        rig.host.send(wire.C_FINISH, wire.RESULTS.index("verified"))
        rig.clear()
        rig.until(wire.EMPTY)
        rig.place(REST)
        rig.until(wire.DONE)
        assert line_us(rig.bands(3)) < 1.1 * LINE_US


@pytest.mark.parametrize("lines", [1.4, 3.0])
def test_a_slip_ends_a_slow_sweep_as_any_other(lines: float) -> None:
    with Rig() as rig:
        slow(rig, repeat(lines * LINE_US))
        rig.place(slip(900))
        assert rig.next(Abort).cause == wire.SLIP


def test_no_line_is_slower_than_the_lamp_can_be_dimmed_for() -> None:
    """A calibration holds for twice the line; and the way to the first line must not outlast the sensor's time."""
    with Rig() as rig:
        rig.setting("line", 5000)
        rig.setting("time_limit", 60_000)
        slow(rig, repeat(3.0 * 5000))
        rig.place(REST)
        rig.until(wire.DONE, 60_000)
        assert [band.header.row for band in rig.bands(1)] == list(range(ROWS))
        assert not rig.aborts()
