"""Letters listed and counted by programs, and the counter as they follow it."""

import json
import re
import threading
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import quote

import anyio
import pytest
from api_office import CLERK, LETTER, Office
from clerks import run
from starlette.responses import Response

from stillscan.commands.json_lines import JsonLines, checks_told
from stillscan.errors import StillscanError
from stillscan.records.chain_state import ChainState
from stillscan.records.ended import EndedChecks
from stillscan.records.history import history
from stillscan.records.tracking import numbers
from stillscan.web import feed as module
from stillscan.web import webhook as hooks
from stillscan.web.feed import feed
from stillscan.web.places import Places

pytestmark = pytest.mark.slow


def test_letters_are_listed_in_parts_and_by_state(tmp_path: Path) -> None:
    office = Office(tmp_path)
    numbers = [f"RR2000000{end}NO" for end in ("10", "23", "37", "45", "54")]
    letters = [LETTER | {"tracking": number, "office": "Moss" if n % 2 else "Oslo"} for n, number in enumerate(numbers)]
    letters[0]["deadline"] = "2026-01-31"
    assert office.client.post("/api/v1/consignments", json=letters).json() == {"new": 5, "unchanged": 0}
    first = office.client.get("/api/v1/consignments?limit=2").json()
    assert [one["tracking"] for one in first["letters"]] == numbers[:2]
    rest = office.client.get(f"/api/v1/consignments?limit=3&after={first['after']}").json()
    assert [one["tracking"] for one in rest["letters"]] == numbers[2:]
    assert rest["after"] is None
    over = office.client.get("/api/v1/consignments", params={"state": "deadline over"}).json()["letters"]
    assert [one["tracking"] for one in over] == numbers[:1]
    assert len(office.client.get("/api/v1/consignments?office=Moss").json()["letters"]) == 2
    assert office.client.get("/api/v1/consignments?state=lost").status_code == 422
    assert "Østenbyen" not in office.client.get("/api/v1/consignments").text
    office.counter.answer(lambda visit: visit.enter(numbers[1], visit.turn), CLERK)
    office.counter.answer(lambda visit: visit.end(visit.turn), CLERK)
    told = office.client.get("/api/v1/statistics").json()
    assert told == {
        "letters": {"deadline over": 1, "waiting": 4},
        "days": 7,
        "checks": 1,
        "verdicts": {"rescan": 1},
        "reasons": {"mrz_missing": 1, "face_not_confirmed": 1},
    }
    office.database.close()


def test_the_counter_is_followed_without_anything_personal(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.client.post("/api/v1/consignments", json=[LETTER])

    async def watch() -> list[str]:
        stream = feed(office.counter, lambda: True)
        told = [await anext(stream)]
        office.counter.answer(lambda visit: visit.enter("RR123456785NO", visit.turn), CLERK)
        told.append(await anext(stream))
        office.counter.answer(lambda visit: visit.end(visit.turn), CLERK)
        while '"verdict": null' in told[-1]:
            told.append(await anext(stream))
        office.counter.end()
        return [*told, *[one async for one in stream]]

    told = run(watch)
    assert all(re.match(r"event: state\ndata: {|id: k1-\d+\nevent: check\ndata: {", one) for one in told)
    assert '"step": "tracking"' in told[0]
    assert '"verdict": "rescan"' in told[-1]
    assert not any("RR123456785NO" in one or "stenbyen" in one for one in told)
    assert len(set(told)) == len(told)
    office.database.close()


@pytest.mark.parametrize("said", ["revoked", "hangs", "fails", "yes"])
def test_a_program_whose_token_is_revoked_hears_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    office = Office(tmp_path)
    monkeypatch.setattr(module, "ASK_AGAIN_S", 0.0)
    monkeypatch.setattr(module, "_ASK_S", 0.01)
    go_on = threading.Event()

    def may_follow() -> bool:
        if said == "hangs":
            go_on.wait()
        if said == "fails":
            raise StillscanError("the database does not answer")
        return office.tokens.is_active("all")

    async def watch() -> list[str]:
        stream = feed(office.counter, may_follow)
        told = [await anext(stream)]
        if said == "revoked":
            office.tokens.revoke("all")
        office.counter.begin_anew(0)
        told += [one async for one in stream] if said == "revoked" else [await anext(stream)]
        go_on.set()
        return told

    assert len(run(watch)) == (1 if said == "revoked" else 2)
    office.database.close()


def test_no_more_programs_follow_than_may_however_they_come(tmp_path: Path) -> None:
    """All of them ask before the first answer has begun."""

    async def one(places: Places, told: list[int]) -> None:
        async def events() -> AsyncGenerator[str, None]:
            await anyio.sleep(0)
            yield "event: beat\ndata: {}\n\n"

        async def receive() -> dict[str, str]:
            await anyio.sleep_forever()
            return {"type": "http.disconnect"}

        async def send(message: dict) -> None:
            if message["type"] == "http.response.start":
                told.append(message["status"])

        await places.stream(None, events(), Response(status_code=503))({"type": "http"}, receive, send)  # type: ignore[arg-type]

    async def all_at_once() -> list[list[int]]:
        places, rounds = Places(10), []
        for _ in range(2):  # each gives its place back
            told: list[int] = []
            async with anyio.create_task_group() as group:
                for _ in range(25):
                    group.start_soon(one, places, told)
            rounds.append(sorted(told))
        return rounds

    assert run(all_at_once) == [[200] * 10 + [503] * 15] * 2


BOTH = "]C140170722123456789011\x1d00370722123456789011"  # the letter's own number, and its consignment's


def test_a_code_as_a_scanner_sends_it_is_the_same_everywhere(tmp_path: Path) -> None:
    office = Office(tmp_path)
    letter = LETTER | {"tracking": "\x02]C1\x1d40170722123456789011\x03\r"}
    assert office.client.post("/api/v1/consignments", json=[letter]).json() == {"new": 1, "unchanged": 0}
    told = office.client.get(f"/api/v1/consignments/{quote(BOTH)}").json()
    assert told["tracking"] == "70722123456789011"
    chain = ChainState()
    found = history(numbers(BOTH), office.database, office.keyring, chain, test=True)
    assert found is not None
    assert found.letter.tracking == "70722123456789011"
    office.counter.answer(lambda visit: visit.enter(BOTH, visit.turn), CLERK)
    assert office.counter.visit.letter is not None
    assert office.counter.visit.letter.tracking == "70722123456789011"


def check_of(office: Office) -> str:
    """A customer comes and has no passport; the reference of the check."""
    office.counter.begin_anew(office.counter.visit.turn)
    office.counter.answer(lambda visit: visit.enter(LETTER["tracking"], visit.turn), CLERK)
    office.counter.answer(lambda visit: visit.end(visit.turn), CLERK)
    assert office.counter.visit.verdict is not None
    return office.counter.visit.verdict.reference


def test_programs_that_start_the_kiosk_are_told_each_check_that_ended_once(tmp_path: Path) -> None:
    office = Office(tmp_path)
    lines: list[str] = []
    office.client.post("/api/v1/consignments", json=[LETTER])
    with checks_told(office.counter, JsonLines(lines.append)) as tell:
        first, second = check_of(office), check_of(office)
        assert lines == [], "whoever reads them may be slow: nothing is written while the counter waits"
        tell()
        told = [json.loads(line) for line in lines]
        assert [(one["event"], one["reference"]) for one in told] == [("check", first), ("check", second)]
        past, _ = EndedChecks(office.database, office.keyring).after("k1-0")
        assert told == [{"event": "check", **one.told} for one in past]
        third = check_of(office)
    assert json.loads(lines[-1])["reference"] == third, "the last one too, though the program ends"
    check_of(office)
    assert len(lines) == 3
    office.database.close()


def followed(office: Office, *, after: str = "", until: int) -> list[str]:
    """So many events of the counter, as a program hears them that asks again after this id."""

    async def watch() -> list[str]:
        ended = EndedChecks(office.database, office.keyring)
        stream = feed(office.counter, lambda: True, ended.after, after)
        told = [await anext(stream) for _ in range(until)]
        await stream.aclose()
        return told

    return run(watch)


def test_who_was_away_is_told_each_check_that_ended_since_once(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.client.post("/api/v1/consignments", json=[LETTER])
    first = check_of(office)
    begins = followed(office, until=1)
    assert begins[0].startswith(f"id: {first}\nevent: state\n")  # who is away before any check has ended, too
    later = [check_of(office), check_of(office)]
    told = followed(office, after=first, until=3)
    assert [one.partition("\n")[0] for one in told[:2]] == [f"id: {reference}" for reference in later]
    wanted = {"verdict": "rescan", "reasons": ["mrz_missing", "face_not_confirmed"], "test": True}
    assert json.loads(told[0].partition("data: ")[2]) == wanted | {"reference": later[0]}
    assert "event: state" in told[2]
    for nobodys in (later[1], "k2-1", "k1-x", "k1-" + "9" * 40, "-", "1", "k1-\u0661"):
        assert "event: state" in followed(office, after=nobodys, until=1)[0]
    assert len(followed(office, after="k1-0", until=4)) == 4
    office.database.close()


@pytest.mark.parametrize("trouble", ["fails", "hangs"])
def test_records_that_cannot_say_what_was_missed_end_the_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    """Who asks again with the same id misses nothing."""
    monkeypatch.setattr(module, "_PAST_S", 0.01)
    go_on = threading.Event()
    office = Office(tmp_path)

    def ended(_: str) -> tuple[list, str]:
        if trouble == "hangs":
            go_on.wait()
        raise StillscanError("the database does not answer")

    async def watch(after: str) -> list[str]:
        stream = feed(office.counter, lambda: True, ended, after)
        told = [one async for one in stream] if after else [await anext(stream)]
        await stream.aclose()
        return told

    assert run(lambda: watch("k1-3")) == []
    assert "event: state" in run(lambda: watch(""))[0]
    assert office.counter.watchers == 0
    go_on.set()
    office.database.close()


def test_a_receiver_is_told_what_ended_while_the_program_was_away(tmp_path: Path) -> None:
    """Checks of another program on the same records, or whose message waited when this one ended."""
    office = Office(tmp_path)
    office.client.post("/api/v1/consignments", json=[LETTER])
    ended, note = EndedChecks(office.database, office.keyring), tmp_path / "webhook"
    check_of(office)  # before anybody was to be told

    def told(takes: bool, more: int = 0) -> list[dict]:
        """What a receiver is sent that takes it or not, by a program that is started, sees more checks, and ends."""
        sent: list[dict] = []

        def post(body: bytes, headers: dict[str, str]) -> None:
            sent.append(json.loads(body)["data"] | {"id": headers["webhook-id"]})
            if not takes:
                raise OSError

        def done(reference: str) -> None:
            hooks._note(note, reference)
            if len(sent) == wanted:
                hook.end()

        hook = hooks.Webhook(b"s" * 24, post, pause=lambda _: True, done=done)
        hooks._catch_up(hook, ended, note)
        stop = office.counter.watch(hook.on_event)
        for _ in range(more):
            check_of(office)
        stop()
        wanted = len(hook._waiting)
        if wanted:
            hook.run()
        return sent

    assert told(takes=True) == []
    (live,) = told(takes=True, more=1)
    away = [check_of(office), check_of(office)]
    assert [one["reference"] for one in told(takes=False)] == away[:1]  # one after the other, in order
    assert [one["reference"] for one in told(takes=True, more=1)][:-1] == away
    assert live["id"] == f"check-{live['reference']}"
    assert told(takes=True) == []
    office.database.close()
