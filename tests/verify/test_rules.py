"""The identity check: each rule with its own table, their order, and what no case may ever get past."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from passports import CARD, ELSEWHERE, GOOD, LETTER, NOW, SWEDISH, TEST, VISA_A, broken, mrz, reasons

from stillscan.verify import OK, REASONS, Case, Consignment, decide_case, explanations
from stillscan.verify.ruling import VERDICTS, rule


def test_a_norwegian_and_a_foreign_passport_are_released() -> None:
    for case in (GOOD, TEST, SWEDISH):
        assert decide_case(case).verdict == "release"
        assert reasons(case) == OK


@pytest.mark.parametrize(
    ("changes", "expected", "verdict"),
    [
        ({"consignment": None}, "consignment_unknown", "refuse"),
        ({"consignment": replace(LETTER, tracking=" ")}, "consignment_unknown", "refuse"),
        ({"consignment": replace(LETTER, released=True)}, "already_released", "refuse"),
        ({"consignment": replace(LETTER, withdrawn=True)}, "consignment_withdrawn", "refuse"),
        ({"consignment": replace(LETTER, returned=True)}, "consignment_returned", "refuse"),
        ({"consignment": replace(LETTER, deadline=NOW.date())}, OK, "release"),
        ({"consignment": replace(LETTER, deadline=NOW.date() - timedelta(days=1))}, "deadline_passed", "refuse"),
        ({"consignment": replace(LETTER, office="Moss"), "office": "Moss"}, OK, "release"),
        ({"consignment": replace(LETTER, office="Moss"), "office": "Voss"}, "wrong_office", "refuse"),
        ({"consignment": replace(LETTER, recipient="Kari Hansen")}, "name_mismatch", "refuse"),
        ({"consignment": replace(LETTER, recipient="Østenbyen Åse")}, "name_uncertain", "compare_by_hand"),
        ({"consignment": replace(LETTER, recipient="")}, "name_uncertain", "compare_by_hand"),
        ({"face_matches": None}, "face_not_confirmed", "compare_by_hand"),
        ({"face_matches": False}, "face_mismatch", "refuse"),
        ({"now": NOW.replace(year=1970)}, "clock_implausible", "refuse"),
        ({"now": NOW.replace(year=2025)}, "clock_implausible", "refuse"),
        ({"now": NOW.replace(year=2076)}, "clock_implausible", "refuse"),
    ],
)
def test_the_letter_the_person_and_the_clock(changes: dict[str, Any], expected: str, verdict: str) -> None:
    assert reasons(GOOD, **changes) == expected
    assert decide_case(replace(GOOD, **changes)).verdict == verdict


def test_all_reasons_are_listed_in_order_and_the_gravest_decides() -> None:
    case = replace(
        SWEDISH, mrz=None, consignment=replace(LETTER, released=True), face_matches=None, second_document="1"
    )
    assert reasons(case) == "mrz_missing identity_number_invalid face_not_confirmed already_released"
    assert decide_case(case).verdict == "refuse"
    assert decide_case(replace(SWEDISH, mrz=None, face_matches=None)).verdict == "rescan"
    assert decide_case(replace(SWEDISH, second_document=None, face_matches=None)).verdict == "needs_second_document"


def test_every_reason_is_explained_and_leads_away_from_a_release() -> None:
    assert tuple(explanations()) == REASONS
    assert {entry.verdict for entry in explanations().values()} == set(VERDICTS) - {"release"}
    assert rule([]).verdict == "release"


lines = (
    st.none()
    | st.lists(st.text("<ABNORP019", max_size=46), max_size=4).map(tuple)
    | st.sampled_from(
        [
            mrz(),
            mrz(**ELSEWHERE),
            broken(9),
            broken(43),
            mrz(code="PE"),
            mrz(issuer="UTO"),
            mrz(expiry="200101"),
            CARD,
            VISA_A,
        ]
    )
)
letters = st.none() | st.builds(
    Consignment,
    tracking=st.sampled_from(["RR123456785NO", ""]),
    recipient=st.sampled_from(["Åse Østenbyen", "Kari Hansen", "", "Østenbyen Åse"]) | st.text(max_size=20),
    deadline=st.dates(date(2026, 11, 1), date(2027, 1, 7)),
    released=st.booleans(),
    office=st.sampled_from(["", "Moss"]),
    withdrawn=st.booleans(),
    returned=st.booleans(),
)
cases = st.builds(
    Case,
    mrz=lines,
    certain=st.booleans(),
    consignment=letters,
    second_document=st.none() | st.sampled_from(["17859199917", "57859199900", "1"]) | st.text(max_size=12),
    face_matches=st.sampled_from([None, True, False]),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)) | st.just(NOW),
    test_mode=st.booleans(),
    office=st.sampled_from(["", "Voss"]),
)


@pytest.mark.slow
@given(cases)
def test_a_release_has_passed_every_check(case: Case) -> None:
    ruling = decide_case(case)
    assert (ruling.verdict == "release") == (ruling.reasons == (OK,))
    if ruling.verdict != "release":
        return
    assert case.mrz is not None
    assert case.certain
    assert case.face_matches
    assert case.consignment is not None
    assert case.consignment.tracking
    assert not any((case.consignment.released, case.consignment.withdrawn, case.consignment.returned))
    assert case.consignment.deadline >= case.now.date()
    assert case.mrz[0].startswith("P")
    assert case.mrz[0][2:5] == "NOR" or case.second_document is not None


DOUBTS = [
    {"mrz": None}, {"certain": False}, {"consignment": None}, {"face_matches": None}, {"face_matches": False},
    {"second_document": "1"}, {"now": datetime(1970, 1, 1, tzinfo=UTC)},
]  # fmt: skip


@pytest.mark.slow
@given(cases, st.sampled_from(DOUBTS))
def test_doubt_never_turns_anything_into_a_release(case: Case, doubt: dict[str, Any]) -> None:
    assert decide_case(replace(case, **doubt)).verdict != "release"


@given(st.lists(st.sampled_from(REASONS)), st.sampled_from(REASONS))
def test_a_further_reason_never_improves_a_verdict(some: list[Any], more: Any) -> None:
    order = ("release", "compare_by_hand", "needs_second_document", "rescan", "refuse")
    assert order.index(rule([*some, more]).verdict) >= order.index(rule(some).verdict)


def test_a_case_never_prints_itself() -> None:
    assert "OESTENBYEN" not in repr(GOOD)
    assert "17859199917" not in f"{SWEDISH}"
    assert json.dumps(decide_case(GOOD).reasons) == '["ok"]'
