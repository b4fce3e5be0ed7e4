"""A fleet as rows of a centre's state: kiosks with checks of some series, without signatures and processes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, update

from stillscan.fleet.page_tables import prepare
from stillscan.fleet.series import Key
from stillscan.fleet.store import Store
from stillscan.fleet.tables import CHECK, KIOSK, NOTE
from stillscan.records.canonical import instant

NOW = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)  # a Monday
BAD, GOOD = Key("UTO", "P", 2031), Key("SWE", "P", 2030)


class Fleet:
    """Kiosks k0, k1 ... two an office, heard just now."""

    def __init__(self, store: Store, kiosks: int, now: datetime = NOW) -> None:
        self.store, self.now = store, now
        self.names = [f"k{number}" for number in range(kiosks)]
        self._last = dict.fromkeys(self.names, 0)
        prepare(store)
        about = {"public_key": "", "board": "rpi_pico", "firmware": "1.4.0", "host": "0.2.0", "heard": instant(now)}
        rows = [{**about, "kiosk": name, "office": f"{n // 2:04} Office"} for n, name in enumerate(self.names)]
        with store.writing() as connection:
            connection.execute(insert(KIOSK), rows)

    def set(self, kiosk: str, **values: Any) -> None:
        """Columns of a kiosk."""
        with self.store.writing() as connection:
            connection.execute(update(KIOSK).where(KIOSK.c.kiosk == kiosk).values(**values))

    def checks(
        self, kiosks: Iterable[str], key: Key | None, documents: int, failed: int, days_ago: float = 0, **more: Any
    ) -> None:
        """So many checks at each of these kiosks, the first of them not read."""
        hour = (self.now - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H")
        what = {name: more.pop(name) for name in ("reasons", "quality", "aborts", "failed_at") if name in more}
        about = {"hour": hour, "attempts": 1, "firmware": "1.4.0", "host": "0.2.0", "board": "rpi_pico", "test": False}
        about |= key._asdict() if key else {"issuer": None, "kind": None, "expiry_year": None}
        rows = []
        for kiosk in kiosks:
            for number in range(documents):
                self._last[kiosk] += 1
                ok = number >= failed
                said = {"ok": ok, "verdict": "release" if ok else "rescan", "what": json.dumps({} if ok else what)}
                rows.append({**about, "kiosk": kiosk, "n": self._last[kiosk], **said, **more})
            self.set(kiosk, highest=self._last[kiosk], newest=self._last[kiosk], checks=self._last[kiosk])
        with self.store.writing() as connection:
            connection.execute(insert(CHECK), rows)

    def note(self, kiosk: str, kind: str, **data: Any) -> None:
        """What a kiosk says of its glass or its parts."""
        self._last[kiosk] += 1
        row = {"kiosk": kiosk, "n": self._last[kiosk], "hour": f"{self.now:%Y-%m-%dT%H}", "kind": kind}
        with self.store.writing() as connection:
            connection.execute(insert(NOTE), [{**row, "data": json.dumps(data)}])


def with_a_bad_series(store: Store, kiosks: int = 6, **more: Any) -> Fleet:
    """UTO P 2031 fails four times as often as the rest, with glare."""
    fleet = Fleet(store, kiosks)
    said = {"quality": ["glare"], "reasons": ["mrz_uncertain"], "failed_at": [[2, 7], [1, 44]], **more}
    fleet.checks(fleet.names, BAD, 12, 5, 8, **said)
    fleet.checks(fleet.names, GOOD, 90, 9, 8)
    return fleet
