"""People with keys, a repository, and a kiosk that reads it: what the tests of releases need of each."""

from __future__ import annotations

import datetime as real
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient._internal import trusted_metadata_set

from stillscan.fleet.rollout import orders, rings
from stillscan.fleet.rollout.client import Client
from stillscan.fleet.rollout.fetching import FolderSource, Source
from stillscan.fleet.rollout.installing import Kiosk
from stillscan.fleet.rollout.orders import Does, Order
from stillscan.fleet.rollout.release import Kind, Release
from stillscan.fleet.rollout.repository import Repository
from stillscan.fleet.rollout.rings import Member
from stillscan.fleet.rollout.roles import KEYS, OFFLINE, ONLINE, ROLLOUTS, ROOT, TARGETS

EVERYBODY = rings.parse(["100%"])
KNOWN = """
[[passport]]
issuer = "UTO"
advice.nb = "Tørk av glasset."
advice.nn = "Tørk av glaset."
advice.en = "Wipe the glass."
""".encode()


class Clock:
    """The time of publisher and kiosk, and of the library between them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = datetime(2026, 11, 29, 10, tzinfo=UTC)
        shown = SimpleNamespace(now=lambda tz: self.now)
        monkeypatch.setattr(trusted_metadata_set, "datetime", SimpleNamespace(datetime=shown, timezone=real.timezone))

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        """Time goes on."""
        self.now += timedelta(**time)


def keys_of(count: int = 1) -> list[Ed25519PrivateKey]:
    """New keys."""
    return [Ed25519PrivateKey.generate() for _ in range(count)]


class Publisher:
    """Whoever owns the repository, with all keys."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.repository, self.clock = Repository(folder), clock
        self.keys = {ROOT: keys_of(KEYS), TARGETS: keys_of(KEYS), ONLINE: keys_of(), ROLLOUTS: keys_of()}
        self.init()
        self.sign()
        self.publish([])

    def init(self) -> None:
        """Draft who signs."""
        public = {role: [key.public_key() for key in keys] for role, keys in self.keys.items()}
        self.repository.init(public, self.clock.now)

    def sign(self, count: int = 2) -> None:
        """So many of each offline role sign whatever they may."""
        waiting = {waiting.role for waiting in self.repository.waiting()}
        for role in OFFLINE:
            for key in self.keys[role][:count] if role in waiting else []:
                self.repository.sign(key)

    def publish(self, ordered: Sequence[Order] | None = None, drafts: bool = True) -> None:
        """With the online keys."""
        content = None if ordered is None else orders.written(ordered)
        (online,), (rollouts,) = self.keys[ONLINE], self.keys[ROLLOUTS]
        self.repository.publish(online, rollouts, self.clock.now, content, drafts)

    def release(self, serial: int, content: bytes | None = None) -> Release:
        """A list of known problems, signed, published and ordered for everybody."""
        made = Release(Kind.KNOWN, f"v{serial}", serial)
        self.repository.add(made, content or listed(serial), self.clock.now)
        self.sign()
        self.publish([order(made)])
        return made


def listed(serial: int) -> bytes:
    """A list that says which it is."""
    return KNOWN + f'source = "release {serial}"\n'.encode()


def order(release: Release, does: Does = Does.INSTALL) -> Order:
    """For everybody."""
    return Order(f"known-{release.serial}", release.path, EVERYBODY, 1, does)


class Kept:
    """An installer that writes down what it was given."""

    def __init__(self) -> None:
        self.installed: list[bytes] = []

    def install(self, release: Release, content: bytes, back: bool) -> None:
        """See Installer."""
        self.installed.append(content)

    def remove(self) -> None:
        """See Installer."""
        self.installed.append(b"")


class Mirror:
    """Between repository and kiosk: hands out what is there, or what an attacker has it say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.says: dict[str, Callable[[], Iterator[bytes]]] = {}
        self.asked: list[str] = []

    def forge(self, name: str, content: bytes) -> None:
        """From now on this is there under that name."""
        self.says[name] = lambda: iter((content,))

    def hide(self, name: str) -> None:
        """From now on nothing is there."""

        def absent() -> Iterator[bytes]:
            raise DownloadHTTPError(name, 404)
            yield b""

        self.says[name] = absent

    def keep(self) -> None:
        """From now on all is as it is now, whatever is published."""
        there = {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in _files(self.folder)}
        for name, content in there.items():
            self.forge(name, content)
        self.folder = self.folder.parent / "nothing else"
        self.folder.mkdir(exist_ok=True)

    def chunks(self, name: str) -> Iterator[bytes]:
        """See Source."""
        self.asked.append(name)
        return self.says[name]() if name in self.says else FolderSource(self.folder).chunks(name)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


class Reader:
    """A kiosk that takes lists of known problems."""

    def __init__(self, folder: Path, root: bytes, source: Source, clock: Clock) -> None:
        self.kept = Kept()
        self.may = True
        self.kiosk = Kiosk(
            lambda: Member("oslo-1", "0001 Oslo", "rpi_pico"),
            lambda: Client(source, folder / "seen", root, clock),
            {Kind.KNOWN: self.kept},
            folder / "releases.json",
            lambda: self.may,
        )
