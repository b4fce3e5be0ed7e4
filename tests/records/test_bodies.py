"""Bodies that make no sense, that a newer stillscan wrote, or that an older one did: told as what they are."""

import json
from typing import Any

import pytest
from desk import GOOD, RECIPIENT, Place, csv, tracking

from stillscan.cli import main
from stillscan.records import retention
from stillscan.records.audit import appending
from stillscan.records.canonical import canonical, digest
from stillscan.records.chain_entry import ENTRY, HEAD, head_message
from stillscan.records.consignments import add
from stillscan.records.errors import RecordsError
from stillscan.records.importing import parse
from stillscan.records.verification import verify


def signed(place: Place, body: str) -> None:
    """The chain's next entry, whatever it says, signed by the kiosk, head and all."""
    own = digest(body.encode())
    signature = place.keyring.sign(ENTRY, own.encode())
    place.change(
        "INSERT INTO audit_entry VALUES (4, ?, ?, ?, '2026-11-29T10:15:00.000000Z', NULL, NULL)", body, own, signature
    )
    place.change(
        "UPDATE audit_head SET entries = 4, digest = ?, signature = ?",
        own,
        place.keyring.sign(HEAD, head_message(4, own)),
    )


def body(place: Place, **facts: Any) -> str:
    """A body that follows the three imports, as far as the arguments do not say otherwise."""
    whole = {
        "seq": 4,
        "former": verify(place.database, place.keyring).end,
        "time": "2026-11-29T10:15:00.000000Z",
        "kiosk": "kiosk-1",
        "version": "0.1.0",
        "personal": None,
    }
    return canonical({**whole, **facts}).decode()


CHECK = {
    "kind": "check",
    "tracking": tracking(1),
    "office": "",
    "staff": "s",
    "verdict": "refuse",
    "reasons": [],
    "evidence": "",
    "test": False,
}
NONSENSE = [
    "",
    "{",
    "null",
    "7",
    "[]",
    '"kind"',
    "{}",
    "[" * 100_000,
    '{"seq":4,"kiosk":"kiosk-1"}',
]
FACTS: list[tuple[dict[str, Any], str]] = [
    ({}, "its contents are no entry"),
    ({"kind": 7}, "its contents are no entry"),
    ({**CHECK, "former": 7}, "its contents are no entry"),
    ({**CHECK, "personal": 7}, "its contents are no entry"),
    ({**CHECK, "verdict": None}, "its contents are no check"),
    ({**CHECK, "reasons": "none"}, "its contents are no check"),
    ({**CHECK, "tracking": ["x"]}, "its contents are no check"),
    ({"kind": "consignment", "tracking": "x", "office": "", "test": False, "deadline": "soon"}, "are no consignment"),
    ({"kind": "consignment", "tracking": "x", "office": "", "test": 1, "deadline": "2026-12-08"}, "are no consignment"),
    ({"kind": "purge", "entries": [[1]]}, "its contents are no purge"),
    ({"kind": "purge", "entries": [[3, 1]]}, "its contents are no purge"),
    ({"kind": "withdrawal", "tracking": tracking(1)}, "its contents are no withdrawal"),
]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_a_body_that_is_none_is_a_finding_and_stops_everything(place: Place, nonsense: str) -> None:
    signed(place, nonsense)
    assert [one.entry for one in verify(place.database, place.keyring).findings] == [4]
    for work in (lambda: place.finish(1), place.stored, lambda: retention.purge(place.database, place.keyring, 1)):
        with pytest.raises(RecordsError, match="entry 4: its contents are no entry"):
            work()


@pytest.mark.parametrize(("facts", "told"), FACTS)
def test_what_lacks_what_its_kind_needs_is_a_finding(place: Place, facts: dict[str, Any], told: str) -> None:
    signed(place, body(place, **facts))
    assert [told in str(one) for one in verify(place.database, place.keyring).findings] == [True]
    with pytest.raises(RecordsError, match=f"entry 4: .*{told}"):
        place.finish(1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "facts",
    [{"kind": "carrier pigeon", "version": "9.1.0"}, {**CHECK, "verdict": {"new": "kind"}, "version": "0.3.0"}],
)
def test_an_entry_of_a_newer_version_is_told_as_such(
    place: Place, facts: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    signed(place, body(place, **facts))
    told = "it was written by a newer stillscan"
    with pytest.raises(RecordsError, match=f"entry 4: {told}.*update this one") as caught:
        place.finish(1)
    assert "broken" not in str(caught.value)
    where = ["--database", str(place.path), "--keys", str(place.keyring.folder), "--kiosk", "kiosk-1"]
    assert main(["audit", "verify", *where]) == 4
    assert capsys.readouterr().out.startswith(f"entry 4: {told}")
    assert main(["audit", "verify", "--json", *where]) == 4
    found = json.loads(capsys.readouterr().out)
    assert (found["whole"], [one["entry"] for one in found["findings"]]) == (False, [4])
    assert main(["consignment", "list", *where]) == 4


def test_a_newer_entry_that_is_altered_is_damage(place: Place) -> None:
    signed(place, body(place, kind="carrier pigeon", version="9.1.0"))
    place.tamper("UPDATE audit_entry SET signature = (SELECT signature FROM audit_entry WHERE seq = 3) WHERE seq = 4")
    assert "was not signed" in str(verify(place.database, place.keyring).findings[0])


@pytest.mark.slow
def test_a_chain_of_the_first_version_goes_on(place: Place, clock: Any) -> None:
    """Before there was a kind for it, a letter whose time was over came in again by an entry like any import."""
    clock.goes(days=20)
    assert retention.purge(place.database, place.keyring, 1) == 3
    (letter,) = (one for _, one in parse(csv(range(1, 2)).replace(b"2026-12-13", b"2027-01-31"))[0].values())
    with appending(place.database, place.keyring) as appender:
        add(appender, letter, appender.judged(), again="x")
    # as it would have been signed then
    with place.database.reading() as connection:
        facts = json.loads(connection.exec_driver_sql("SELECT body FROM audit_entry WHERE seq = 5").scalar() or "")
    del facts["staff"]
    old = canonical({**facts, "kind": "consignment"}).decode()
    own = digest(old.encode())
    signature = place.keyring.sign(ENTRY, own.encode())
    place.change("UPDATE audit_entry SET body = ?, digest = ?, signature = ? WHERE seq = 5", old, own, signature)
    head = place.keyring.sign(HEAD, head_message(5, own))
    place.change("UPDATE audit_head SET digest = ?, signature = ?", own, head)
    (place.keyring.head).unlink()
    found = verify(place.database, place.keyring)
    assert found.findings == []
    assert [str(one) for one in found.changes] == ["entry 5: a letter that was here before was taken in again"]
    (stored,) = (one for one in place.stored() if one.tracking == tracking(1))
    assert (stored.recipient, stored.deadline.isoformat()) == (RECIPIENT, "2027-01-31")
    assert place.finish(1, GOOD) == "release"
