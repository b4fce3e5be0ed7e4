"""The rules about a document alone: every reason alone, all of them together, and what no input may ever reach."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.verify import REASONS, MrzFacts, decide_document

TODAY = date(2026, 11, 29)
CHECKS = dict.fromkeys(("number", "birth", "expiry", "optional", "composite"), True)


@dataclass(frozen=True)
class Facts:
    """An MRZ as the rules see it; the defaults are a good passport of an invented person."""

    format: str = "TD3"
    document_code: str = "P"
    issuer: str = "NOR"
    number: str = "ZZZ000001"
    nationality: str = "NOR"
    sex: str = "F"
    optional: str = ""
    primary: str = "OESTENBYEN"
    secondary: str = "AASE<SPECIMEN"
    names_full: bool = False
    birth: str = "910517"
    born: date | None = date(1991, 5, 17)
    expires: date | None = date(2031, 1, 1)
    checks: Mapping[str, bool] = field(default_factory=lambda: CHECKS)
    valid: bool = True

    def birth_date(self, today: date) -> date | None:
        return self.born

    def expiry_date(self) -> date | None:
        return self.expires


GOOD = Facts()


def reasons(mrz: MrzFacts | None, *, accepted: bool = True, recipient: str | None = "Åse Østenbyen") -> tuple[str, ...]:
    ruling = decide_document(mrz, accepted, recipient, TODAY)
    assert (ruling.verdict == "release") == (ruling.reasons == ("ok",))
    return ruling.reasons


def test_a_good_passport_is_verified() -> None:
    assert reasons(GOOD) == ("ok",)
    assert reasons(GOOD, recipient=None) == ("ok",)
    assert reasons(replace(GOOD, document_code="PP")) == ("ok",)


@pytest.mark.parametrize(
    ("mrz", "expected"),
    [
        (None, "mrz_missing"),
        (replace(GOOD, valid=False), "mrz_uncertain"),
        (replace(GOOD, checks={**CHECKS, "expiry": False}), "check_digit_failed"),
        (replace(GOOD, checks={}), "check_digit_failed"),
        (replace(GOOD, format="TD1", document_code="ID"), "document_not_passport"),
        (replace(GOOD, format="MRV-A", document_code="V"), "document_not_passport"),
        (replace(GOOD, document_code="RP"), "document_not_passport"),
        (replace(GOOD, format="TD2"), "document_not_passport"),
        (replace(GOOD, expires=TODAY - timedelta(days=1)), "document_expired"),
        (replace(GOOD, expires=None), "date_implausible"),
        (replace(GOOD, expires=date(2099, 1, 1)), "date_implausible"),
        (replace(GOOD, birth="910231", born=None), "date_implausible"),
        (replace(GOOD, birth="9113<<", born=None), "date_implausible"),
        (replace(GOOD, birth="91051<", born=None), "date_implausible"),
        (replace(GOOD, primary="HANSEN"), "name_mismatch"),
        (replace(GOOD, secondary="A", names_full=True), "name_uncertain"),
    ],
)
def test_each_reason_alone(mrz: Facts | None, expected: str) -> None:
    assert reasons(mrz) == (expected,)


def test_what_is_not_certain_is_not_judged() -> None:
    assert reasons(GOOD, accepted=False) == ("mrz_uncertain",)
    assert reasons(replace(GOOD, primary="HANSEN", expires=None), accepted=False) == ("mrz_uncertain",)


def test_a_date_whose_check_digit_fails_is_not_judged() -> None:
    for name in ("birth", "expiry"):
        bad = replace(GOOD, birth="999999", born=None, expires=date(1999, 1, 1), checks={**CHECKS, name: False})
        left = {"birth": ("document_expired",), "expiry": ("date_implausible",)}[name]
        assert reasons(bad) == ("check_digit_failed", *left)


@pytest.mark.parametrize("birth", ["<<<<<<", "91<<<<", "9105<<", "<<0517"])
def test_unknown_parts_of_a_birth_date_are_allowed(birth: str) -> None:
    assert reasons(replace(GOOD, birth=birth, born=None)) == ("ok",)


def test_the_last_day_of_validity_counts() -> None:
    assert reasons(replace(GOOD, expires=TODAY)) == ("ok",)


def test_all_reasons_that_apply_are_listed_in_order() -> None:
    bad = Facts(
        format="TD2",
        primary="HANSEN",
        birth="999999",
        born=None,
        expires=date(1999, 1, 1),
        checks={**CHECKS, "composite": False},
    )
    assert reasons(bad) == (
        "check_digit_failed",
        "document_not_passport",
        "document_expired",
        "date_implausible",
        "name_mismatch",
    )


facts = st.builds(
    Facts,
    format=st.sampled_from(["TD3", "TD1", "TD2", "MRV-A", "MRV-B", ""]),
    document_code=st.sampled_from(["P", "PP", "PV", "V", "ID", ""]),
    primary=st.sampled_from(["OESTENBYEN", "HANSEN", "", "O"]),
    secondary=st.sampled_from(["AASE", "AASE<SPECIMEN", "", "A"]),
    names_full=st.booleans(),
    birth=st.sampled_from(["910517", "<<<<<<", "", "9105"]) | st.text(max_size=6),
    born=st.none() | st.dates(),
    expires=st.none() | st.dates(),
    checks=st.dictionaries(st.sampled_from(sorted(CHECKS)), st.booleans()),
    valid=st.booleans(),
)


@pytest.mark.slow
@given(st.none() | facts, st.booleans(), st.sampled_from([None, "", "Åse Østenbyen", "Ola Hansen"]), st.dates())
def test_nothing_doubtful_is_ever_verified(
    mrz: Facts | None, accepted: bool, recipient: str | None, today: date
) -> None:
    ruling = decide_document(mrz, accepted, recipient, today)
    assert list(ruling.reasons) == sorted(ruling.reasons, key=REASONS.index)
    if ruling.verdict != "release":
        assert ruling.reasons
        assert "ok" not in ruling.reasons
        return
    assert ruling.reasons == ("ok",)
    assert accepted
    assert mrz is not None
    assert mrz.valid
    assert mrz.checks
    assert all(mrz.checks.values())
    assert mrz.format == "TD3"
    assert mrz.expires is not None
    assert mrz.expires >= today
    assert recipient != ""


@given(st.sampled_from(sorted(CHECKS)))
def test_one_failed_check_digit_refuses(name: str) -> None:
    assert "check_digit_failed" in reasons(replace(GOOD, checks={**CHECKS, name: False}))


def test_the_mrz_package_has_what_the_rules_ask_for() -> None:
    from stillscan.mrz.parse import parse

    lines = ("P<NOROESTENBYEN<<AASE<SPECIMEN<<<<<<<<<<<<<<", "ZZZ0000016NOR9105171F3101012<<<<<<<<<<<<<<<0")
    mrz: MrzFacts = parse(lines)
    assert reasons(mrz) == ("ok",)
    assert reasons(mrz, recipient="Kari Hansen") == ("name_mismatch",)
