"""The supervisor's page of letters: each decision ends in the entry of its kind, and nothing else changes anything."""

import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from clerks import CLERK, SUPERVISOR, TECHNICIAN, client
from letter_office import (
    FORMS,
    NAME,
    NUMBER,
    OTHER_NUMBER,
    RIGHT,
    TODAY,
    TRIAL,
    UNKNOWN,
    Office,
    Window,
    day,
    offered,
    said,
)

from stillscan.guidance import languages, page_texts
from stillscan.records import changes, kinds
from stillscan.records import clock as clocks
from stillscan.records.clock import utc_now
from stillscan.records.importing import load
from stillscan.records.staff import Role
from stillscan.records.verification import verify

pytestmark = pytest.mark.slow

T = page_texts("nb")


@pytest.fixture
def window(office: Office) -> Window:
    return Window(office)


def test_the_letter_as_the_chain_has_it_with_its_history(office: Office, window: Window) -> None:
    first = window.client.get("/letters").text
    assert "autofocus" in first.partition('id="tracking"')[2].partition(">")[0]
    assert NUMBER not in first
    page = window.look("rr 123 456 785 no")
    assert page.status_code == 200
    assert str(page.url) == "http://127.0.0.1/letters"
    assert NAME in page.text
    assert said(page.text, "letter_state_waiting")
    assert said(page.text, "entry_consignment")
    assert "Moss" in page.text
    assert offered(page.text) == FORMS


@pytest.mark.parametrize(
    ("name", "fields", "kind"),
    [
        ("extend", {"deadline": day(30)}, kinds.EXTENSION),
        ("correct", {"recipient": RIGHT}, kinds.CORRECTION),
        ("withdraw", {"reason": "on the sender's wish"}, kinds.WITHDRAWAL),
        ("withdraw", {"reason": "  "}, kinds.WITHDRAWAL),
        ("return", {}, kinds.RETURN),
    ],
)
def test_each_decision_is_an_entry_with_the_supervisors_id(
    office: Office, window: Window, name: str, fields: dict[str, str], kind: str
) -> None:
    before = len(office.facts())
    window.look()
    page = window.decide(name, **fields)
    assert page.status_code == 200
    form = TODAY + timedelta(days=30)
    assert said(page.text, f"done_{kind}", deadline=form.strftime(T["date_form"]))
    new = office.facts()[before:]
    assert [(one["kind"], one["staff"], one["tracking"]) for one in new] == [(kind, SUPERVISOR, NUMBER)]
    if kind == kinds.EXTENSION:
        assert new[0]["deadline"] == fields["deadline"]
    assert said(page.text, f"entry_{kind}", deadline=form.strftime(T["date_form"])), "its history shows it"
    assert SUPERVISOR in page.text.partition("<tbody>")[2]
    found = verify(office.database, office.keyring)
    assert (found.findings, len(found.changes)) == ([], 1)
    assert (NAME in page.text) == (name == "extend")
    assert (RIGHT in page.text) == (name == "correct")


def test_a_form_that_is_sent_twice_changes_one_thing(office: Office, window: Window) -> None:
    window.look()
    old = dict(window.form)
    assert window.decide("extend", deadline=day(20)).status_code == 200
    before = office.facts()
    for name, fields in (
        ("extend", {"deadline": day(40)}),
        ("correct", {"recipient": RIGHT}),
        ("withdraw", {}),
        ("return", {}),
    ):
        window.form = dict(old)
        page = window.decide(name, **fields)
        assert page.status_code == 409
        assert said(page.text, "letter_meanwhile")
        assert NUMBER in page.text
    assert office.facts() == before


@pytest.mark.parametrize("how", ["boot", "seen", "nothing"])
def test_a_form_of_another_run_or_none_of_ours_changes_nothing(office: Office, window: Window, how: str) -> None:
    window.look()
    window.form = {**window.form, how: "0" * 8} if how != "nothing" else {"tracking": NUMBER}
    before = office.facts()
    assert window.decide("return").status_code == 409
    assert office.facts() == before


def test_what_somebody_else_decided_meanwhile_is_seen_first(office: Office, window: Window) -> None:
    window.look()
    office.elsewhere(changes.correction(RIGHT))
    page = window.decide("withdraw")
    assert page.status_code == 409
    assert RIGHT in page.text
    assert window.decide("withdraw").status_code == 200


@pytest.mark.parametrize(
    ("end", "state", "left"),
    [("release", "released", ()), ("withdraw", "withdrawn", ("return",)), ("return", "returned", ())],
)
def test_of_a_letter_that_is_gone_nothing_but_a_return_is_decided(
    office: Office, window: Window, end: str, state: str, left: tuple[str, ...]
) -> None:
    if end == "release":
        office.release()
    else:
        office.elsewhere(changes.withdrawal() if end == "withdraw" else changes.return_to_sender())
    page = window.look()
    assert said(page.text, f"letter_state_{state}")
    assert said(page.text, "recipient_hidden")
    assert NAME not in page.text
    assert offered(page.text) == left
    assert said(page.text, "letter_nothing_left") == (not left)
    if end == "release":
        assert said(page.text, "entry_check_released")
    before = office.facts()
    window.form = {"tracking": NUMBER, "boot": office.counter.boot, "seen": changes.mark(office.chain, NUMBER)}
    for name in set(FORMS) - set(left):
        answer = window.decide(name, deadline=day(30), recipient=RIGHT, reason="")
        assert answer.status_code == 422
        assert said(answer.text, f"letter_{state}")
    assert office.facts() == before


def test_a_letter_whose_deadline_is_over_shows_its_recipient_again_with_a_new_one(
    make_office: Callable[..., Office],
) -> None:
    office = make_office()
    rows = f"tracking,order,recipient,deadline,office\nRR000000031NO,A-9,{NAME},{day(-1)},\n"
    load(rows.encode(), office.database, office.keyring, "g")
    window = Window(office)
    page = window.look("RR000000031NO")
    assert said(page.text, "letter_state_deadline_over")
    assert NAME not in page.text
    assert NAME in window.decide("extend", deadline=day(3)).text


@pytest.mark.parametrize(
    ("name", "fields", "key"),
    [
        ("extend", {"deadline": day(-1)}, "letter_past"),
        ("extend", {"deadline": day(7)}, "letter_same"),
        ("extend", {"deadline": "24.12.2026"}, "letter_wrong_deadline"),
        ("extend", {"deadline": ""}, "letter_wrong_deadline"),
        ("extend", {}, "letter_wrong_deadline"),
        ("correct", {"recipient": NAME}, "letter_same"),
        ("correct", {"recipient": ""}, "letter_wrong_recipient"),
        ("correct", {"recipient": "1234"}, "letter_wrong_recipient"),
        ("correct", {"recipient": "rr 000 000 014 no"}, "letter_wrong_recipient"),
        ("withdraw", {"reason": OTHER_NUMBER}, "letter_wrong_reason"),
        ("withdraw", {"reason": "x" * 201}, "letter_wrong_reason"),
        ("withdraw", {"reason": "a\x00b"}, "letter_wrong_reason"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_not_recorded(
    office: Office, window: Window, name: str, fields: dict[str, str], key: str
) -> None:
    """Also the bar code of the next letter, scanned while another field has the focus."""
    window.look()
    before = office.facts()
    page = window.decide(name, **fields)
    assert page.status_code == 422
    form = page.text.partition(f'action="/letters/{name}"')[2].partition("</form>")[0]
    assert said(form, key)
    assert 'aria-invalid="true"' in form
    assert office.facts() == before


def test_numbers_that_are_none_unknown_or_of_letters_for_trying_out(office: Office, window: Window) -> None:
    before = office.facts()
    window.form = {"boot": office.counter.boot, "seen": "0" * 64}
    for number, key in (
        ("", "tracking_wrong"), ("hello", "tracking_wrong"), ("<script>alert(1)</script>", "tracking_wrong"),
        ("RR000000015NO", "tracking_wrong"), (UNKNOWN, "tracking_unknown"), (TRIAL, "tracking_wrong"),
    ):  # fmt: skip
        for answer in (window.look(number), window.decide("return", tracking=number)):
            assert answer.status_code in (409, 422)
            assert said(answer.text, key), number
            assert "<script>alert" not in answer.text
            assert offered(answer.text) == ()
    assert office.facts() == before


def test_in_test_mode_there_are_letters_for_trying_out_and_no_others(make_office: Callable[..., Office]) -> None:
    office = make_office(test_mode=True)
    window = Window(office)
    assert said(window.look(NUMBER).text, "tracking_unknown")
    before = office.facts()
    window.form = {"tracking": NUMBER, "boot": office.counter.boot, "seen": changes.mark(office.chain, NUMBER)}
    assert said(window.decide("return").text, "tracking_unknown")
    assert office.facts() == before
    assert window.look(TRIAL).status_code == 200
    assert window.decide("return").status_code == 200
    assert office.facts()[-1]["kind"] == kinds.RETURN


def test_only_supervisors_see_and_decide(office: Office) -> None:
    before = office.facts()
    seen = Window(office)
    seen.look()
    for who in (CLERK, TECHNICIAN):
        window = Window(office, who)
        window.form = dict(seen.form)
        for answer in (window.client.get("/letters"), window.look(), *(window.decide(name) for name in FORMS)):
            assert (answer.status_code, answer.text) == (403, T["role_needed"])
        assert "/letters" not in window.client.get("/").text
    assert 'href="/letters"' in seen.client.get("/").text
    bound, stranger = client(office.program, office.browsers, None), client(office.program)
    for one in (bound, stranger):
        for method, path in (
            ("GET", "/letters"),
            ("POST", "/letters"),
            *(("POST", f"/letters/{name}") for name in FORMS),
        ):
            answer = one.request(method, path, data=seen.form if method == "POST" else None, follow_redirects=False)
            assert (answer.status_code, answer.headers["Location"]) == (303, "/signin")
    assert office.facts() == before


def test_who_is_no_supervisor_in_the_chain_decides_nothing(office: Office, window: Window) -> None:
    """The session says supervisor still; the transaction asks the chain."""
    window.look()
    office.people.add("boss", Role.SUPERVISOR, "2580 blue")
    office.people.set_role(SUPERVISOR, Role.CLERK)
    before = office.facts()
    answer = window.decide("withdraw")
    assert answer.status_code == 403
    assert said(answer.text, "role_needed")
    assert office.facts() == before


def test_forms_of_another_site_are_refused(office: Office, window: Window) -> None:
    window.look()
    before = office.facts()
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}):
        assert window.client.post("/letters/return", data=window.form, headers=headers).status_code == 403
    led = window.client.get("/letters/return", follow_redirects=False)
    assert (led.status_code, led.headers["Location"]) == (303, "/letters")
    assert window.client.post("/letters/return", data={**window.form, "more": "x" * 5000}).status_code == 413
    assert office.facts() == before


@pytest.mark.parametrize("row", ["letter", "entry", "history", "head"])
def test_a_database_that_was_damaged_is_one_line_each_time_and_nothing_is_written(
    office: Office, window: Window, row: str, caplog: pytest.LogCaptureFixture
) -> None:
    office.elsewhere(changes.extension(day(20)))
    window.look()
    statement = {
        "letter": "UPDATE consignment SET released = 1",
        "entry": f"UPDATE audit_entry SET body = replace(body, 'Moss', 'Nord') WHERE body LIKE '%{NUMBER}%'",
        "history": f"UPDATE audit_entry SET body = replace(body, '{day(20)}', '{day(21)}')",
        "head": "UPDATE audit_head SET entries = entries - 1",
    }[row]
    with contextlib.closing(sqlite3.connect(office.path)) as connection, connection:
        connection.execute(statement)
        before = list(connection.iterdump())
    with caplog.at_level(logging.WARNING):
        answers = [window.look()] + ([window.decide("return")] if row != "history" else [])
    for answer in answers:
        assert answer.status_code == 503
        assert said(answer.text, "letter_records")
        assert offered(answer.text) == ()
        assert NAME not in answer.text
    with contextlib.closing(sqlite3.connect(office.path)) as connection:
        assert list(connection.iterdump()) == before
    told = [record for record in caplog.records if record.name == "stillscan.web.letters"]
    assert len(told) == len(answers)
    assert not any("\n" in one.getMessage() for one in told)


def test_a_clock_that_cannot_be_believed_lets_nothing_be_decided(
    office: Office, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.look()
    before = office.facts()
    later = utc_now() + timedelta(days=300)
    monkeypatch.setattr(clocks._system, "now", lambda: later)
    for language in languages():
        answer = window.client.post(f"/letters/withdraw?language={language}", data=window.form)
        assert answer.status_code == 503
        assert said(answer.text, "clock_ahead", language)
    assert office.facts() == before


def test_no_log_holds_a_number_or_a_name(office: Office, window: Window, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        window.look()
        window.decide("correct", recipient=RIGHT)
        window.decide("withdraw", reason="Hansen moved")
        window.look(UNKNOWN)
    told = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("stillscan"))
    assert [word for word in (NUMBER, UNKNOWN, "Hansen", "Østenbyen", SUPERVISOR) if word in told] == []


def test_times_are_local(office: Office, window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")  # 14 hours ahead: another day than in UTC more often than not
    time.tzset()
    try:
        page = window.look().text
    finally:
        monkeypatch.undo()
        time.tzset()
    moment = office.facts()[0]["time"]
    local = utc_now().fromisoformat(moment) + timedelta(hours=14)
    assert f'<time datetime="{moment}">{local.strftime("%d.%m.%Y %H:%M")}</time>' in page


def test_entries_about_other_letters_are_not_in_its_history(office: Office, window: Window) -> None:
    office.elsewhere(changes.extension(day(20)), OTHER_NUMBER)
    office.people.add("extra", Role.CLERK, "2580 blue")
    page = window.look().text
    assert page.partition("<tbody>")[2].partition("</tbody>")[0].count("<tr>") == 1
