"""Releases are what enough offline keys have signed, and every kiosk comes to the newest one that is meant for it."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from stillscan.errors import DeviceError, EnvironmentTroubleError, InputError, StillscanError
from stillscan.fleet.nkey import new_seed, public_of
from stillscan.fleet.rollout.client import Client, RefusedError, UnreachableError
from stillscan.fleet.rollout.copying import copy
from stillscan.fleet.rollout.fetching import source
from stillscan.fleet.rollout.orders import OWN, Does, Installed
from stillscan.fleet.rollout.release import Kind, Release
from stillscan.fleet.rollout.repository import Repository, TooFewError
from stillscan.fleet.rollout.roles import ONLINE, ROLLOUTS, ROOT, TARGETS
from stillscan.fleet.servers import User, local, started

from .releases import Clock, Mirror, Publisher, Reader, keys_of, listed, order


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def publisher(tmp_path: Path, clock: Clock) -> Publisher:
    return Publisher(tmp_path / "repository", clock)


@pytest.fixture
def reader(tmp_path: Path, publisher: Publisher, clock: Clock) -> Reader:
    return reading(tmp_path, publisher, clock)


def reading(folder: Path, publisher: Publisher, clock: Clock) -> Reader:
    mirror = Mirror(publisher.repository.folder / "public")
    return Reader(folder / "kiosk", publisher.repository.root(), mirror, clock)


# --- who signs --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("signatures", [0, 1])
def test_a_release_that_too_few_have_signed_is_not_published(
    publisher: Publisher, reader: Reader, signatures: int
) -> None:
    made = Release(Kind.KNOWN, "v1", 1)
    publisher.repository.add(made, listed(1), publisher.clock.now)
    publisher.sign(signatures)
    with pytest.raises(TooFewError, match=rf"targets 2 has {signatures} of 2 signatures; nothing is published"):
        publisher.publish([order(made)])
    publisher.publish([order(made)], drafts=False)
    reader.kiosk.turn()
    assert reader.kept.installed == []
    assert publisher.repository.releases() == []


def test_what_changes_after_a_signature_needs_all_of_them_again(publisher: Publisher) -> None:
    publisher.repository.add(Release(Kind.KNOWN, "v1", 1), listed(1), publisher.clock.now)
    publisher.sign(1)
    publisher.repository.add(Release(Kind.KNOWN, "v2", 2), listed(2), publisher.clock.now)
    (waiting,) = publisher.repository.waiting()
    assert (waiting.role, waiting.signed, waiting.needed) == (TARGETS, 0, 2)


def test_a_key_of_nobody_signs_nothing(publisher: Publisher) -> None:
    publisher.repository.add(Release(Kind.KNOWN, "v1", 1), listed(1), publisher.clock.now)
    (key,) = keys_of()
    with pytest.raises(InputError, match="no draft is waiting for this key"):
        publisher.repository.sign(key)


def test_a_key_that_is_not_the_one_publishes_nothing(publisher: Publisher) -> None:
    before = (publisher.repository.metadata / "timestamp.json").read_bytes()
    for role in (ONLINE, ROLLOUTS):
        keys = {ONLINE: publisher.keys[ONLINE][0], ROLLOUTS: publisher.keys[ROLLOUTS][0], role: keys_of()[0]}
        with pytest.raises(InputError, match=f"the key of {role} is not the one"):
            publisher.repository.publish(keys[ONLINE], keys[ROLLOUTS], publisher.clock.now)
    assert (publisher.repository.metadata / "timestamp.json").read_bytes() == before


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        ({ROOT: 1}, "root: 1 keys; 2 that differ"),
        ({TARGETS: 0}, "targets: 0 keys"),
        ({ONLINE: 0}, "online: 0 keys; 1 that differ"),
    ],
)
def test_too_few_keys_make_no_repository(tmp_path: Path, clock: Clock, roles: dict[str, int], says: str) -> None:
    counts = {ROOT: 3, TARGETS: 3, ONLINE: 1, ROLLOUTS: 1} | roles
    keys = {role: [key.public_key() for key in keys_of(count)] for role, count in counts.items()}
    with pytest.raises(InputError, match=says):
        Repository(tmp_path / "r").init(keys, clock.now)
    assert not (tmp_path / "r").exists()


def test_an_offline_key_is_no_online_one(tmp_path: Path, clock: Clock) -> None:
    shared = [key.public_key() for key in keys_of(2)]
    with pytest.raises(InputError, match="offline key"):
        Repository(tmp_path).init({ROOT: shared, TARGETS: shared, ONLINE: shared[:1], ROLLOUTS: shared[:1]}, clock.now)


def test_one_key_that_is_named_twice_is_one(tmp_path: Path, clock: Clock) -> None:
    (one,), (other,) = keys_of(), keys_of()
    twice = [one.public_key(), one.public_key()]
    with pytest.raises(InputError, match="2 that differ"):
        Repository(tmp_path).init({ROOT: twice, TARGETS: twice, ONLINE: [other.public_key()], ROLLOUTS: []}, clock.now)


@pytest.mark.slow
def test_a_new_root_needs_the_old_keys_and_the_new_ones(publisher: Publisher, reader: Reader) -> None:
    former = publisher.keys[ROOT]
    publisher.keys[ROOT] = keys_of(3)
    publisher.init()
    publisher.sign()
    with pytest.raises(TooFewError, match="root 2 has 0 of 2"):
        publisher.publish()
    for key in former[:2]:
        publisher.repository.sign(key)
    publisher.release(1)
    reader.kiosk.turn()
    assert reader.kept.installed == [listed(1)]


# --- what a kiosk comes to --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_kiosk_that_was_off_for_a_month_catches_up(publisher: Publisher, reader: Reader) -> None:
    """Meanwhile there were four releases and two new roots."""
    publisher.release(1)
    reader.kiosk.turn()
    for week in range(4):
        publisher.clock.pass_(days=8)
        if week % 2:
            publisher.keys[ONLINE] = keys_of()
            publisher.init()
            publisher.sign()
            publisher.publish()
        publisher.release(2 + week)
    done = reader.kiosk.turn()
    assert reader.kept.installed == [listed(1), listed(5)]
    assert [(one.path, one.why) for one in done] == [("known/v5.toml", "")]
    assert reader.kiosk.turn() == []


@pytest.mark.slow
def test_a_new_kiosk_comes_to_the_newest(publisher: Publisher, reader: Reader) -> None:
    publisher.release(1)
    publisher.release(2)
    reader.kiosk.turn()
    assert reader.kept.installed == [listed(2)]


@pytest.mark.slow
def test_a_withdrawn_release_is_installed_by_nobody(publisher: Publisher, reader: Reader) -> None:
    made = publisher.release(1)
    publisher.repository.withdraw(made.path, publisher.clock.now)
    publisher.sign()
    publisher.publish()
    reader.kiosk.turn()
    assert reader.kept.installed == []
    with pytest.raises(InputError, match="no such release"):
        publisher.repository.withdraw(made.path, publisher.clock.now)


@pytest.mark.slow
def test_back_is_to_what_was_there_and_no_further(publisher: Publisher, reader: Reader) -> None:
    """Whoever orders back again and again brings no kiosk to what is older."""
    for serial in (1, 2, 3):
        third = publisher.release(serial)
        reader.kiosk.turn()
    publisher.publish([order(third, Does.BACK)])
    assert [outcome.back for outcome in reader.kiosk.turn()] == [True]
    assert reader.kept.installed[3:] == [listed(2)]
    second = Release(Kind.KNOWN, "v2", 2)
    publisher.publish([order(second, Does.BACK), order(Release(Kind.KNOWN, "v1", 1))])
    reader.kiosk.turn()
    assert reader.kept.installed[4:] == []


@pytest.mark.slow
def test_the_first_release_goes_back_to_what_the_program_brings(publisher: Publisher, reader: Reader) -> None:
    first = publisher.release(1)
    reader.kiosk.turn()
    publisher.publish([order(first, Does.BACK)])
    reader.kiosk.turn()
    assert reader.kept.installed == [listed(1), b""]
    assert reader.kiosk.installed()[Kind.KNOWN] == Installed(OWN, None)


@pytest.mark.slow
def test_what_waits_changes_nothing(publisher: Publisher, reader: Reader) -> None:
    first = publisher.release(1)
    publisher.publish([order(first, Does.WAIT)])
    reader.kiosk.turn()
    assert reader.kept.installed == []


@pytest.mark.slow
def test_while_somebody_is_served_nothing_is_installed(publisher: Publisher, reader: Reader) -> None:
    publisher.release(1)
    reader.may = False
    assert reader.kiosk.turn() == []
    reader.may = True
    reader.kiosk.turn()
    assert reader.kept.installed == [listed(1)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "again"),
    [
        (DeviceError("the board went away"), True),
        (EnvironmentTroubleError("the disk is full"), True),
        (StillscanError("it did not come up, and the version before runs"), False),
        (InputError("an entry of the list cannot be used"), False),
    ],
)
def test_what_fails_is_told_and_tried_again_only_where_that_may_help(
    publisher: Publisher, reader: Reader, error: StillscanError, again: bool
) -> None:
    publisher.release(1)
    tries = 0

    def fails(*_: object) -> None:
        nonlocal tries
        tries += 1
        raise error

    reader.kept.install = fails  # type: ignore[method-assign]
    (outcome,) = reader.kiosk.turn()
    assert (outcome.why, outcome.again) == (str(error), again)
    reader.kiosk.turn()
    assert tries == (2 if again else 1)
    assert reader.kiosk.installed() == {}


@pytest.mark.slow
def test_a_note_that_is_damaged_leads_to_the_same(publisher: Publisher, reader: Reader, tmp_path: Path) -> None:
    publisher.release(1)
    reader.kiosk.turn()
    for damaged in (b"", b"{", b"[]", b'{"installed": {"known": {"now": 3}}}', b"\xff" * 100):
        (tmp_path / "kiosk" / "releases.json").write_bytes(damaged)
        reader.kiosk.turn()
    assert reader.kept.installed == [listed(1)] * 6


def test_orders_of_a_newer_centre_are_told_and_change_nothing(publisher: Publisher, reader: Reader) -> None:
    (online,), (rollouts,) = publisher.keys[ONLINE], publisher.keys[ROLLOUTS]
    publisher.repository.publish(online, rollouts, publisher.clock.now, b'{"v":2,"orders":[]}')
    with pytest.raises(InputError, match="of version 2, this program knows 1"):
        reader.kiosk.turn()


# --- where it is read -------------------------------------------------------------------------------------------------


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.slow
def test_any_web_server_hands_it_out(tmp_path: Path, publisher: Publisher, clock: Clock) -> None:
    publisher.release(1)
    with web_server(publisher.repository.folder / "public") as url:
        reader = Reader(tmp_path / "kiosk", publisher.repository.root(), source(url), clock)
        reader.kiosk.turn()
    assert reader.kept.installed == [listed(1)]
    with pytest.raises(UnreachableError):
        reader.kiosk.turn()


@pytest.mark.slow
def test_a_folder_is_the_repository_or_what_it_hands_out(tmp_path: Path, publisher: Publisher, clock: Clock) -> None:
    publisher.release(1)
    for number, folder in enumerate((publisher.repository.folder, publisher.repository.folder / "public")):
        there = tmp_path / f"kiosk-{number}"
        reader = Reader(there, publisher.repository.root(), source(str(folder)), clock)
        reader.kiosk.turn()
        assert reader.kept.installed == [listed(1)]


@pytest.mark.process
def test_an_object_store_hands_it_out(tmp_path: Path, publisher: Publisher, clock: Clock) -> None:
    """Only what is new or another is copied, and what is not there is one line."""
    publisher.release(1)
    seed = new_seed()
    with started(local(tmp_path / "server", [User(public_of(seed), None)])) as server:
        place = f"{server.url}/releases"
        reader = Reader(tmp_path / "kiosk", publisher.repository.root(), source(place, seed), clock)
        with pytest.raises(UnreachableError, match="is not there"):
            reader.kiosk.turn()
        first = copy(publisher.repository.folder / "public", place, seed)
        assert (first > 8, copy(publisher.repository.folder / "public", place, seed)) == (True, 0)
        reader.kiosk.turn()
        publisher.release(2)
        copy(publisher.repository.folder / "public", place, seed)
        reader.kiosk.turn()
        with pytest.raises(EnvironmentTroubleError, match="does not take this NKey"):
            copy(publisher.repository.folder / "public", place, new_seed())
    assert reader.kept.installed == [listed(1), listed(2)]
    with pytest.raises(UnreachableError, match="cannot be reached"):
        reader.kiosk.turn()


@pytest.mark.parametrize("place", ["ftp://x/y", "tls://server", "tls://server/a/b", "nats://server/a", "file:///etc"])
def test_other_places_are_refused(place: str) -> None:
    with pytest.raises(InputError):
        source(place)


@pytest.mark.parametrize("content", [b"", b"{}", b"\x00", b"[" * 100_000, b'{"signed": {}, "signatures": []}'])
def test_a_root_that_is_none(tmp_path: Path, publisher: Publisher, clock: Clock, content: bytes) -> None:
    with pytest.raises(RefusedError):
        Client(Mirror(tmp_path), tmp_path / "kiosk", content, clock)


def test_a_number_or_a_name_is_given_once(publisher: Publisher) -> None:
    publisher.release(1)
    for again in (Release(Kind.KNOWN, "v1", 2), Release(Kind.KNOWN, "v2", 1)):
        with pytest.raises(InputError, match=r"known/v1\.toml is there already, with serial 1"):
            publisher.repository.add(again, listed(2), publisher.clock.now)
    publisher.repository.add(Release(Kind.FIRMWARE, "v1", 1, "rpi_pico"), b"x", publisher.clock.now)
    publisher.repository.add(Release(Kind.FIRMWARE, "v1", 1, "rpi_pico2"), b"x", publisher.clock.now)
