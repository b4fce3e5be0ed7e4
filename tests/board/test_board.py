"""What a board shows of itself, on a port (`make test-board PORT=...`) as on the simulator; what needs a hand is asked
of the person who stands there (ASK=1).
"""

import pytest

from kiosk import wire
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.limits import judge
from stillscan.technician.measuring import everything
from stillscan.testing import Passports, Scanner

from .conftest import Fill, state_of

pytestmark = pytest.mark.process

POINTS = {
    ("line_sensor", "dark level"): 12,
    ("lamp", "infrared level"): 13,
    ("lamp", "white level"): 13,
    ("lamp", "infrared evenness"): 14,
    ("lamp", "white evenness"): 14,
    ("carriage", "home repeatability"): 25,
    ("carriage", "lost steps in 100 trips"): 26,
    ("accelerometer", "INT1 latency"): 30,
    ("usb", "errors"): 33,
    ("flow", "quality of the empty glass"): 22,
}
"""Which point of the checklist a measurement of `stillscan scanner test` belongs to."""
TRIPS = 5  # of the carriage: a hundred take a minute and a half, and belong to `stillscan scanner test`
LONG_MS = 60_000.0  # for a person
OFF_US = 6000  # carriage and lamp off: a line of 3 ms in work ends first, then they are stopped; 3.7 ms on the chip


def test_it_greets_and_says_what_it_is(scanner: Scanner, fill: Fill) -> None:
    session = scanner.session
    began_ms = session.transport.now_ms()
    health = session.health()
    took_ms = session.transport.now_ms() - began_ms
    assert health is not None
    assert session.hello is not None
    assert session.hello.board_name
    assert health.boot_id == session.hello.boot_id
    fill(32, f"HELLO is answered; a question within {took_ms:.0f} ms", True)
    assert health.heap_free_min > 60_000, "as limits.toml has it"


def test_it_stays_up_and_loses_nothing_on_the_cable(scanner: Scanner, fill: Fill) -> None:
    before = scanner.session.health()
    scanner.clock.run(6000)  # longer than its watchdog's 5 s
    after = scanner.session.health()
    assert before is not None
    assert after is not None
    fill(38, f"boot_id stayed for {(after.uptime_ms - before.uptime_ms) / 1000:.0f} s", True)
    assert after.boot_id == before.boot_id
    assert (after.bad_crc, after.short_writes) == (before.bad_crc, before.short_writes)


def test_settings_come_back_as_they_were_set(scanner: Scanner) -> None:
    bump = scanner.session.settings()["bump"]
    scanner.set(bump=bump.value + 1)
    assert scanner.session.settings()["bump"].value == bump.value + 1
    scanner.set(bump=bump.value)


def test_a_bare_board_names_a_part_that_is_missing_and_stays_safe(bare: Scanner, fill: Fill) -> None:
    state = state_of(bare)
    assert state.state == wire.FAULT
    assert state.part != 0
    fill(9, f"bare board: FAULT, {wire.PARTS[state.part]}: {wire.FAULTS[state.fault]}", True)
    bare.session.send(wire.C_RECOVER)
    bare.expects(state="fault", part=wire.PARTS[state.part])


def test_every_part_measures_within_its_limits(whole: Scanner, fill: Fill) -> None:
    at = AtScanner(whole.session)
    hello = whole.session.hello
    assert hello is not None
    judged = judge(everything(at, lambda what: None, trips=TRIPS), hello.board_name)
    for one in judged:
        point = POINTS.get((one.part, one.measurement))
        if point is not None and one.value is not None:
            fill(point, f"{one.measurement} {one.value:g} {one.unit}".rstrip(), one.ok)
    assert [f"{one.part}, {one.measurement}: {one.value} {one.unit}" for one in judged if not one.ok] == []


def test_a_document_is_seen_scanned_and_missed_again(whole: Scanner, passport: Passports, fill: Fill) -> None:
    whole.lay(passport())
    whole.expects(state="placed")
    seen = whole.expects(state="scanning", within_ms=LONG_MS)
    assert whole.result(within_ms=LONG_MS).outcome == "verified"
    fill(21, f"a passport was seen, and scanned at {seen.at_ms:.0f} ms", True)
    whole.hand.take_away()
    whole.expects(state="empty", within_ms=LONG_MS)


def test_a_knock_stops_a_scanner_that_is_to_restart(whole: Scanner, passport: Passports, fill: Fill) -> None:
    whole.set(restart_only=1)
    whole.lay(passport())
    whole.expects(state="scanning", within_ms=LONG_MS)
    whole.hand.bump(0.8)
    whole.expects(state="moved", cause="bump", within_ms=1000)
    whole.result(within_ms=LONG_MS)
    aborts = [abort for check in whole.measured().checks for abort in check["aborts"]]
    worst_us = max(abort["latency_us"] for abort in aborts if abort["cause"] == "bump")
    fill(30, f"a knock: {worst_us} us by the scanner's own count", worst_us <= OFF_US)
    assert worst_us <= OFF_US
