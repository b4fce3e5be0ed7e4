"""Is the audit chain whole? Every entry, its end, what each kiosk remembers of it, and the letters that point to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from stillscan.records import checkpoint, tables
from stillscan.records.checkpoint import Checkpoint
from stillscan.records.database import Database
from stillscan.records.errors import RecordsError
from stillscan.records.keyring import Keyring
from stillscan.records.walk import AuditFinding, Remembered, Walk
from stillscan.records.witness import Notes, Seen, noting

__all__ = ["AuditFinding", "Verified", "verify"]


class Verified(NamedTuple):
    """What was looked at and what was found; ``end`` is the chain's last entry, to be kept elsewhere and compared."""

    findings: list[AuditFinding]
    entries: int
    end: str
    kiosks: list[str]
    changes: list[AuditFinding]
    """What was done to letters that were here already, to clocks and keys: nothing is wrong, but it is to be seen."""


def verify(
    database: Database,
    keyring: Keyring,
    former: Sequence[tuple[str, Seen]] = (),
    progress: Callable[[int], None] = lambda _: None,
    *,
    anew: bool = False,
) -> Verified:
    """Look at everything. ``former`` are ends that were noted elsewhere, and by whom: they must still be in the chain.

    Signatures that this kiosk has found good before, and that are the same still, are not calculated again, unless all
    is to be looked at ``anew``.
    """
    damage = database.intact()
    findings = [AuditFinding(f"the database file is damaged: {damage}")] if damage else []
    keyring.guard()
    # The notes first: they only grow.
    with noting(keyring.head, writes=False) as (notes, note), database.reading() as connection:
        findings += map(AuditFinding, tables.strange(connection))
        own, bad = _checkpoints(keyring)
        findings += bad
        remembered = _remembered(notes, former)
        walk = Walk(connection, keyring, remembered, None if anew else own)
        try:
            found = walk.all(progress)
            if not walk.agrees:  # something is not as it was then: nothing is taken from there
                walk = Walk(connection, keyring, remembered, None)
                found = walk.all(progress) or [_lies(keyring.kiosk)]
            findings += found
        except SQLAlchemyError:
            if not findings:
                raise
            findings.append(AuditFinding("what is left of the tables cannot be read"))  # and that is their fault
        if not findings and walk.count:
            note(Seen(walk.count, walk.end))
            _keep(walk, keyring, own)
    return Verified(findings, walk.count, walk.end, sorted(walk.kiosks), walk.changes)


def _checkpoints(keyring: Keyring) -> tuple[Checkpoint | None, list[AuditFinding]]:
    """(this kiosk's checkpoint, what is wrong with it or another's in the same folder)."""
    bad = []
    own = None
    for kiosk, path in checkpoint.there(keyring):
        try:
            found = checkpoint.load(path, keyring, kiosk)
            if found is not None:
                found.store.look_at_all()
        except RecordsError as error:
            bad.append(AuditFinding(str(error)))
            continue
        if kiosk == keyring.kiosk:
            own = found
        elif found is not None:
            found.store.close()
    return own, bad


def _lies(kiosk: str) -> AuditFinding:
    return AuditFinding(f"the checkpoint of kiosk {kiosk} does not say what the entries say; remove it")


def _keep(walk: Walk, keyring: Keyring, own: Checkpoint | None) -> None:
    """So that the next one need not look at every signature again; where this kiosk may sign without being asked."""
    since = own.facts["confirmed"]["seq"] if own is not None else 0
    if walk.count - since >= checkpoint.EVERY and keyring.signs_unasked:
        checkpoint.write(keyring, *walk.checkpoint())


def _remembered(notes: Notes, former: Sequence[tuple[str, Seen]]) -> Remembered:
    seen_by = [(f"kiosk {kiosk}", seen) for kiosk, seen in notes.items()]
    remembered: dict[int, list[tuple[str, str]]] = {}
    for who, seen in [*seen_by, *former]:
        remembered.setdefault(seen.seq, []).append((who, seen.digest))
    return remembered
