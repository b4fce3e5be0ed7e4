"""Checks that come to no verdict, in a bundle: why most of them were given up, by the kiosk's log and its records."""

from __future__ import annotations

from typing import Any

import pytest

from stillscan.technician.bundle.findings import findings
from stillscan.technician.bundle.opened import Bundle


def checks(
    *said: str, recorded: int | None = None, missing: int = 0, verdict: str = "rescan", reason: str = "mrz_missing"
) -> Bundle:
    """A log of these lines, and records of so many checks, of which some had this verdict for this reason."""
    start = "2026-11-28T10:00:00.000Z INFO    stillscan.kiosk: "
    lines = [f"{start}{line}" for line in said]
    hour = {
        "hour": "2026-11-28T10Z", "checks": recorded, "reasons": [{"reason": reason, "count": missing}],
        "verdicts": [{"verdict": verdict, "count": missing}],
    }  # fmt: skip
    facts = {} if recorded is None else {"checks.json": {"checks": recorded, "hours": [hour]}}
    return Bundle(facts, {"kiosk-log.txt": lines}, "", "")


def ended(reason: str) -> str:
    return f"check: {reason}, 1 sweep, 1856 ms after it lay still"


GOOD = ended("verified, ok")
TAKEN = ended("gave_up, removed")
MISSING, DOUBT = "not read yet: mrz_missing", "not read yet: mrz_uncertain"


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        ("removed", "taken_away"), ("lifted", "taken_away"), ("attempts", "given_up"), ("time", "given_up"),
        ("reading_failed", "given_up"), ("host_gone", "given_up"), ("part_failed", "given_up"), ("drift", "given_up"),
        ("mrz_missing", "given_up"),
    ],
)  # fmt: skip
def test_checks_that_are_given_up_for_one_reason_are_named_by_it(reason: str, name: str) -> None:
    (found,) = findings(checks(*[ended(f"gave_up, {reason}")] * 4, GOOD))
    assert found.name == name
    assert name != "given_up" or found.title.endswith(f": {reason}")
    assert findings(checks(ended(f"gave_up, {reason}"), *[GOOD] * 4)) == []


def test_one_customer_in_three_who_pulls_it_away_is_named_though_each_begins_again() -> None:
    found = findings(checks(*[GOOD, TAKEN, GOOD] * 4))
    assert [one.name for one in found] == ["taken_away"]
    assert findings(checks(*[TAKEN, GOOD] * 2, GOOD)) == [], "two are in a hurry"
    assert findings(checks(*[GOOD] * 9, *[TAKEN] * 2)) == []


def test_who_takes_it_away_because_the_letter_is_refused_is_in_no_hurry() -> None:
    """On a slow computer the verdict comes before the passport is read."""
    found = findings(checks(*[TAKEN] * 4, recorded=4, missing=4, verdict="refuse", reason="wrong_office"))
    assert [one.name for one in found] == ["wrong_office"]
    both = findings(checks(*[TAKEN] * 9, recorded=4, missing=4, verdict="refuse", reason="wrong_office"))
    assert [one.name for one in both] == ["taken_away", "wrong_office"]


def stopped(cause: str) -> str:
    return f"sweep aborted: {cause} at row 48, stopped after 0 us"


STILL, EMPTY = "state: still", "state: empty, removed"


def test_a_presence_sensor_that_loses_what_lies_still() -> None:
    loses = [stopped("removed"), "state: moved, removed", STILL, GOOD, EMPTY]
    assert [one.name for one in findings(checks(*[*loses, GOOD, EMPTY] * 3))] == ["presence_loose"]
    assert findings(checks(*loses, *[GOOD, EMPTY] * 9)) == []


@pytest.mark.parametrize(
    "said",
    [
        [stopped("lifted"), stopped("removed"), GOOD],  # a hand, which the flow sensor saw
        [stopped("slip"), stopped("removed"), GOOD],
        [stopped("removed"), EMPTY, GOOD],  # it was away, and came again
        [stopped("slip"), GOOD],
        [stopped("removed"), "state: moved, removed", GOOD],  # in a hurry: what was seen by then was read
    ],
)
def test_a_hand_is_no_presence_sensor(said: list[str]) -> None:
    assert "presence_loose" not in [one.name for one in findings(checks(*[*said, EMPTY] * 4))]


def test_what_is_taken_away_after_it_was_not_read_has_no_code_lines() -> None:
    said = [*[MISSING, TAKEN] * 3, GOOD]
    assert findings(checks(*said, recorded=4, missing=3))[0].name == "no_code_lines"


def test_readings_in_doubt_are_no_missing_code_lines_and_nobody_took_them_away() -> None:
    found = findings(checks(*[DOUBT, DOUBT, TAKEN] * 4, recorded=4, missing=4))
    assert [one.name for one in found] == ["dirty_glass"]


def test_visits_that_end_before_anything_was_laid_down() -> None:
    (found,) = findings(checks(GOOD, recorded=6, missing=5))
    assert found.name == "never_laid_down"
    assert findings(checks(*[GOOD] * 5, recorded=6, missing=1)) == []


def test_what_was_read_and_was_over_before_its_visit_was_laid_down() -> None:
    over = "a reading was over before its visit: taken"
    read = checks(*[GOOD] * 9, recorded=6, missing=6)
    read.texts["kiosk-log.txt"] += [f"2026-11-28T10:00:00.000Z INFO    stillscan.counter.visit: {over}"] * 3
    assert findings(read)[0].name == "readings_over"


def test_letters_that_are_refused_need_no_passport() -> None:
    (found,) = findings(checks(GOOD, recorded=6, missing=5, verdict="refuse", reason="wrong_office"))
    assert found.name == "wrong_office"
    assert findings(checks(GOOD, recorded=6, missing=5, verdict="refuse")) == []


def test_checks_of_hours_before_the_log_begins_are_not_missed() -> None:
    read = checks(*[GOOD] * 3, recorded=3)
    read.facts["checks.json"]["hours"].append({"hour": "2026-11-28T08Z", "checks": 90})
    assert findings(read) == []


@pytest.mark.parametrize("odd", [7, None, "x", [7], [None, {"reason": ["mrz_missing"], "count": "9"}]])
def test_records_that_say_odd_things_make_no_defect(odd: object) -> None:
    read = checks(*[GOOD] * 3, recorded=3)
    read.facts["checks.json"]["hours"].append(
        {"hour": "2026-11-28T11Z", "checks": odd, "reasons": odd, "verdicts": odd}
    )
    assert findings(read) == []


ABORTED = [{"cause": "slip", "count": 90}, {"cause": "bump", "count": 45}]


@pytest.mark.parametrize(
    ("facts", "said"),
    [({}, False), ({"sweeps": 60}, False), ({"sweeps": 140}, True), ({"sweeps": 140, "aborts": ABORTED}, False)],
)
def test_a_scanner_that_nobody_calibrated_is_told_once_it_is_in_use(facts: dict[str, Any], said: bool) -> None:
    told = {"scanner.json": {"calibrated": False, "powered_hours": 3.0}, "counters.json": facts}
    assert ("never_calibrated" in {one.name for one in findings(Bundle(told, {}, "", ""))}) == said
