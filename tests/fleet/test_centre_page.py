"""The centre's pages and API without a browser: every page, roles, what is not shown, and bad input."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from importlib.resources import files
from pathlib import Path

import pytest
from centres import Centre
from fleets import BAD, GOOD, NOW, Fleet, with_a_bad_series
from places import ON_BOTH
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from stillscan.fleet.refusals import Refusal
from stillscan.fleet.store import Store
from stillscan.guidance.catalogue import sections
from stillscan.records.errors import RecordsError
from stillscan.verify.known import LANGUAGES

pytestmark = pytest.mark.slow

PAGES = ("/", "/series", "/versions", "/week", "/known", "/kiosk/k0", "/office?name=0000 Office", "/version/1.4.0")


@pytest.fixture
def fleet(store: Store) -> Fleet:
    return with_a_bad_series(store)


@pytest.fixture
def centre(store: Store, fleet: Fleet, tmp_path: Path) -> Centre:
    fleet.set("k1", head_back=7)
    return Centre(store, tmp_path / "keys")


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_every_page_is_shown_in_every_language(centre: Centre, language: str) -> None:
    client, texts = centre.browser(), sections(language)["fleet"]
    for path in (*PAGES, "/series/UTO/P/2031"):
        answer = client.get(f"{path}{'&' if '?' in path else '?'}language={language}")
        assert answer.status_code == 200, path
        assert texts["too_few"] in answer.text
        assert f'<html lang="{language}"' in answer.text
    assert texts["kind_chain"] in client.get(f"/?language={language}").text


@ON_BOTH
def test_a_series_is_shown_with_what_fails_and_where(centre: Centre) -> None:
    client = centre.browser()
    assert [client.get(path).status_code for path in PAGES] == [200] * len(PAGES)
    page = client.get("/series/UTO/P/2031").text
    assert "41.7 %" in page
    assert "<code>glare</code>" in page
    assert "Line 2: most often at character 7, 30 times." in page
    assert page.count("<rect") >= 88
    assert "1.4.0" in page


def test_who_is_not_signed_in_sees_nothing(centre: Centre) -> None:
    stranger = TestClient(centre.program, base_url="http://127.0.0.1")
    for client in (stranger, centre.browser(None)):
        for path in (*PAGES, "/known.toml"):
            answer = client.get(path, follow_redirects=False)
            assert (answer.status_code, answer.headers["location"]) == (303, "/signin")
        assert client.get("/events").status_code == 401
        assert client.post("/known/add", data={}, follow_redirects=False).status_code == 303
    assert 'name="pin"' not in stranger.get("/signin").text, "its browser is not bound"


def test_one_press_of_a_supervisor_makes_advice_that_a_kiosk_reads(centre: Centre) -> None:
    press = {"issuer": "UTO", "kind": "P", "expiry_year": "2031"}
    for role in ("clerk", "technician"):
        client = centre.browser(role)
        assert 'action="/known/add"' not in client.get("/series/UTO/P/2031").text
        assert client.post("/known/add", data=press).status_code == 403
    client = centre.browser("supervisor")
    assert 'action="/known/add"' in client.get("/series/UTO/P/2031").text
    assert 'action="/known/add"' not in client.get("/series/SWE/P/2030").text
    shown = client.post("/known/add", data=press)
    assert sections("en")["fleet"]["kept"] in shown.text
    assert "often give glare" in shown.text
    assert 'issuer = "UTO"' in client.get("/known.toml").text
    number = re.search(r'name="number" value="(\d+)"', shown.text)
    assert number is not None
    words = {**dict.fromkeys(LANGUAGES, "Prøv én gang til."), "number": number[1], "seen_from": "2026-11-30"}
    client.post("/known/change", data={**words, "seen_to": "2026-12-24"})
    assert "seen_to = 2026-12-24" in client.get("/known.toml").text
    refused = client.post("/known/change", data={**words, "seen_to": "2026-01-01"})
    assert refused.status_code == 422
    assert "the last day lies before the first" in refused.text
    client.post("/known/remove", data={"number": number[1]})
    assert "[[passport]]" not in client.get("/known.toml").text.replace("# [[passport]]", "")


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/known/add", {}),
        ("/known/add", {"issuer": "NOR", "kind": "P", "expiry_year": "2030"}),
        ("/known/add", {"issuer": "UTO", "kind": "P", "expiry_year": "x"}),
        ("/known/change", {"number": "99"}),
        ("/known/change", {**dict.fromkeys(LANGUAGES, "a"), "number": "99", "seen_from": "2026-13-01"}),
        ("/known/remove", {"number": "x"}),
    ],
)
def test_a_form_that_is_none_is_refused_in_words(centre: Centre, path: str, form: dict[str, str]) -> None:
    answer = centre.browser("supervisor").post(path, data=form)
    assert answer.status_code == 422
    assert 'id="problem"' in answer.text


def test_of_few_documents_nothing_is_shown(store: Store, centre: Centre, fleet: Fleet) -> None:
    fleet.checks(["k0"], GOOD._replace(issuer="ISL"), 19, 19, quality=["streak"])
    fleet.checks(["k0"], BAD, 5, 5, firmware="1.5.0")
    centre.watch.count()
    client = centre.browser()
    assert "ISL" not in client.get("/series").text
    assert client.get("/series/ISL/P/2030").status_code == 404
    assert "ISL" not in centre.call("/series").text
    assert "1.5.0" not in client.get("/series/UTO/P/2031").text
    assert "1.5.0" not in client.get("/versions").text


@pytest.mark.parametrize(
    "path", ["/kiosk/nobody", "/office?name=nowhere", "/version/9", "/series/XXX/P/2030", "/series/UTO/P/x", "/nothing"]
)
def test_what_is_not_there_is_not_found(centre: Centre, path: str) -> None:
    assert centre.browser().get(path).status_code == 404


@pytest.mark.parametrize(
    "office", ["Storgata 1/3", "..", "a?b=c&d#e%2f", "<script>alert(1)</script>", "\U0001f4ee \u05d0", "\"x'", "a\\\\b"]
)
def test_every_office_s_link_leads_to_it(centre: Centre, fleet: Fleet, office: str) -> None:
    fleet.set("k0", office=office)
    page = centre.browser().get("/kiosk/k0").text
    (link,) = re.findall(r'href="(/office[^"]*)"', page)
    shown = centre.browser().get(unescape(link))
    assert (shown.status_code, "<script>a" in shown.text) == (200, False)
    (other,) = re.findall(r'href="([^"]*language=nb)"', shown.text)
    assert centre.browser().get(unescape(other)).status_code == 200


def test_kiosks_are_found_and_listed_a_page_at_a_time(store: Store, tmp_path: Path) -> None:
    fleet = Fleet(store, 250)
    fleet.set("k249", head_back=1)
    client = Centre(store, tmp_path / "keys").browser()
    first = client.get("/").text
    assert first.count("<tr class=") == 101, "a hundred, and the alert"
    assert first.index('href="/kiosk/k249"') < first.index('href="/kiosk/k0"')
    for page in (3, 99):
        assert client.get(f"/?page={page}").text.count("<tr class=") == 51
    assert client.get("/?page=-1").text.count("<tr class=") == client.get("/?page=²").text.count("<tr class=") == 101
    assert 'href="/kiosk/k77"' in client.get("/?find=K77").text
    assert sections("en")["fleet"]["none_found"] in client.get("/?find=%3Cscript%3E").text
    assert "<script>" not in client.get("/?find=%3Cscript%3E").text.replace("<script ", "")


def test_the_week_tells_what_began(centre: Centre) -> None:
    page = centre.browser().get("/week").text
    assert sections("en")["fleet"]["kind_chain"] in page
    assert "k1" in page


def test_programs_ask_with_a_token(centre: Centre) -> None:
    assert centre.call("/kiosks", "none").status_code == 401
    assert centre.call("/kiosks", "other").status_code == 403
    kiosks = centre.call("/kiosks").json()
    assert [one["kiosk"] for one in kiosks] == [f"k{n}" for n in range(6)]
    assert centre.call("/kiosks/k1").json()["alerts"][0]["alert"] == "chain"
    assert centre.call("/kiosks/k9").status_code == 404
    assert [one["kiosk"] for one in centre.call("/alerts").json()] == ["k1"]
    assert [(one["issuer"], one["flagged"]) for one in centre.call("/series").json()] == [("UTO", True), ("SWE", False)]


def test_prometheus_reads_the_figures_and_the_dashboard_shows_no_others(centre: Centre) -> None:
    text = centre.call("/metrics").text
    found = {one.name: one for one in text_string_to_metric_families(text)}
    alerts = {sample.labels["alert"]: sample.value for sample in found["stillscan_alerts"].samples}
    assert alerts == {"silent": 0, "failing": 0, "dirty": 0, "ageing": 0, "clock": 0, "chain": 1}
    assert {sample.value for sample in found["stillscan_checks"].samples} == {612.0}
    dashboard = json.loads((files("stillscan.fleet") / "dashboard.json").read_text(encoding="utf-8"))
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"stillscan_\w+", target["expr"])
    }
    written = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    assert asked == written


def test_what_was_refused_is_shown(store: Store, centre: Centre) -> None:
    client = centre.browser()
    assert sections("en")["fleet"]["refused_messages"] not in client.get("/").text + client.get("/kiosk/k0").text
    given = [(1, "k0", "forged"), (2, "k0", "forged"), (3, "k0", "too_large"), (4, "moss-1", "unknown")]
    store.refused([Refusal(*one) for one in given], NOW)
    assert "<dd>4</dd>" in client.get("/").text
    assert "<dd>forged: 2, too_large: 1</dd>" in client.get("/kiosk/k0").text
    assert centre.call("/refused").json() == {"k0": {"forged": 2, "too_large": 1}, "moss-1": {"unknown": 1}}
    assert centre.call("/kiosks/k0").json()["refused"] == {"forged": 2, "too_large": 1}
    assert 'stillscan_messages_refused_total{reason="forged"} 2' in centre.call("/metrics").text


def test_a_page_says_that_nothing_is_taken_and_why(centre: Centre) -> None:
    client = centre.browser()
    before = client.get("/").text
    assert 'id="stands"' not in before
    centre.trouble = "nothing is kept now: the disk is full"
    page = client.get("/").text
    assert "the disk is full" in page[page.index('id="stands"') :]
    states = {re.search('data-state="([^"]+)"', one)[1] for one in (before, page)}  # type: ignore[index]
    assert len(states) == 2, "open pages ask for themselves anew"


def test_rounds_that_fail_are_told_once(
    centre: Centre, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> None:
        raise RecordsError("the disk is full", "full")

    monkeypatch.setattr(centre.rounds, "once", fails)
    for _ in range(3):
        centre.rounds.try_once()
    assert caplog.text.count("the disk is full") == 1


def test_a_page_that_asks_for_itself_does_not_keep_anybody_signed_in(centre: Centre) -> None:
    client = centre.browser()
    (session,) = centre.sessions._open.values()
    session.acted_s = 0.25
    client.get("/", headers={"X-Live": "1"})
    assert session.acted_s == 0.25
    client.get("/")
    assert session.acted_s == 1.0


def test_a_state_that_does_not_answer_is_said_in_words(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    client = centre.browser()

    def fails() -> None:
        raise RecordsError("gone", "closed")

    monkeypatch.setattr(centre.watch, "latest", fails)
    answer = client.get("/")
    assert (answer.status_code, answer.text) == (503, sections("en")["fleet"]["refused"])
    assert centre.call("/series").status_code == 503


def test_a_kiosk_that_nothing_was_heard_of_is_shown(store: Store, fleet: Fleet, centre: Centre) -> None:
    fleet.set("k2", heard="", firmware="", last_hour="")
    fleet.set("k3", revoked=True)
    fleet.set("k4", clock_hours=-8760, heard=(NOW - timedelta(days=40)).isoformat())
    centre.rounds.once()
    client = centre.browser()
    assert "not heard yet" in client.get("/kiosk/k2").text
    assert "revoked" in client.get("/kiosk/k3").text
    assert "-8760 h" in client.get("/kiosk/k4").text
