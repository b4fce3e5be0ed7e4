"""What the kiosk noticed of the world around it, in a bundle: sleep, held programs, strangers, letters, slides."""

from __future__ import annotations

import pytest

from stillscan.records.chain_entry import OTHER_KEY
from stillscan.technician.bundle.findings import findings
from stillscan.technician.bundle.hidden import Hidden
from stillscan.technician.bundle.kiosk_log import KioskLog
from stillscan.technician.bundle.office import _about
from stillscan.technician.bundle.opened import Bundle
from stillscan.technician.bundle.plain import Plain

CHECK = "INFO stillscan.kiosk: check: verified, ok, 1 sweep"
ABORT = "INFO stillscan.kiosk: sweep aborted: bump at row 12, stopped after 900 us"
NOT_TAKEN = "INFO stillscan.web.pages: an answer was not taken: "
SLID = "INFO stillscan.scanning.check: the document slid: the flow sensor counted {} um, the lines show {} um"
TROUBLE = "WARNING stillscan.kiosk: scanner trouble: /port-bdfgkm: text ("
HELD = "WARNING stillscan.terminal.standstill: the program was held for 9 s"
BUSY = "WARNING stillscan.terminal.standstill: the computer had no time for the program for 9 s"
SET = "WARNING stillscan.terminal.standstill: the computer's clock was set back by 7200 s"
SLEPT = "WARNING stillscan.terminal.standstill: the computer slept for 3600 s"
OVER = "INFO stillscan.counter.visit: a reading was over before its visit: taken"
TOOK = "INFO stillscan.counter.outside_lock: the records took 2300 ms"
STARVED = (
    "WARNING stillscan.terminal.standstill: other programs have the computer: in 60 s this one waited 51 s to run, "
    "and ran 5 s"
)
UNBOUND = "WARNING stillscan.web.gate: a browser that is not bound asked for the page"
DAMAGED = "INFO stillscan.scanning.service: frames that were damaged or lost on the line: "


def log_of(*said: str, **facts: object) -> Bundle:
    told = {f"{name}.json": value for name, value in facts.items()}
    return Bundle(told, {"kiosk-log.txt": [f"2026-11-28T10:00:00.000Z {line}" for line in said]}, "", "")


def names(*said: str, **facts: object) -> list[str]:
    return [one.name for one in findings(log_of(*said, **facts))]


@pytest.mark.parametrize(
    ("name", "said", "sound"),
    [
        ("sleeps", [SLEPT], []),
        ("stands_still", [HELD] * 2, [HELD]),
        ("overloaded", [BUSY] * 3, [BUSY] * 2),
        ("starved", [CHECK, *[STARVED] * 3], [CHECK, *[STARVED] * 2]),
        ("clock_jumps", [SET] * 2, [SET]),
        ("browser_unbound", [UNBOUND, f"{UNBOUND} (2 more since the last such line)"], [UNBOUND] * 2),
        ("link_lost", [TROUBLE + "gone)"] * 3, [TROUBLE + "gone)"] * 2),
        ("link_lost", [TROUBLE + "lost)"] * 2, [TROUBLE + "lost)"]),
        ("link_lost", [TROUBLE + "missing)"] * 4, [TROUBLE + "missing)"] * 3),
        ("scanner_troubles", [TROUBLE + "stranger)"], [TROUBLE + "missing)"]),
        ("usb_errors", [DAMAGED + "7"] * 2, [DAMAGED + "7"]),
        ("letters_unknown", [CHECK, *[f"{NOT_TAKEN}tracking_unknown"] * 3], [f"{NOT_TAKEN}tracking_unknown"] * 2),
        ("answers_refused", [CHECK, *[f"{NOT_TAKEN}tracking_wrong"] * 3], [f"{NOT_TAKEN}key_wrong", *[CHECK] * 9]),
        ("readings_over", [CHECK, CHECK, OVER] * 3, [CHECK, CHECK, OVER] * 2),
        ("database_slow", [CHECK, CHECK, TOOK] * 3, [CHECK, CHECK, TOOK] * 2),
        ("database_slow", [CHECK, *[TOOK] * 3], [*[CHECK] * 20, *[TOOK] * 3]),
        ("readings_over", [CHECK, f"{OVER} (2 more since the last such line)"], [*[CHECK] * 20, *[OVER] * 3]),
        ("sensor_doubted", [SLID.format(900, -900)] * 2, [SLID.format(900, -900), SLID.format(900, 880)]),
        ("flow_scale", [SLID.format(1800, 2000)] * 3, [SLID.format(1960, 2000)] * 3),
        ("flow_scale", [SLID.format(900, 1000)] * 3, [SLID.format(450, 500)] * 3),  # as far as half a pixel may tell
        ("aborts", [CHECK, CHECK, *[ABORT] * 6], [*[CHECK] * 6, *[ABORT] * 6]),
        ("aborts", [CHECK, CHECK, *[ABORT] * 6], [CHECK, *[ABORT] * 5]),
        ("refused_signins", ["WARNING stillscan.web.signin: a sign-in was refused: signin_wrong"] * 6, []),
    ],
)  # fmt: skip
def test_what_was_noticed_is_named_and_a_mishap_is_not(name: str, said: list[str], sound: list[str]) -> None:
    assert names(*said)[:1] == [name]
    assert names(*sound) == []


def test_what_other_programs_leave_is_named_before_what_follows_from_it_and_by_how_much() -> None:
    stalled = ABORT.replace("bump", "host_stalled")
    uncalibrated = {"scanner": {"calibrated": False}, "counters": {"sweeps": 400}}  # most of them begun again
    (first, *_) = findings(log_of(CHECK, CHECK, *[stalled] * 6, *[STARVED] * 3, **uncalibrated))
    assert first.title == "other programs leave the kiosk 9 % of the computer's time that it could use"


def test_a_scanner_that_a_starved_kiosk_did_not_hear_has_no_loose_plug() -> None:
    assert names(*[TROUBLE + "lost)"] * 3, CHECK, *[STARVED] * 3) == ["starved"]
    assert names(*[TROUBLE + "gone)"] * 3, CHECK, *[STARVED] * 3)[0] == "link_lost"


def test_a_backup_of_some_minutes_in_a_long_day_leaves_the_kiosk_its_time() -> None:
    day = [f"2026-11-28T{hour:02}:{minute:02}:00.000Z {CHECK}" for hour in (9, 10) for minute in range(60)]
    backup = [f"2026-11-28T10:0{minute}:30.000Z {STARVED}" for minute in range(9)]
    found = findings(Bundle({}, {"kiosk-log.txt": [*day, *backup]}, "", ""))
    assert [one.name for one in found if one.name != "log_flooded"] == []


def test_where_no_letter_is_registered_at_all_one_that_is_asked_for_tells() -> None:
    none = {"chain": {"letters": {"known": 0}}}
    assert names(f"{NOT_TAKEN}tracking_unknown", records=none) == ["letters_unknown"]


@pytest.mark.slow
def test_what_the_kiosk_says_of_it_passes_the_gate_as_it_is() -> None:
    log = KioskLog(Plain(Hidden()))
    for line in (
        HELD,
        BUSY,
        STARVED,
        OVER,
        SET,
        SLEPT,
        UNBOUND,
        DAMAGED + "7",
        SLID.format(900, -900),
        f"{NOT_TAKEN}tracking_unknown",
    ):
        message = line.partition(": ")[2]
        assert log.message(message) == message


def test_a_setting_that_the_configuration_asks_for_is_no_finding() -> None:
    settings = {"settings": [{"setting": "slip", "value": 400, "unexpected": True, "in_range": True}]}
    meant = {"options": [{"option": "set", "settings": [{"setting": "slip", "value": 400, "in_range": True}]}]}
    assert names(*[ABORT] * 30, settings=settings)[0] == "settings_changed"  # a cause before what follows from it
    assert names(settings=settings, configuration=meant) == []


@pytest.mark.parametrize("name", ["ring", "volume"])
def test_a_scanner_that_was_silenced(name: str) -> None:
    def told(value: int) -> list[str]:
        rows = [{"setting": name, "value": value, "unexpected": True, "in_range": True}]
        return names(settings={"settings": rows})

    assert told(0) == ["silenced"]
    assert told(20) == []


def test_options_for_trials_and_a_zone_elsewhere() -> None:
    assert names(configuration={"options": [{"option": "read_ms", "value": 900}]}) == ["for_trials"]
    office: dict[str, object] = {"readable": True, "options": [{"option": "office", "value": "office-bdfgkm"}]}
    trial = {"readable": True, "options": [{"option": "test_mode", "value": True}]}
    for hours, there in ((13.0, ["time_zone"]), (-5.0, ["time_zone"]), (0.0, []), (1.0, []), (2.0, [])):
        clock = {"clock": {"zone_hours": hours}}
        assert names(environment=clock, configuration=office) == there
        assert names(environment=clock, configuration=trial) == [], "whoever tries it may be anywhere"
        assert names(environment=clock) == []


def test_a_scanner_that_is_not_paired_may_be_tried_in_test_mode() -> None:
    board = {"standing": "unpaired", "board": "rpi_pico"}
    assert names(scanner=board) == ["scanner_unpaired"]
    trial = {"readable": True, "options": [{"option": "test_mode", "value": True}]}
    assert names(scanner=board, configuration=trial) == []


def test_keys_of_another_kiosk_are_no_chain_that_somebody_altered() -> None:
    def told(others: int) -> list[str]:
        of = [{"finding": "other_key", "count": others}, {"finding": "altered", "count": 31}]
        return names(records={"verify": {"done": True, "whole": False, "entries": 33, "of": of}})

    assert told(33) == ["keys_of_another", "chain_broken"]
    assert told(32) == ["chain_broken"]
    assert _about(f"{OTHER_KEY} (kiosk-1)") == "other_key"


def test_nobody_may_sign_in_where_there_is_nobody() -> None:
    started = "INFO stillscan.kiosk: started"
    assert names(started, records={"chain": {"staff": []}}) == ["nobody_may_sign_in"]
    assert names(records={"chain": {"staff": []}}) == []
    assert names(started, records={"chain": {"staff": [{"person": "person-bdfgkm", "active": True}]}}) == []


def test_a_scanner_that_was_not_measured_is_said_and_weighs_little() -> None:
    (one,) = findings(Bundle({"parts.json": {"not_measured": "placed", "measured": []}}, {}, "", ""))
    assert one.name == "not_measured"
    assert one.weight < 20
    # a kiosk that runs has its scanner: `bundle` says so and names --staff, and nothing is wrong with that
    assert names(scanner={"trouble": "busy"}, parts={"not_measured": "busy", "measured": []}) == []
