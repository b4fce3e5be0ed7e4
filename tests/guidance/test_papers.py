"""The papers that follow a check: every language, as text and as mail, with what they need and nothing personal."""

import email
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.guidance import languages, page_texts, say
from stillscan.guidance.catalogue import sections
from stillscan.guidance.papers import KINDS, UNNAMED_OFFICE, Occasion, is_named, kinds_for, paper
from stillscan.verify import REASONS
from stillscan.verify.ruling import VERDICTS

OCCASION = Occasion(
    tracking="RR123456785NO",
    order="A-1",
    office="Moss",
    when=datetime(2026, 11, 29, 12, tzinfo=UTC),
    verdict="rescan",
    reasons=("mrz_uncertain", "face_not_confirmed"),
    told=("reason.mrz_uncertain", "reason.face_not_confirmed"),
    reference="k1-17",
)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", KINDS)
def test_each_paper_says_what_it_is_for(kind, language: str) -> None:
    written = paper(kind, language, OCCASION)
    assert "{" not in written.subject + written.body
    whole = f"{written.subject}\n{written.body}"
    wanted = {
        "deadline": ["RR123456785NO", "Moss"],
        "support": ["k1-17", "mrz_uncertain"],
        "refund": ["RR123456785NO", "A-1"],
        "receipt": ["RR123456785NO", "k1-17", "Moss"],
    }
    assert all(word in whole for word in wanted[kind])
    assert written.body.count("\n- ") == (0 if kind == "receipt" else 2)
    if kind == "support":
        assert "RR123456785NO" not in whole
        assert "A-1" not in whole


@pytest.mark.parametrize(
    ("language", "day", "moment"),
    [("nb", "23.11.2026", "23.11.2026 00:30 (UTC+0100)"), ("nn", "23.11.2026", "00:30"), ("en", "2026-11-23", "00:30")],
)
def test_days_and_times_are_those_of_the_place_as_people_write_them(language: str, day: str, moment: str) -> None:
    late = replace(OCCASION, when=datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    oslo = ZoneInfo("Europe/Oslo")
    assert day in paper("deadline", language, late, oslo).body
    assert moment in paper("support", language, late, oslo).body


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("office", ["", UNNAMED_OFFICE])
def test_no_letter_names_an_office_that_nobody_named(language: str, office: str) -> None:
    written = paper("deadline", language, replace(OCCASION, office=office)).body
    assert page_texts(language)["unnamed_office"] in written


@pytest.mark.parametrize("language", languages())
def test_a_letter_to_people_says_the_reasons_in_the_customer_s_mouth(language: str) -> None:
    clerk_s = [say(f"reason.{reason}", language) for reason in REASONS]
    written = paper("deadline", language, replace(OCCASION, reasons=tuple(REASONS), office="")).body
    assert not [sentence for sentence in clerk_s if sentence in written]
    assert "post office" not in written or language == "en"
    assert page_texts(language)["unnamed_office"] in written
    assert sections(language)["why"].keys() == set(REASONS)


@pytest.mark.parametrize(
    ("verdict", "reasons", "kinds"),
    [
        ("release", ("ok",), ("receipt",)),
        ("refuse", ("already_released",), ("support",)),
        ("refuse", ("wrong_office", "document_expired"), ("support",)),
        ("refuse", ("document_expired",), ("deadline", "support", "refund")),
        ("rescan", ("mrz_uncertain",), ("deadline", "support", "refund")),
    ],
)
def test_only_papers_that_help_are_offered(verdict, reasons, kinds) -> None:
    assert kinds_for(verdict, reasons) == kinds


@pytest.mark.parametrize("language", languages())
def test_whatever_is_offered_after_an_end_can_be_written(language: str) -> None:
    """Also the receipt, whose check has no reason that a letter could give."""
    against = [verdict for verdict in VERDICTS if verdict != "release"]
    ends = [("release", "ok"), *((verdict, reason) for reason in REASONS for verdict in against)]
    for verdict, reason in ends:
        for kind in kinds_for(verdict, (reason,)):
            about = replace(OCCASION, verdict=verdict, reasons=(reason,), told=(f"reason.{reason}",))
            assert paper(kind, language, about).body, (kind, reason)


def test_as_mail_it_is_a_draft_with_the_same_text() -> None:
    written = paper("refund", "nb", OCCASION)
    mail = email.message_from_bytes(written.as_mail(), policy=policy.default)
    assert mail["To"] == "kundeservice@buypass.no"
    assert mail["X-Unsent"] == "1"
    assert mail["Subject"] == written.subject
    body = mail.get_body()
    assert body is not None
    assert body.get_content().split() == written.body.split()


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", KINDS)
def test_every_line_of_a_mail_ends_as_mails_do(kind, language: str) -> None:
    lines = paper(kind, language, OCCASION).as_mail().split(b"\n")
    assert all(line.endswith(b"\r") and len(line) <= 999 for line in lines[:-1])


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", KINDS)
def test_a_paper_of_a_trial_says_so_and_goes_to_nobody(kind, language: str) -> None:
    trial = page_texts(language)["test_mode"]
    written = paper(kind, language, replace(OCCASION, test=True))
    assert written.subject.startswith(trial)
    assert written.body.startswith(trial)
    assert email.message_from_bytes(written.as_mail(), policy=policy.default)["To"] is None
    real = paper(kind, language, OCCASION)
    assert trial not in real.subject + real.body


NOBODY = [
    *("", " ", "-", "1473", "\u00a0", "post office", "Post Office", " POST  OFFICE ", "the post office"),
    *("postkontoret", "Postkontor", "post-kontoret", "postkontoret."),
]


@pytest.mark.parametrize("office", NOBODY)
def test_what_any_office_is_called_is_the_name_of_none(office: str) -> None:
    assert not is_named(office)
    for language in languages():
        assert (
            page_texts(language)["unnamed_office"] in paper("receipt", language, replace(OCCASION, office=office)).body
        )


@pytest.mark.parametrize(
    "office", ["Moss", "1473 Oppsal", "Post i Butikk, Kirkegata", "Moss postkontor", "Å", "Post Office Oslo"]
)
def test_a_name_is_a_name(office: str) -> None:
    assert is_named(office)
    for kind in ("deadline", "refund", "receipt", "support"):
        assert office in paper(kind, "nb", replace(OCCASION, office=office)).body


@pytest.mark.parametrize("language", languages())
def test_support_is_told_of_glass_and_passports_only_where_a_scan_was_the_matter(language: str) -> None:
    asked = sections(language)["papers"]["support"]["scan"].split("\n")[0]
    for verdict, reason in (("rescan", "mrz_uncertain"), ("refuse", "already_released"), ("refuse", "name_mismatch")):
        about = replace(OCCASION, verdict=verdict, reasons=(reason,), told=(f"reason.{reason}",))
        written = paper("support", language, about).body
        assert (asked in written) is (verdict == "rescan")
        assert page_texts(language)[f"verdict_{verdict}"] in written
        assert "\n\n\n" not in written


@pytest.mark.slow
@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_that_was_imported_adds_a_line_or_a_header(order: str, office: str) -> None:
    about = replace(OCCASION, verdict="refuse", reasons=("name_mismatch",), told=("reason.name_mismatch",))
    occasion = replace(about, order=order, office=office)
    plain = paper("refund", "en", replace(about, order="x", office="x"))
    written = paper("refund", "en", occasion)
    assert len(written.body.splitlines()) == len(plain.body.splitlines())
    assert "\n" not in written.subject
    mail = email.message_from_bytes(written.as_mail(), policy=policy.default)
    assert set(mail.keys()) == set(email.message_from_bytes(plain.as_mail(), policy=policy.default).keys())
