"""The report for the issuer: outcomes of a month, signed by the centre, countable against the kiosks' chains.

For each kiosk it names how many checks there were, between which entries of its audit chain, and how they ended:
whoever has an export of that chain counts the same, unless it says that the chain went back: a database was put back.
Series are named from 20 documents on.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from typing import Any

from sqlalchemy import Connection, case, func, select

from stillscan import __version__
from stillscan.errors import InputError
from stillscan.fleet.series import FEWEST
from stillscan.fleet.tables import CHECK, KIOSK
from stillscan.records.canonical import canonical
from stillscan.records.keyring import Keyring

PURPOSE = "fleet report 1"
_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")


def month_of(text: str) -> str:
    """A month as YYYY-MM. InputError."""
    if not _MONTH.fullmatch(text):
        raise InputError(f"--month: '{text[:20]}' is no month; it is written as {date(2026, 11, 1):%Y-%m}")
    return text


def report(connection: Connection, month: str, test: bool) -> dict[str, Any]:
    """What is signed: all of it plain JSON, whole numbers and codes."""
    within = (CHECK.c.hour.like(f"{month}-%"), CHECK.c.test.is_(test))
    kiosks: dict[str, dict[str, Any]] = {}
    ends = select(CHECK.c.kiosk, func.count(), func.min(CHECK.c.seq), func.max(CHECK.c.seq)).where(*within)
    for kiosk, checks, first, last in connection.execute(ends.group_by(CHECK.c.kiosk).order_by(CHECK.c.kiosk)):
        kiosks[kiosk] = {"kiosk": kiosk, "checks": checks, "first_entry": first, "last_entry": last, "verdicts": {}}
    for kiosk in connection.scalars(select(KIOSK.c.kiosk).where(KIOSK.c.head_back > 0)):
        if kiosk in kiosks:  # its chain has not all of these any more
            kiosks[kiosk]["chain_went_back"] = True
    outcomes = select(CHECK.c.kiosk, CHECK.c.verdict, func.count()).where(*within)
    whole: Counter[str] = Counter()
    for kiosk, verdict, count in connection.execute(outcomes.group_by(CHECK.c.kiosk, CHECK.c.verdict)):
        kiosks[kiosk]["verdicts"][verdict] = count
        whole[verdict] += count
    columns = (CHECK.c.issuer, CHECK.c.kind, CHECK.c.expiry_year)
    asked = select(*columns, func.count(), func.sum(case((CHECK.c.ok, 1), else_=0))).where(
        *within, CHECK.c.issuer.is_not(None)
    )
    series = [
        {"issuer": issuer, "kind": kind, "expiry_year": year, "documents": documents, "failed": documents - int(read)}
        for issuer, kind, year, documents, read in connection.execute(asked.group_by(*columns).order_by(*columns))
        if documents >= FEWEST
    ]
    counted = {"checks": sum(whole.values()), "verdicts": dict(sorted(whole.items()))}
    return {"month": month, "test": test, **counted, "kiosks": list(kiosks.values()), "series": series}


def signed(facts: dict[str, Any], keyring: Keyring) -> str:
    """One line of JSON: the report as it is signed, the centre's name, its signature."""
    body = canonical({**facts, "centre": keyring.kiosk, "version": __version__})
    told = {"report": body.decode(), "centre": keyring.kiosk, "signature": keyring.sign(PURPOSE, body)}
    return json.dumps(told, ensure_ascii=False)
