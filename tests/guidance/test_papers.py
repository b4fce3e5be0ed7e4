"""The papers that follow a check: every language, as text and as mail, with what they need and nothing personal."""

import email
from datetime import UTC, datetime
from email import policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.guidance import languages
from stillscan.guidance.papers import KINDS, Occasion, paper

OCCASION = Occasion(
    tracking="RR123456785NO",
    order="A-1",
    office="Moss",
    when=datetime(2026, 11, 22, 12, tzinfo=UTC),
    verdict="rescan",
    reasons=("mrz_uncertain", "face_not_confirmed"),
    reference="k1-17",
)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", KINDS)
def test_each_paper_says_what_it_is_for(kind, language: str) -> None:
    written = paper(kind, language, OCCASION)
    assert "{" not in written.subject + written.body
    whole = f"{written.subject}\n{written.body}"
    wanted = {"deadline": ["RR123456785NO"], "support": ["k1-17", "mrz_uncertain"], "refund": ["RR123456785NO", "A-1"]}
    assert all(word in whole for word in wanted[kind])
    assert written.body.count("\n- ") == 2
    if kind == "support":
        assert "RR123456785NO" not in whole
        assert "A-1" not in whole


def test_as_mail_it_is_a_draft_with_the_same_text() -> None:
    written = paper("refund", "nb", OCCASION)
    mail = email.message_from_bytes(written.as_mail(), policy=policy.default)
    assert mail["To"] == "kundeservice@buypass.no"
    assert mail["X-Unsent"] == "1"
    assert mail["Subject"] == written.subject
    body = mail.get_body()
    assert body is not None
    assert body.get_content().split() == written.body.split()


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_that_was_imported_adds_a_line_or_a_header(order: str, office: str) -> None:
    occasion = Occasion("RR123456785NO", order, office, OCCASION.when, "refuse", ("name_mismatch",), "1")
    plain = paper("refund", "en", Occasion("RR123456785NO", "x", "x", OCCASION.when, "refuse", ("name_mismatch",), "1"))
    written = paper("refund", "en", occasion)
    assert len(written.body.splitlines()) == len(plain.body.splitlines())
    assert "\n" not in written.subject
    mail = email.message_from_bytes(written.as_mail(), policy=policy.default)
    assert set(mail.keys()) == set(email.message_from_bytes(plain.as_mail(), policy=policy.default).keys())
