"""The centre's rounds: what the statistics say of a state, and each alert told once, by webhook and mail."""

from __future__ import annotations

import json
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from fleets import BAD, GOOD, NOW, Fleet, with_a_bad_series
from places import ON_BOTH

from stillscan.errors import InputError
from stillscan.fleet.findings import Watch, found
from stillscan.fleet.known import Side, proposed
from stillscan.fleet.known_list import add, change, document, entries, remove
from stillscan.fleet.rounds import Rounds
from stillscan.fleet.series import Key
from stillscan.fleet.store import Store
from stillscan.fleet.telling import MailServer, by_mail, by_webhook
from stillscan.fleet.watching import Item, alerts, news_since, round_, tell
from stillscan.records.canonical import instant


def open_alerts(store: Store) -> list[tuple[str, str]]:
    with store.reading() as connection:
        return sorted((one.kiosk, one.kind) for one in alerts(connection))


@pytest.mark.slow
@ON_BOTH
def test_the_series_that_fails_is_found_in_the_state(store: Store) -> None:
    with_a_bad_series(store)
    findings = found(store, NOW)
    assert [(one.key, one.flagged) for one in findings.series] == [(BAD, True), (GOOD, False)]
    assert findings.series[0].expected == pytest.approx(0.1)
    assert [one.key for one in findings.began] == [], "it was so a week ago"
    assert [(one.firmware, one.part.documents) for one in findings.versions] == [("1.4.0", 612)]


@pytest.mark.slow
def test_what_is_for_trying_out_is_not_counted_beside_what_is_not(store: Store) -> None:
    fleet = with_a_bad_series(store, test=True)
    fleet.checks(fleet.names, GOOD, 40, 2)
    findings = found(store, NOW)
    assert not findings.test
    assert [one.key for one in findings.series] == [GOOD]


def test_a_fleet_of_trials_alone_is_counted(store: Store) -> None:
    fleet = Fleet(store, 2)
    fleet.checks(fleet.names, GOOD, 40, 2, test=True)
    assert found(store, NOW).test
    assert [one.documents for one in found(store, NOW).series] == [80]


@pytest.mark.slow
def test_a_series_that_begins_to_fail_this_week_is_told_as_new(store: Store) -> None:
    fleet = Fleet(store, 6)
    fleet.checks(fleet.names, GOOD, 90, 9, 9)
    fleet.checks(fleet.names, GOOD, 90, 9, 1)
    fleet.checks(fleet.names, BAD, 12, 1, 9)
    fleet.checks(fleet.names, BAD, 12, 7, 1)
    findings = found(store, NOW)
    assert [one.key for one in findings.began] == [BAD]
    assert findings.ended == []


@pytest.mark.slow
@ON_BOTH
def test_a_round_finds_what_is_wrong_and_keeps_it_once(store: Store) -> None:
    fleet = Fleet(store, 6)
    fleet.set("k0", heard=instant(NOW - timedelta(days=5)))
    fleet.set("k1", clock_hours=8760)
    fleet.set("k2", head_back=7)
    fleet.note("k3", "dirt", counts={"pieces": 3, "hurts": 1})
    fleet.note("k3", "dirt", counts={"pieces": 5, "hurts": 2})
    fleet.note("k4", "calibration", codes={"lamp": "weak", "flow": "good"})
    fleet.set("k5", heard="", revoked=False)
    wrong = [("k0", "silent"), ("k1", "clock"), ("k2", "chain"), ("k3", "dirty"), ("k4", "ageing")]
    news = round_(store, {}, NOW)
    assert sorted((one.alert.kiosk, one.alert.kind) for one in news) == wrong
    assert open_alerts(store) == wrong
    assert next(dict(one.alert.why) for one in news if one.alert.kind == "dirty") == {"pieces": 2}
    assert round_(store, {}, NOW) == []
    fleet.set("k0", revoked=True)
    assert [one.over for one in round_(store, {}, NOW)] == [True]


@pytest.mark.slow
@ON_BOTH
def test_a_kiosk_that_fails_is_found_by_its_documents(store: Store) -> None:
    fleet = Fleet(store, 8)
    fleet.checks(fleet.names[1:], GOOD, 50, 3)
    fleet.checks(["k0"], GOOD, 50, 25)
    rounds = Rounds(store, Watch(store, lambda: NOW), lambda: NOW)
    rounds.once()
    assert open_alerts(store) == [("k0", "failing")]
    with store.reading() as connection:
        (item,) = news_since(connection, NOW - timedelta(hours=1))
    assert item.why == {"documents": 50, "failed": 25, "percent": 50, "elsewhere": 6}


@ON_BOTH
def test_news_are_told_once_and_again_until_they_are_taken(store: Store) -> None:
    fleet = Fleet(store, 2)
    fleet.set("k0", head_back=7)
    told: list[Item] = []
    refusing = True

    def teller(item: Item) -> None:
        if refusing:
            raise ConnectionRefusedError
        told.append(item)

    round_(store, {}, NOW)
    assert tell(store, [teller]) == 0
    refusing = False
    assert (tell(store, [teller]), tell(store, [teller])) == (1, 0)
    assert [(item.kiosk, item.kind, item.over) for item in told] == [("k0", "chain", False)]


def test_where_nobody_wants_to_be_told_nothing_waits(store: Store) -> None:
    Fleet(store, 1).set("k0", head_back=7)
    Rounds(store, Watch(store, lambda: NOW), lambda: NOW).once()
    told: list[Item] = []
    assert tell(store, [told.append]) == 0


ITEM = Item(7, NOW, "k0", "0150 Ås", "failing", False, {"documents": 50, "percent": 50, "elsewhere": 6})


def test_the_webhook_is_signed_and_names_the_alert() -> None:
    sent: list[tuple[bytes, dict[str, str]]] = []
    later = NOW.timestamp() + 3600.0  # it is tried again, and receivers refuse what is five minutes old
    by_webhook(b"s" * 32, lambda body, headers: sent.append((body, headers)), lambda: later)(ITEM)
    ((body, headers),) = sent
    assert headers["webhook-timestamp"] == str(int(later))
    assert (headers["webhook-id"], headers["webhook-signature"][:3]) == ("alert-7", "v1,")
    data = {"kiosk": "k0", "office": "0150 Ås", "alert": "failing", "over": False, "why": dict(ITEM.why)}
    assert json.loads(body) == {"type": "kiosk.alert", "timestamp": int(NOW.timestamp()), "data": data}


@pytest.mark.parametrize(("language", "word"), [("en", "documents"), ("nb", "dokumenter"), ("nn", "av dei same")])
def test_mail_says_what_is_wrong_in_the_readers_language(language: str, word: str) -> None:
    mails: list[EmailMessage] = []
    by_mail("stillscan@example.org", ["a@example.org", "b@example.org"], mails.append, language)(ITEM)
    (mail,) = mails
    assert "k0" in mail["Subject"]
    assert mail["To"] == "a@example.org, b@example.org"
    assert mail["Message-ID"] == "<alert-7@example.org>"
    assert word in mail.get_content()
    assert "0150 Ås" in mail.get_content()
    assert b"\n\n" in mail.as_bytes()


@pytest.mark.parametrize("address", ["", "a", "a@", "@b", "a@b\nTo: c@d", "a b@c"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InputError):
        by_mail(address, ["a@example.org"], lambda mail: None, "en")


def test_a_mail_server_is_an_address_with_encryption() -> None:
    server = MailServer.parse("smtps://name:p%40ss@mail.example.org")
    assert server == ("smtps", "mail.example.org", 465, "name", "p@ss")
    assert MailServer.parse("smtp://mail.example.org:2525").port == 2525
    for wrong in ("mail.example.org", "http://mail.example.org", "smtp://", "smtp://m:99999999", "smtp://m/x"):
        with pytest.raises(InputError) as caught:
            MailServer.parse(wrong)
        assert "\n" not in str(caught.value)


def test_a_centre_whose_page_was_never_served_has_an_empty_list(store: Store) -> None:
    assert b"[[passport]]" not in document(store)


@pytest.mark.slow
@ON_BOTH
def test_the_list_is_kept_with_how_it_was_before_and_says_whether_it_helped(store: Store, tmp_path: Path) -> None:
    fleet = with_a_bad_series(store)
    findings = found(store, NOW - timedelta(days=2))
    series = findings.of(BAD)
    assert series is not None
    before = Side(series.documents, series.failed, series.documents * (series.expected or 0))
    entry = proposed(BAD, "glare", (NOW - timedelta(days=2)).date())
    number = add(store, entry, before, "sol")
    assert add(store, entry, before, "sol") == number, "pressed twice"
    assert found(store, NOW).effects[number][1] == "early"
    fleet.checks(fleet.names, BAD, 12, 1, 1)
    fleet.checks(fleet.names, GOOD, 90, 9, 1)
    side, verdict = found(store, NOW).effects[number]
    assert (side.documents, side.failed, verdict) == (72, 6, "helped")
    assert b'issuer = "UTO"' in document(store)
    assert change(store, number, entry.advice, entry.seen_from, NOW.date())
    with pytest.raises(InputError):
        change(store, number, {**entry.advice, "en": ""}, entry.seen_from, None)
    with store.reading() as connection:
        assert [kept.entry.seen_to for kept in entries(connection)] == [NOW.date()]
    assert (remove(store, number), remove(store, number)) == (True, False)
    assert not change(store, number, entry.advice, entry.seen_from, None)
    assert found(store, NOW).of(Key("NOR", "P", 2031)) is None
