"""What benches of the fleet share: kiosks with outboxes in memory, servers and centres that can be killed, the count.

Agents, events, signatures, servers and centres are the product's; an outbox is a list.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select

from stillscan.errors import StillscanError
from stillscan.fleet.connection import Address, connected
from stillscan.fleet.events import PURPOSE, RECEIPTS, CheckData, Series, body_of, hour_of, subject_of
from stillscan.fleet.nkey import new_seed, public_of
from stillscan.fleet.outbox import Waiting
from stillscan.fleet.servers import Server, User, free_port, users_file
from stillscan.fleet.store import Store
from stillscan.fleet.tables import CHECK, KIOSK
from stillscan.records.keyring import signature_by
from stillscan.records.public_keys import pem

STALL_S = 240.0  # without anything new: agents whose server was killed try again at most a minute apart
_PAUSE_S = 0.1
_ANSWER_S = 2.0  # of a centre that is there: some ms; one that starts takes a second
_NODE = """
server_name: "node-{number}"
listen: "127.0.0.1:{port}"
max_payload: 131072
jetstream {{ store_dir: "{folder}" }}
authorization {{ include "users.conf" }}
cluster {{ name: bench, listen: "127.0.0.1:{cluster}", {aside}routes: [{routes}] }}
"""
_CENTRE = """
import asyncio, sys
from stillscan.fleet.centre import Centre
from stillscan.fleet.connection import Address
from stillscan.fleet.store import Store
state, urls, seed, replicas = sys.argv[1:]
asyncio.run(Centre(Store(state), Address(tuple(urls.split(",")), seed), replicas=int(replicas)).run())
"""


_ASIDE = 'advertise: "127.0.0.1:1", '
"""Of servers that reach each other by given ports alone: what they tell each other about themselves leads nowhere."""


class Box:
    """A kiosk's outbox in memory; ``counts`` events lie in it from the start."""

    def __init__(self, name: str, count: int) -> None:
        self.kiosk, self.given, self._key = name, count, Ed25519PrivateKey.generate()
        self.seed = new_seed()
        self._rows = [self._made(n) for n in range(1, count + 1)]
        self._taken = 0
        self.done_s = 0.0

    def give(self, more: int) -> None:
        """So many more events, the next ones."""
        self._rows += [self._made(n) for n in range(self.given + 1, self.given + more + 1)]
        self.given += more

    def _made(self, n: int) -> Waiting:
        series = Series(issuer="UTO", kind="P", expiry_year=2026 + n % 8)
        data = CheckData(verdict="release", read=n % 9 > 0, reasons=["ok"], series=series, attempts=1)
        body = body_of(self.kiosk, n, "check", hour_of(datetime.now(UTC)), "Bench", data)
        return Waiting(n, body, signature_by(self._key, PURPOSE, body))

    def enrol(self, store: Store) -> None:
        store.enrol(self.kiosk, "Bench", pem(self._key.public_key()))

    def waiting(self, after: int, most: int) -> Sequence[Waiting]:
        return self._rows[after : after + most]

    def taken(self, upto: int) -> None:
        self._taken = max(self._taken, upto)
        if self._taken >= self.given:
            self.done_s = time.monotonic()

    def last(self) -> int:
        return self.given

    def first(self) -> int:
        return self._taken + 1

    @property
    def waits(self) -> bool:
        return self._taken < self.given


class Site:
    """Three servers and two centres, as processes that can be killed."""

    def __init__(
        self,
        folder: Path,
        state: str,
        boxes: Sequence[Box],
        servers: int,
        centres: int,
        routed: Mapping[tuple[int, int], int] | None = None,
    ) -> None:
        """``routed``: by which port a server reaches another; None: by the other's own. See `fleet_split`."""
        self.store, self._state, self.seed = Store(state), state, new_seed()
        for box in boxes:
            box.enrol(self.store)
        users = users_file([*(User(public_of(one.seed), one.kiosk) for one in boxes), User(public_of(self.seed), None)])
        self.clusters = [free_port() for _ in range(servers)]
        self.servers = []
        for number, cluster in enumerate(self.clusters):
            to = [routed[number, one] if routed else port for one, port in enumerate(self.clusters) if one != number]
            routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in to)
            place, port = folder / f"node-{number}", free_port()
            place.mkdir(parents=True)
            (place / "users.conf").write_text(users)
            text = _NODE.format(
                number=number, port=port, folder=place, cluster=cluster, aside=_ASIDE if routed else "", routes=routes
            )
            (place / "server.conf").write_text(text if servers > 1 else text[: text.index("cluster {")])
            self.servers.append(Server(place, port))
        self.urls = tuple(one.url for one in self.servers)
        self.centres: list[subprocess.Popen[bytes] | None] = [None] * centres
        self.seen = [self.urls] * centres
        """Servers that each centre can reach."""

    def start(self) -> None:
        for one in self.servers:
            one.start()
        for number in range(len(self.centres)):
            self.start_centre(number)

    def start_centre(self, number: int) -> None:
        replicas = str(len(self.servers))
        command = [sys.executable, "-c", _CENTRE, self._state, ",".join(self.seen[number]), self.seed, replicas]
        self.centres[number] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill_centre(self, number: int) -> None:
        found = self.centres[number]
        if found is not None:
            found.kill()
            found.wait()

    def end(self) -> None:
        for number in range(len(self.centres)):
            self.kill_centre(number)
        for one in self.servers:
            one.end()
        self.store.close()

    def worked(self) -> dict[str, float]:
        """Seconds of a core by who has used them until now; of a server or a centre that was killed those since."""
        centres = [_worked_s(one.pid) for one in self.centres if one is not None]
        servers = [_worked_s(one.process.pid) for one in self.servers if one.process is not None]
        return {"servers": sum(servers), "centres": sum(centres), "kiosks": time.process_time()}

    def counted(self) -> int:
        with self.store.reading() as connection:
            return int(connection.scalar(select(func.sum(KIOSK.c.checks))) or 0)


def _worked_s(process: int) -> float:
    numbers = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime, proc(5)


async def answered(to: Address, kiosk: str) -> None:
    """Servers have elected, and a centre answers: what is measured begins then."""
    from nats.errors import Error

    while True:
        try:
            async with connected(to, kiosk) as client:
                await client.request(subject_of(kiosk, RECEIPTS), b"", timeout=_ANSWER_S)
                return
        except (TimeoutError, StillscanError, Error, OSError):
            await asyncio.sleep(_PAUSE_S)


def compared(site: Site, boxes: list[Box]) -> tuple[int, int, bool]:
    """(events of the outboxes that the state has not, that it counts again, whether none has a gap)."""
    with site.store.reading() as connection:
        there = {(kiosk, n) for kiosk, n in connection.execute(select(CHECK.c.kiosk, CHECK.c.n))}
        highest = {kiosk: n for kiosk, n in connection.execute(select(KIOSK.c.kiosk, KIOSK.c.highest))}
    given = {(one.kiosk, n) for one in boxes for n in range(1, one.given + 1)}
    ordered = all(highest[one.kiosk] == one.given for one in boxes)
    return len(given - there), site.counted() - len(there & given), ordered
