"""The repository of releases: a folder that any web server, any disk or an object store can hand out.

`public` is what kiosks see (`metadata`, `targets`); `draft` holds what still lacks signatures. People with offline
keys make drafts and sign them, each with a key of their own; ``publish`` takes a draft that enough have signed, and
says with the online keys what is valid now. Every file is written whole, and the timestamp last, so that a kiosk that
asks meanwhile gets the state before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import (
    Metadata,
    MetaFile,
    Role,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization import DeserializationError

from stillscan.errors import InputError, StillscanError
from stillscan.files import read_whole, trouble, write_whole
from stillscan.fleet.rollout.release import MOST_BYTES, Release, read
from stillscan.fleet.rollout.roles import (
    OFFLINE,
    ONLINE,
    ORDERS,
    ROLLOUTS,
    ROOT,
    SNAPSHOT,
    TARGETS,
    THRESHOLD,
    TIMESTAMP,
    VALID,
)
from stillscan.fleet.rollout.signers import as_tuf, delegations, refuse_keys, refuse_stranger

MOST_METADATA = 1_000_000
"""Bytes of a role's file: a list of a thousand releases takes half of it."""


class TooFewError(StillscanError):
    """A draft lacks signatures: nothing is published."""


class Waiting(NamedTuple):
    """A draft, and who is still to sign it."""

    role: str
    version: int
    signed: int
    needed: int


class Repository:
    """``folder`` need not be there yet. Whatever cannot be read is an InputError, what cannot be written as
    ``files.trouble`` says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.metadata = folder / "public" / "metadata"
        self.targets = folder / "public" / "targets"
        self._draft = folder / "draft"

    def expect(self) -> None:
        """InputError: no repository is here, as after a slip of the hand; else as ``files.trouble`` says."""
        try:
            there = {path.name for path in self.folder.iterdir()}
        except OSError as error:
            raise trouble(self.folder, error) from None
        if not there & {self._draft.name, self.metadata.parent.name}:
            raise InputError(f"{self.folder}: is no repository of releases; 'stillscan fleet release init' makes one")

    # --- offline: drafts ----------------------------------------------------------------------------------------------

    def init(self, keys: Mapping[str, Sequence[Ed25519PublicKey]], now: datetime, threshold: int = THRESHOLD) -> None:
        """Draft who signs what: at the start, and whenever a key is to be another one. ``keys`` by role, and those of
        ONLINE and ROLLOUTS. InputError: too few, or one that would sign twice."""
        refuse_keys(keys, threshold)
        former = self._newest(ROOT, Root)
        root = Root(version=1 if former is None else former.signed.version + 1, expires=_until(ROOT, now))
        for role, named in ((ROOT, ROOT), (TARGETS, TARGETS), (SNAPSHOT, ONLINE), (TIMESTAMP, ONLINE)):
            root.roles[role] = Role([], threshold if role in OFFLINE else 1)
            for key in keys[named]:
                root.add_key(as_tuf(key), role)
        self._write_draft(ROOT, Metadata(root))
        targets = self._targets_to_change(now)
        wanted = delegations(keys[ROLLOUTS])
        if targets.delegations != wanted:
            targets.delegations = wanted
            self._write_draft(TARGETS, Metadata(targets))

    def add(self, release: Release, content: bytes, now: datetime) -> None:
        """Draft that this release is one of ours. InputError: its number or name is taken, or it is too long."""
        if not content or len(content) > MOST_BYTES:
            raise InputError(f"{release.path}: {len(content)} bytes; a release has 1 to {MOST_BYTES}")
        targets = self._targets_to_change(now)
        for other in _releases(targets):
            same = (other.kind, other.board) == (release.kind, release.board)
            if other.path == release.path or (same and other.serial == release.serial):
                raise InputError(f"{release.path}: {other.path} is there already, with serial {other.serial}")
        file = TargetFile.from_data(release.path, content, ["sha256"])
        file.unrecognized_fields["custom"] = release.custom()
        targets.targets[release.path] = file
        for place in file.get_prefixed_paths():
            _write(self.targets / place, content)
        self._write_draft(TARGETS, Metadata(targets))

    def withdraw(self, path: str, now: datetime) -> None:
        """Draft that this release is none any more. InputError: it was none."""
        targets = self._targets_to_change(now)
        if targets.targets.pop(path, None) is None:
            raise InputError(f"{path}: no such release; there are: {', '.join(targets.targets) or 'none'}")
        self._write_draft(TARGETS, Metadata(targets))

    def sign(self, key: Ed25519PrivateKey) -> list[Waiting]:
        """Sign every draft that this key may sign; what is waiting then. InputError: there is none."""
        signer = CryptoSigner(key)
        keyid = signer.public_key.keyid
        signed = 0
        for role, draft in self._drafts():
            if any(keyid in signing.keyids for signing in self._signing(role)):
                draft.sign(signer, append=True)
                self._write_draft(role, draft)
                signed += 1
        if not signed:
            raise InputError(f"{self.folder}: no draft is waiting for this key")
        return list(self.waiting())

    def waiting(self) -> Iterator[Waiting]:
        """Each draft."""
        for role, draft in self._drafts():
            result = self._result(role, draft)
            yield Waiting(role, draft.signed.version, *result)

    # --- online -------------------------------------------------------------------------------------------------------

    def publish(
        self,
        online: Ed25519PrivateKey,
        rollouts: Ed25519PrivateKey,
        now: datetime,
        orders: bytes | None = None,
        drafts: bool = True,
    ) -> None:
        """Make drafts valid, and say anew what is valid now: at every change, and once a day at least.

        ``orders``: what ORDERS is from now on; None: as it was. ``drafts``: False leaves drafts where they are.
        TooFewError: a draft lacks signatures; InputError: a key is not the one.
        """
        if drafts:
            self._take_drafts()
        root, targets = self._newest(ROOT, Root), self._newest(TARGETS, Targets)
        if root is None or targets is None:
            raise InputError(f"{self.folder}: nothing was published yet; init, and let the keys sign")
        if not targets.signed.delegations or not targets.signed.delegations.roles:
            raise InputError(f"{self.folder}: the releases name no key of roll-outs; init it again")
        refuse_stranger(ONLINE, online, root.signed.roles[TIMESTAMP])
        refuse_stranger(ROLLOUTS, rollouts, targets.signed.delegations.roles[ROLLOUTS])
        orders_role = self._orders(rollouts, now, orders)
        said = Snapshot(
            version=_counted(self._newest(SNAPSHOT, Snapshot), now),
            expires=_until(SNAPSHOT, now),
            meta={
                f"{TARGETS}.json": MetaFile(targets.signed.version),
                f"{ROLLOUTS}.json": MetaFile(orders_role.signed.version),
            },
        )
        timestamp = Timestamp(
            version=_counted(self._newest(TIMESTAMP, Timestamp), now),
            expires=_until(TIMESTAMP, now),
            snapshot_meta=MetaFile(said.version),
        )
        signer = CryptoSigner(online)
        for role, signed in ((SNAPSHOT, said), (TIMESTAMP, timestamp)):
            made: Metadata[Any] = Metadata(signed)
            made.sign(signer)
            self._write(role, made)

    def _orders(self, key: Ed25519PrivateKey, now: datetime, orders: bytes | None) -> Metadata[Targets]:
        former = self._newest(ROLLOUTS, Targets)
        role = Targets(version=_counted(former, now), expires=_until(ROLLOUTS, now))
        if orders is not None:
            file = TargetFile.from_data(ORDERS, orders, ["sha256"])
            for place in file.get_prefixed_paths():
                _write(self.targets / place, orders)
            role.targets[ORDERS] = file
        elif former is not None:
            role.targets = former.signed.targets
        made = Metadata(role)
        made.sign(CryptoSigner(key))
        self._write(ROLLOUTS, made)
        return made

    def _take_drafts(self) -> None:
        for waiting in self.waiting():
            if waiting.signed < waiting.needed:
                raise TooFewError(
                    f"{self.folder}: {waiting.role} {waiting.version} has {waiting.signed} of {waiting.needed} "
                    "signatures; nothing is published"
                )
        for role, draft in self._drafts():
            self._write(role, draft)
            (self._draft / f"{role}.json").unlink(missing_ok=True)

    # --- what is there ------------------------------------------------------------------------------------------------

    def root(self) -> bytes:
        """The first root, from which a kiosk trusts all others. InputError: none was published."""
        return read_whole(self.metadata / f"1.{ROOT}.json", MOST_METADATA)

    def releases(self) -> list[Release]:
        """What is published, in the order of kinds and serials."""
        targets = self._newest(TARGETS, Targets)
        found = [] if targets is None else _releases(targets.signed)
        return sorted(found, key=lambda release: (release.kind, release.board, release.serial))

    def orders(self) -> bytes | None:
        """What kiosks are told to do; None: nothing yet."""
        role = self._newest(ROLLOUTS, Targets)
        file = role and role.signed.targets.get(ORDERS)
        return read_whole(self.targets / file.get_prefixed_paths()[0], MOST_BYTES) if file else None

    def next_serial(self, kind: str, board: str = "") -> int:
        """Of the next release of a kind, drafts counted."""
        role = dict(self._drafts()).get(TARGETS) or self._newest(TARGETS, Targets)
        there = [] if role is None else _releases(role.signed)
        return max((one.serial for one in there if (one.kind, one.board) == (kind, board)), default=0) + 1

    def expires(self) -> dict[str, datetime]:
        """Until when each published role counts."""
        kinds: dict[str, type[Any]] = {ROOT: Root, TARGETS: Targets, SNAPSHOT: Snapshot, TIMESTAMP: Timestamp}
        newest = {role: self._newest(role, kind) for role, kind in kinds.items()}
        return {role: found.signed.expires for role, found in newest.items() if found is not None}

    def _newest(self, role: str, kind: type[Any]) -> Metadata[Any] | None:
        if role == TIMESTAMP:
            path = self.metadata / f"{role}.json"
            return _load(path, kind) if path.exists() else None
        versions = [int(path.name.split(".")[0]) for path in self.metadata.glob(f"[0-9]*.{role}.json")]
        return _load(self.metadata / f"{max(versions)}.{role}.json", kind) if versions else None

    def _drafts(self) -> Iterator[tuple[str, Metadata[Any]]]:
        """The root first: who may sign the others stands there."""
        for role, kind in ((ROOT, Root), (TARGETS, Targets)):
            path = self._draft / f"{role}.json"
            if path.exists():
                yield role, _load(path, kind)

    def _targets_to_change(self, now: datetime) -> Targets:
        """The draft, or what was published with the next number. Signatures of a draft fall: they were of another."""
        draft = dict(self._drafts()).get(TARGETS)
        published = self._newest(TARGETS, Targets)
        targets: Targets = draft.signed if draft is not None else published.signed if published else Targets()
        targets.version = _next(published)
        targets.expires = _until(TARGETS, now)
        return targets

    def _signing(self, role: str) -> list[Role]:
        """The roles whose keys sign a draft: of a root those that it names, and those of the root before."""
        newest = self._newest(ROOT, Root)
        draft = dict(self._drafts()).get(ROOT)
        names = ROOT if role == ROOT else TARGETS
        if role == ROOT:
            return [root.signed.roles[names] for root in (newest, draft) if root is not None]
        root = draft or newest
        return [] if root is None else [root.signed.roles[names]]

    def _result(self, role: str, draft: Metadata[Any]) -> tuple[int, int]:
        """Signatures that count, and how many are needed: of a root after the first, by old keys and by new ones."""
        newest = self._newest(ROOT, Root)
        if role == ROOT:
            before = None if newest is None else newest.signed
            both = draft.signed.get_root_verification_result(before, draft.signed_bytes, draft.signatures)
            worst = max((both.first, both.second), key=lambda result: result.missing)
            return len(worst.signed), worst.threshold
        drafted = dict(self._drafts()).get(ROOT)
        root = drafted or newest
        if root is None:
            raise InputError(f"{self.folder}: a list of releases without a root; init it")
        result = root.signed.get_verification_result(role, draft.signed_bytes, draft.signatures)
        return len(result.signed), result.threshold

    def _write_draft(self, role: str, metadata: Metadata[Any]) -> None:
        _write(self._draft / f"{role}.json", metadata.to_bytes())

    def _write(self, role: str, metadata: Metadata[Any]) -> None:
        name = f"{role}.json" if role == TIMESTAMP else f"{metadata.signed.version}.{role}.json"
        _write(self.metadata / name, metadata.to_bytes())


def _releases(targets: Targets) -> list[Release]:
    return [read(path, file.custom) for path, file in targets.targets.items()]


def _next(metadata: Metadata[Any] | None) -> int:
    return 1 if metadata is None else metadata.signed.version + 1


def _counted(metadata: Metadata[Any] | None, now: datetime) -> int:
    """The next number of an online role: the second in which it is made. A kiosk believes none from the future, so that
    whoever steals the online key cannot put the count out of reach."""
    return max(_next(metadata), int(now.timestamp()))


def _until(role: str, now: datetime) -> datetime:
    return (now.astimezone(UTC) + VALID[role]).replace(microsecond=0)


def _load(path: Path, kind: type[Any]) -> Metadata[Any]:
    try:
        found: Metadata[Any] = Metadata.from_bytes(read_whole(path, MOST_METADATA))
    except (DeserializationError, RepositoryError, RecursionError):
        raise InputError(f"{path}: is no metadata of a repository") from None
    if not isinstance(found.signed, kind):
        raise InputError(f"{path}: is metadata of another role")
    return found


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise trouble(path.parent, error, "made") from None
    write_whole(path, content)
