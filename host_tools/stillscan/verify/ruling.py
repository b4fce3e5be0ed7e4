"""The possible verdicts, the reasons for them, and which verdict several reasons come to."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

Verdict = Literal["release", "refuse", "rescan", "needs_second_document", "compare_by_hand"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""Best first, then from the one that nothing but another document or day can change to the one that a look settles."""
Reason = Literal[
    "mrz_missing",
    "mrz_uncertain",
    "scanner_not_paired",
    "reading_expired",
    "check_digit_failed",
    "format_unknown",
    "document_not_passport",
    "emergency_passport",
    "specimen_document",
    "document_expired",
    "date_implausible",
    "issuer_unknown",
    "nationality_unknown",
    "second_document_missing",
    "identity_number_invalid",
    "identity_number_synthetic",
    "identity_number_mismatch",
    "identity_number_unverifiable",
    "name_mismatch",
    "name_uncertain",
    "face_not_confirmed",
    "face_mismatch",
    "consignment_unknown",
    "wrong_office",
    "already_released",
    "consignment_withdrawn",
    "consignment_returned",
    "deadline_passed",
    "clock_implausible",
]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""Every reason against a release, in the order in which a ruling lists them."""
OF_THE_LETTER: frozenset[Reason] = frozenset({
    "already_released", "consignment_withdrawn", "consignment_returned", "deadline_passed", "wrong_office",
})  # fmt: skip
"""What no document changes: it is said before anybody is asked for one."""
OK = "ok"


@dataclass(frozen=True)
class Ruling:
    """A verdict and every reason for it, in the order of REASONS; ("ok",) for a release."""

    verdict: Verdict
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """What a reason leads to by itself, and when it applies (one English clause)."""

    verdict: Verdict
    when: str


@cache
def explanations() -> dict[str, Explanation]:
    """The table of reasons, by code, in the order of REASONS."""
    table = tomllib.loads((files(__package__) / "reasons.toml").read_text(encoding="utf-8"))
    return {code: Explanation(**entry) for code, entry in table.items()}


def rule(reasons: Iterable[Reason]) -> Ruling:
    """The ruling that these reasons against a release come to; without any it is a release."""
    found = sorted(set(reasons), key=REASONS.index)
    if not found:
        return Ruling("release", (OK,))
    table = explanations()
    return Ruling(min((table[reason].verdict for reason in found), key=VERDICTS.index), tuple(found))
