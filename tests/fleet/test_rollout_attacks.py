"""Whoever sits between repository and kiosk, or has stolen a key, installs nothing: the attacks that TUF is made for.

Each attacker may do whatever the keys that he has let him; every test ends by counting what the kiosk installed.
"""

# long-ok: one attacker after another on one stage, with the few tools that forge for them
from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Snapshot, TargetFile, Targets, Timestamp

from stillscan.fleet.rollout import fetching, orders
from stillscan.fleet.rollout.client import RefusedError, UnreachableError
from stillscan.fleet.rollout.fetching import Fetcher
from stillscan.fleet.rollout.release import Kind, Release
from stillscan.fleet.rollout.roles import ONLINE, ORDERS, ROLLOUTS, TARGETS

from .releases import Clock, Mirror, Publisher, Reader, keys_of, listed, order

pytestmark = pytest.mark.slow

EVIL = listed(666)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


class Stage:
    """A publisher, a kiosk that has release 1, and the mirror between them, which the attacker has."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.clock = clock
        self.publisher = Publisher(folder / "repository", clock)
        self.mirror = Mirror(folder / "repository" / "public")
        self.reader = Reader(folder / "kiosk", self.publisher.repository.root(), self.mirror, clock)
        self.first = self.publisher.release(1)
        self.turn()
        assert self.reader.kept.installed == [listed(1)]

    def turn(self) -> None:
        self.reader.kiosk.turn()

    def refused(self, *kinds: str) -> None:
        """The kiosk's next turn installs nothing, and says why."""
        before = len(self.reader.kept.installed)
        with pytest.raises((RefusedError, UnreachableError)) as refusal:
            self.turn()
        assert len(self.reader.kept.installed) == before
        assert getattr(refusal.value, "kind", "unreachable") in kinds, refusal.value

    def recovers(self) -> None:
        """Without the attacker the next release comes through."""
        self.mirror.says.clear()
        self.mirror.folder = self.publisher.repository.folder / "public"
        self.clock.pass_(hours=1)
        self.publisher.release(9)
        self.turn()
        assert self.reader.kept.installed[-1] == listed(9)
        assert EVIL not in self.reader.kept.installed


@pytest.fixture
def stage(tmp_path: Path, clock: Clock) -> Stage:
    return Stage(tmp_path, clock)


def newest(stage: Stage, role: str) -> Metadata:
    """A published role."""
    folder = stage.publisher.repository.metadata
    name = max((int(path.name.split(".")[0]), path.name) for path in folder.glob(f"[0-9]*.{role}.json"))[1]
    return Metadata.from_file(str(folder / name))


def serve(stage: Stage, role: str, signed: object, *keys: Ed25519PrivateKey) -> None:
    """The mirror says a role that the attacker has signed with these keys."""
    made: Metadata = Metadata(signed)  # type: ignore[arg-type]
    for key in keys:
        made.sign(CryptoSigner(key), append=True)
    version = made.signed.version
    name = "timestamp.json" if role == "timestamp" else f"{version}.{role}.json"
    stage.mirror.forge(f"metadata/{name}", made.to_bytes())


def forge_online(
    stage: Stage,
    key: Ed25519PrivateKey,
    expires: datetime | None = None,
    version: int | None = None,
    targets: int | None = None,
    rollouts: int | None = None,
) -> None:
    """Snapshot and timestamp by the attacker, with the versions of the other roles as he wants them."""
    now = stage.clock.now
    expires = expires or (now + timedelta(hours=20))
    version = version or int(now.timestamp())
    meta = {
        "targets.json": MetaFile(targets or newest(stage, TARGETS).signed.version),
        "rollouts.json": MetaFile(rollouts or newest(stage, ROLLOUTS).signed.version),
    }
    serve(stage, "snapshot", Snapshot(version=version, expires=expires, meta=meta), key)
    serve(stage, "timestamp", Timestamp(version=version, expires=expires, snapshot_meta=MetaFile(version)), key)


def forge_release(stage: Stage, *keys: Ed25519PrivateKey) -> int:
    """A list of releases with the attacker's own in it, signed by these keys; its version."""
    targets: Targets = newest(stage, TARGETS).signed
    targets.version += 1
    release = Release(Kind.KNOWN, "v666", 666)
    file = TargetFile.from_data(release.path, EVIL, ["sha256"])
    file.unrecognized_fields["custom"] = release.custom()
    targets.targets[release.path] = file
    serve(stage, TARGETS, targets, *keys)
    for place in file.get_prefixed_paths():
        stage.mirror.forge(f"targets/{place}", EVIL)
    return targets.version


def forge_orders(stage: Stage, key: Ed25519PrivateKey, content: bytes) -> int:
    """Orders by the attacker; the version of their role."""
    version = int(stage.clock.now.timestamp())
    role = Targets(version=version, expires=stage.clock.now + timedelta(hours=20))
    file = TargetFile.from_data(ORDERS, content, ["sha256"])
    role.targets[ORDERS] = file
    serve(stage, ROLLOUTS, role, key)
    for place in file.get_prefixed_paths():
        stage.mirror.forge(f"targets/{place}", content)
    return version


# --- an attacker with the line and no key ----------------------------------------------------------------------------


def test_rollback_to_what_was_published_before_is_refused(stage: Stage, tmp_path: Path) -> None:
    old = (stage.publisher.repository.metadata / "timestamp.json").read_bytes()
    stage.clock.pass_(minutes=5)
    stage.publisher.release(2)
    stage.turn()
    stage.mirror.forge("metadata/timestamp.json", old)
    stage.refused("rollback")
    assert stage.reader.kept.installed == [listed(1), listed(2)]
    stage.recovers()


def test_a_freeze_is_told_when_a_day_has_passed(stage: Stage) -> None:
    stage.mirror.keep()
    stage.clock.pass_(minutes=5)
    stage.publisher.release(2)
    stage.turn()  # within the day nobody can know
    stage.clock.pass_(days=1, minutes=1)
    stage.refused("expired")
    assert stage.reader.kept.installed == [listed(1)]
    stage.recovers()


@pytest.mark.parametrize("role", ["snapshot", TARGETS, ROLLOUTS])
def test_mixed_roles_of_different_days_are_refused(stage: Stage, role: str) -> None:
    old = newest(stage, role).to_bytes()
    stage.clock.pass_(minutes=5)
    stage.publisher.release(2)
    stage.mirror.forge(f"metadata/{newest(stage, role).signed.version}.{role}.json", old)
    stage.refused("rollback")
    stage.recovers()


def test_metadata_by_keys_of_the_attackers_own_are_refused(stage: Stage) -> None:
    (key,) = keys_of()
    forge_online(stage, key, targets=forge_release(stage, *keys_of(3)))
    stage.refused("unsigned")
    stage.recovers()


def test_a_root_of_the_attackers_own_is_refused(stage: Stage, tmp_path: Path, clock: Clock) -> None:
    other = Publisher(tmp_path / "other", clock)
    other.init()
    other.sign(3)
    other.publish([])
    root = (other.repository.metadata / "2.root.json").read_bytes()
    stage.mirror.forge("metadata/2.root.json", root)
    stage.refused("unsigned")
    stage.recovers()


@pytest.mark.parametrize(
    "name", ["metadata/timestamp.json", "metadata/2.root.json", "snapshot", TARGETS, ROLLOUTS, "targets/"]
)
def test_data_without_an_end_are_not_read_to_their_end(stage: Stage, name: str) -> None:
    stage.clock.pass_(minutes=5)
    stage.publisher.release(2)
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 50_000_000:
            sent += 10_000
            yield b" " * 10_000
        raise AssertionError("read without an end")

    if "/" not in name:
        name = f"metadata/{newest(stage, name).signed.version}.{name}.json"
    there = [name] if not name.endswith("/") else _targets(stage)
    for each in there:
        stage.mirror.says[each] = endless
    stage.refused("endless")
    assert sent < 1_100_000
    stage.recovers()


def _targets(stage: Stage) -> list[str]:
    public = stage.publisher.repository.folder / "public"
    return [path.relative_to(public).as_posix() for path in (public / "targets").rglob("*") if path.is_file()]


def test_data_that_drip_are_left() -> None:
    ticks = iter(range(0, 10_000, 100))
    stage_clock = lambda: float(next(ticks))  # noqa: E731 - a hundred seconds a look

    class Dripping:
        def chunks(self, name: str) -> Iterator[bytes]:
            while True:
                yield b"x"

    fetcher = Fetcher(Dripping(), datetime.now, stage_clock)
    with pytest.raises(Exception, match="takes longer than 300 s"):
        fetcher.download_bytes(f"{fetching.PREFIX}/metadata/1.root.json", 100)


@pytest.mark.slow
def test_a_changed_byte_anywhere_installs_nothing_else(stage: Stage) -> None:
    """The right release or nothing, whichever file is changed, cut off or made longer."""
    public = stage.publisher.repository.folder / "public"
    rng = random.Random(21)
    refused = 0
    for serial in range(2, 26):
        stage.mirror.says.clear()
        stage.clock.pass_(minutes=1)
        before = set(public.rglob("*.json")) | set(public.rglob("*.toml"))
        stage.publisher.release(serial)
        new = {*public.rglob("*.json"), *public.rglob("*.toml")} - before
        path = rng.choice(sorted({*new, public / "metadata" / "timestamp.json"}))
        content = bytearray(path.read_bytes())
        at = rng.randrange(len(content))
        match rng.choice(["change", "cut", "grow"]):
            case "change":
                content[at] ^= 1 << rng.randrange(8)
            case "cut":
                del content[at:]
            case _:
                content[at:at] = b"}{"
        stage.mirror.forge(path.relative_to(public).as_posix(), bytes(content))
        try:
            stage.turn()
        except (RefusedError, UnreachableError):
            refused += 1
    published = {path.read_bytes() for path in (public / "targets" / "known").iterdir()}
    assert set(stage.reader.kept.installed) <= published
    assert refused > 18


# --- an attacker with an online key -----------------------------------------------------------------------------------


def test_who_stole_the_online_key_installs_nothing(stage: Stage) -> None:
    (key,) = stage.publisher.keys[ONLINE]
    stage.clock.pass_(minutes=5)
    forge_online(stage, key, targets=forge_release(stage, key))
    stage.refused("unsigned")
    stage.recovers()


def test_who_stole_both_online_keys_orders_only_what_the_offline_keys_have_signed(stage: Stage) -> None:
    (online,), (rollouts,) = stage.publisher.keys[ONLINE], stage.publisher.keys[ROLLOUTS]
    stage.clock.pass_(minutes=5)
    forged = forge_orders(stage, rollouts, orders.written([order(Release(Kind.KNOWN, "v666", 666))]))
    forge_online(stage, online, rollouts=forged)
    stage.turn()
    assert stage.reader.kept.installed == [listed(1)]
    stage.recovers()


def test_a_release_in_the_role_of_orders_is_none(stage: Stage) -> None:
    """The keys of orders sign that one file, whatever they say of others."""
    (online,), (rollouts,) = stage.publisher.keys[ONLINE], stage.publisher.keys[ROLLOUTS]
    stage.clock.pass_(minutes=5)
    release = Release(Kind.KNOWN, "v666", 666)
    content = orders.written([order(release)])
    version = forge_orders(stage, rollouts, content)
    role: Targets = Metadata.from_bytes(next(stage.mirror.chunks(f"metadata/{version}.{ROLLOUTS}.json"))).signed
    file = TargetFile.from_data(release.path, EVIL, ["sha256"])
    file.unrecognized_fields["custom"] = release.custom()
    role.targets[release.path] = file
    serve(stage, ROLLOUTS, role, rollouts)
    for place in file.get_prefixed_paths():
        stage.mirror.forge(f"targets/{place}", EVIL)
    forge_online(stage, online, rollouts=version)
    stage.turn()
    assert stage.reader.kept.installed == [listed(1)]
    stage.recovers()


def test_a_stolen_online_key_freezes_nobody_for_longer_than_a_day(stage: Stage) -> None:
    """What he signs counts for a day at most, whatever it says."""
    (key,) = stage.publisher.keys[ONLINE]
    stage.clock.pass_(minutes=5)
    forge_online(stage, key, expires=stage.clock.now + timedelta(days=3650))
    stage.refused("claims")
    forge_online(stage, key, expires=stage.clock.now + timedelta(hours=24))
    stage.turn()
    stage.clock.pass_(days=1, minutes=1)
    stage.refused("expired")
    stage.recovers()


def test_fast_forward_puts_no_number_out_of_reach(stage: Stage) -> None:
    """Numbers are seconds: none from the future is believed, so that the publisher's next one is higher again."""
    (key,) = stage.publisher.keys[ONLINE]
    stage.clock.pass_(minutes=5)
    forge_online(stage, key, version=2**31 - 1)
    stage.refused("claims")
    stage.mirror.says.clear()
    forge_online(stage, key, version=int(stage.clock.now.timestamp()) + 3500)
    stage.turn()
    stage.recovers()


def test_fast_forward_of_the_other_roles_is_refused(stage: Stage) -> None:
    """A snapshot that promises what nobody has signed would bar the way for ever, if it counted."""
    (key,) = stage.publisher.keys[ONLINE]
    stage.clock.pass_(minutes=5)
    forge_online(stage, key, targets=2 * 10**9)
    stage.refused("unreachable")
    forge_online(stage, key, rollouts=2 * 10**9)
    stage.refused("rollback", "unreachable")
    stage.recovers()


def test_a_stolen_key_that_was_exchanged_is_worth_nothing(stage: Stage) -> None:
    (key,) = stage.publisher.keys[ONLINE]
    stage.clock.pass_(minutes=5)
    forge_online(stage, key)
    stage.turn()
    stage.publisher.keys[ONLINE] = keys_of()
    stage.publisher.init()
    stage.publisher.sign()
    stage.publisher.publish()
    stage.recovers()
    stage.clock.pass_(minutes=5)
    forge_online(stage, key)
    stage.refused("unsigned")


# --- an attacker with an offline key ----------------------------------------------------------------------------------


def test_one_offline_key_of_three_installs_nothing(stage: Stage) -> None:
    (online,), stolen = stage.publisher.keys[ONLINE], stage.publisher.keys[TARGETS][0]
    stage.clock.pass_(minutes=5)
    forge_online(stage, online, targets=forge_release(stage, stolen, *keys_of(2)))
    stage.refused("unsigned")
    stage.recovers()


def test_one_key_that_signs_twice_is_one(stage: Stage) -> None:
    (online,), stolen = stage.publisher.keys[ONLINE], stage.publisher.keys[TARGETS][0]
    stage.clock.pass_(minutes=5)
    forge_online(stage, online, targets=forge_release(stage, stolen, stolen))
    stage.refused("unsigned", "claims")
    stage.recovers()
