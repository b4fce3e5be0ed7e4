"""What the centre knows of a roll-out: who has the release, who could not take it, how checks went before and since.

A kiosk says in its event `versions` which release of each kind it has, and which it could not take
(``installing.Kiosk.reported``). Its checks after that event are with the release, those before it are not: no clock is
asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, case, delete, func, insert, select

from stillscan.fleet.events import hour_of
from stillscan.fleet.rollout import rings
from stillscan.fleet.rollout.judge import Counts, Judgement, judged
from stillscan.fleet.rollout.plan import Plan, Seen
from stillscan.fleet.rollout.release import Release
from stillscan.fleet.rollout.rings import Member
from stillscan.fleet.tables import CHECK, GIVEN, KIOSK, NOTE
from stillscan.records.canonical import instant

_LATELY = timedelta(days=2)
"""A kiosk that was heard of since is one that a ring waits for: over a weekend they are switched off."""
_BEFORE = timedelta(days=7)
"""The past that a kiosk is held against: a week has every weekday, and more would tell of another season."""
_MOST_KIOSKS = 600
"""Of the ring, and as many others: a look reads a million checks at most, which takes PostgreSQL about a second."""


class Watched(NamedTuple):
    """A roll-out at one look."""

    rings: list[Seen]
    judgement: Judgement | None


def fleet(connection: Connection) -> list[Member]:
    """All kiosks that count."""
    rows = connection.execute(select(KIOSK.c.kiosk, KIOSK.c.office, KIOSK.c.board).where(KIOSK.c.revoked.is_(False)))
    return sorted(Member(*row) for row in rows)


def fitting(release: Release, members: Iterable[Member]) -> list[Member]:
    """Those that a release is for: of firmware, kiosks with its board."""
    return [member for member in members if release.board in ("", member.board)]


def watch(connection: Connection, plan: Plan, now: datetime) -> Watched:
    """What is known now. What kiosks have said since the last look is noted first."""
    if plan.open == 0:
        return Watched([Seen(0, 0, 0, 0)] * len(plan.rings), None)
    _note(connection, plan)
    given = {
        kiosk: (n, refused)
        for kiosk, n, refused in connection.execute(
            select(GIVEN.c.kiosk, GIVEN.c.n, GIVEN.c.refused).where(GIVEN.c.rollout == plan.name)
        )
    }
    lately = select(KIOSK.c.kiosk).where(KIOSK.c.heard >= instant(now - _LATELY))
    heard = {kiosk for (kiosk,) in connection.execute(lately)}
    drawn = [fitting(plan.release, ring) for ring in rings.members(plan.rings, plan.name, fleet(connection))]
    has = {kiosk for kiosk, (_, refused) in given.items() if not refused}
    others = [member.kiosk for ring in drawn[plan.open :] for member in ring]
    counts = _counts(connection, plan, now, _some(sorted(has)), _some(others))
    ring = np.array([counts[kiosk] for kiosk in sorted(has) if kiosk in counts], dtype=np.int64).reshape(-1, 4)
    beside = np.array([counts[kiosk] for kiosk in others if kiosk in counts], dtype=np.int64).reshape(-1, 4)
    seen = [
        Seen(
            kiosks=sum(member.kiosk in heard or member.kiosk in given for member in members),
            installed=sum(member.kiosk in has for member in members),
            refused=sum(member.kiosk in given and given[member.kiosk][1] for member in members),
            checks=sum(int(counts[member.kiosk][2]) for member in members if member.kiosk in has & counts.keys()),
        )
        for members in drawn
    ]
    return Watched(seen, judged(ring, beside) if ring.size and ring[:, 2].sum() else None)


def _note(connection: Connection, plan: Plan) -> None:
    """Who said that it has the release, or could not take it; the last word counts, the first event of it is kept."""
    said = select(NOTE.c.kiosk, NOTE.c.n, NOTE.c.data).where(NOTE.c.kind == "versions", NOTE.c.hour >= plan.began)
    found: dict[str, tuple[int, bool]] = {}
    for kiosk, n, data in connection.execute(said.order_by(NOTE.c.kiosk, NOTE.c.n)):
        counts = json.loads(data).get("counts", {})
        if f"release_{plan.release.kind}" not in counts:
            continue  # it says something else
        has = counts[f"release_{plan.release.kind}"] == plan.release.serial
        refused = counts.get(f"refused_{plan.release.kind}") == plan.release.serial
        if not has and not refused:
            found.pop(kiosk, None)
        elif kiosk not in found or found[kiosk][1] != (refused and not has):
            found[kiosk] = (n, refused and not has)
    connection.execute(delete(GIVEN).where(GIVEN.c.rollout == plan.name))
    rows = [{"rollout": plan.name, "kiosk": kiosk, "n": n, "refused": no} for kiosk, (n, no) in found.items()]
    if rows:
        connection.execute(insert(GIVEN), rows)


def _counts(
    connection: Connection, plan: Plan, now: datetime, has: Sequence[str], others: Sequence[str]
) -> dict[str, Counts]:
    """(4,) by kiosk, as the judge takes them. Practice with specimens does not count."""
    began = datetime.fromisoformat(f"{plan.began}:00+00:00")
    since = hour_of(began - _BEFORE)
    after = case((GIVEN.c.n.is_(None), CHECK.c.hour >= plan.began), else_=CHECK.c.n > GIVEN.c.n)
    joined = CHECK.outerjoin(GIVEN, (GIVEN.c.rollout == plan.name) & (GIVEN.c.kiosk == CHECK.c.kiosk))
    failed = func.sum(case((CHECK.c.ok, 0), else_=1))
    asked = select(CHECK.c.kiosk, after.label("after"), func.count(), failed).select_from(joined)
    found: dict[str, Counts] = {}
    for some in _parts([*has, *others]):
        where = asked.where(CHECK.c.kiosk.in_(some), CHECK.c.hour >= since, CHECK.c.test.is_(False))
        for kiosk, late, checks, failures in connection.execute(where.group_by(CHECK.c.kiosk, "after")):
            row = found.setdefault(kiosk, np.zeros(4, dtype=np.int64))
            row[2 if late else 0] += int(checks)
            row[3 if late else 1] += int(failures)
    return found


def _some(kiosks: Sequence[str]) -> Sequence[str]:
    """Evenly taken, the same ones at every look."""
    step = max(1, -(-len(kiosks) // _MOST_KIOSKS))
    return kiosks[::step]


def _parts(kiosks: Sequence[str]) -> Iterable[Sequence[str]]:
    """So many at once as a question of SQLite takes."""
    return (kiosks[start : start + 500] for start in range(0, len(kiosks), 500))
