"""``make bench-fleet``: events through three servers and two centres that are killed; a week at once; a check's part.

Kiosks are coroutines with the product's agent and outboxes in memory; what they send is signed by keys of their own.
Counted is against the outboxes: what each gave, and what the centre's state has.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select

from stillscan.errors import StillscanError
from stillscan.fleet.agent import Agent
from stillscan.fleet.connection import Address, connected
from stillscan.fleet.events import PURPOSE, RECEIPTS, CheckData, Series, body_of, hour_of, subject_of
from stillscan.fleet.nkey import new_seed, public_of
from stillscan.fleet.offices import Office, drawn
from stillscan.fleet.outbox import Waiting
from stillscan.fleet.running import running
from stillscan.fleet.servers import Server, User, free_port, users_file
from stillscan.fleet.store import Store
from stillscan.fleet.tables import CHECK, KIOSK
from stillscan.records.keyring import signature_by
from stillscan.records.public_keys import pem

_GOAL_RATE, _GOAL_WEEK_S, _GOAL_CHECK_MS, _GOAL_MB = 3000.0, 60.0, 1.0, 30.0
_STALL_S = 240.0  # without anything new: a centre that was killed gives its events back after 60 s
_PAUSE_S = 0.1
_ANSWER_S = 2.0  # of a centre that is there: some ms; one that starts takes a second
_NODE = """
server_name: "node-{number}"
listen: "127.0.0.1:{port}"
max_payload: 131072
jetstream {{ store_dir: "{folder}" }}
authorization {{ include "users.conf" }}
cluster {{ name: bench, listen: "127.0.0.1:{cluster}", routes: [{routes}] }}
"""
_CENTRE = """
import asyncio, sys
from stillscan.fleet.centre import Centre
from stillscan.fleet.connection import Address
from stillscan.fleet.store import Store
state, urls, seed, replicas = sys.argv[1:]
asyncio.run(Centre(Store(state), Address(tuple(urls.split(",")), seed), replicas=int(replicas)).run())
"""
_MEMORY = """
import asyncio, resource, sys
from pathlib import Path
from stillscan.commands import run
from stillscan.web import pages
from stillscan.fleet.offices import Office
office = Office(Path(sys.argv[1]), 1, 0)
def mb():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]) / 1024
before = mb()
from stillscan.fleet.agent import Agent
from stillscan.fleet.connection import Address
from stillscan.fleet.running import running
import time
with running("fleet", lambda: [Agent(office.outbox, Address((sys.argv[2],), sys.argv[3])).run()]):
    time.sleep(8)
    print(mb() - before)
"""


class Box:
    """A kiosk's outbox in memory; ``counts`` events lie in it from the start."""

    def __init__(self, name: str, count: int) -> None:
        self.kiosk, self.given, self._key = name, count, Ed25519PrivateKey.generate()
        self.seed = new_seed()
        self._rows = [self._made(n) for n in range(1, count + 1)]
        self._taken = 0
        self.done_s = 0.0

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

    def __init__(self, folder: Path, state: str, boxes: Sequence[Box], servers: int, centres: int) -> None:
        self.store, self._state, self.seed = Store(state), state, new_seed()
        for box in boxes:
            box.enrol(self.store)
        users = users_file([*(User(public_of(one.seed), one.kiosk) for one in boxes), User(public_of(self.seed), None)])
        clusters = [free_port() for _ in range(servers)]
        routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in clusters)
        self.servers = []
        for number, cluster in enumerate(clusters):
            place, port = folder / f"node-{number}", free_port()
            place.mkdir(parents=True)
            (place / "users.conf").write_text(users)
            text = _NODE.format(number=number, port=port, folder=place, cluster=cluster, routes=routes)
            (place / "server.conf").write_text(text if servers > 1 else text[: text.index("cluster {")])
            self.servers.append(Server(place, port))
        self.urls = tuple(one.url for one in self.servers)
        self.centres: list[subprocess.Popen[bytes] | None] = [None] * centres

    def start(self) -> None:
        for one in self.servers:
            one.start()
        for number in range(len(self.centres)):
            self.start_centre(number)

    def start_centre(self, number: int) -> None:
        replicas = str(len(self.servers))
        command = [sys.executable, "-c", _CENTRE, self._state, ",".join(self.urls), self.seed, replicas]
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

    def counted(self) -> int:
        with self.store.reading() as connection:
            return int(connection.scalar(select(func.sum(KIOSK.c.checks))) or 0)


def main() -> int:
    """Run the benches; 1 when a figure is not reached."""
    parser = argparse.ArgumentParser(prog="make bench-fleet", description=__doc__)
    parser.add_argument("--kiosks", type=int, default=100, metavar="N", help="each has a connection (100)")
    parser.add_argument("--events", type=int, default=200, metavar="N", help="of each kiosk (200)")
    parser.add_argument("--servers", type=int, default=3, metavar="N", help="(3)")
    parser.add_argument("--centres", type=int, default=2, metavar="N", help="(2)")
    parser.add_argument(
        "--kill-every", type=float, default=20.0, metavar="S", help="a server and a centre; 0: none (20)"
    )
    parser.add_argument("--week", type=int, default=50_000, metavar="N", help="events of one kiosk at once; 0: none")
    parser.add_argument("--checks", type=int, default=100, metavar="N", help="checks to time with and without (100)")
    parser.add_argument("--state", metavar="URL", help="PostgreSQL; an SQLite file when left out")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of who is killed (1)")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)  # what is killed would be told once a kiosk
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * args.kiosks + 1000)), hard))
    good = True
    with tempfile.TemporaryDirectory(prefix="stillscan-bench-") as folder:
        if args.checks:
            good &= _check(Path(folder) / "check", args.checks)
        boxes = [Box(f"kiosk-{number:04}", args.events) for number in range(args.kiosks)]
        good &= _chain(Path(folder) / "plain", args, boxes, 0.0) if boxes else True
        if args.kill_every and boxes:
            boxes = [Box(f"kiosk-{number:04}", args.events) for number in range(args.kiosks)]
            good &= _chain(Path(folder) / "kills", args, boxes, args.kill_every)
        if args.week:
            good &= _chain(Path(folder) / "week", args, [Box("kiosk-week", args.week)], 0.0, _GOAL_WEEK_S)
    return 0 if good else 1


def _chain(folder: Path, args: argparse.Namespace, boxes: list[Box], kill_every: float, most_s: float = 0.0) -> bool:
    """All events of the boxes through servers and centres; whether nothing is lost or twice, and it was fast enough."""
    folder.mkdir()
    dice, events = random.Random(args.seed), sum(one.given for one in boxes)
    site = Site(folder, args.state or str(folder / "centre.db"), boxes, args.servers, args.centres)
    agents = [Agent(box, Address(site.urls, box.seed)) for box in boxes]
    first_to = Address(site.urls, boxes[0].seed)
    with ExitStack() as opened:
        opened.callback(site.end)
        site.start()
        asyncio.run(asyncio.wait_for(_answered(first_to, boxes[0].kiosk), _STALL_S))
        began_s = kill_s = since_s = time.monotonic()
        kills, came, down = 0, -1, -1
        with running("agents", lambda: [one.run() for one in agents]):
            while any(one.waits for one in boxes) and time.monotonic() - since_s < _STALL_S:
                time.sleep(_PAUSE_S)
                now_s, now = time.monotonic(), sum(one.first() for one in boxes)
                if now != came:
                    came, since_s = now, now_s
                if kill_every and now_s - kill_s >= kill_every:
                    kill_s, kills = now_s, kills + 1
                    if down >= 0:
                        site.servers[down].start()
                    down = dice.randrange(len(site.servers))
                    site.servers[down].kill()
                    number = dice.randrange(len(site.centres))
                    site.kill_centre(number)
                    site.start_centre(number)
            seconds = max(one.done_s or time.monotonic() for one in boxes) - began_s
        lost, twice, ordered = _compared(site, boxes)
    rate = events / seconds
    told = {
        "kiosks": len(boxes),
        "events": events,
        "seconds": round(seconds, 1),
        "a_second": round(rate),
        "kills": kills,
    }
    print(json.dumps({**told, "lost": lost, "twice": twice, "in_order": ordered}), flush=True)
    fast = seconds <= most_s if most_s else kill_every > 0 or rate >= _GOAL_RATE
    return not lost and not twice and ordered and fast


async def _answered(to: Address, kiosk: str) -> None:
    """Servers have elected, and a centre answers: what is measured begins then."""
    from nats.errors import Error

    while True:
        try:
            async with connected(to, kiosk) as client:
                await client.request(subject_of(kiosk, RECEIPTS), b"", timeout=_ANSWER_S)
                return
        except (TimeoutError, StillscanError, Error, OSError):
            await asyncio.sleep(_PAUSE_S)


def _compared(site: Site, boxes: list[Box]) -> tuple[int, int, bool]:
    """(events of the outboxes that the state has not, that it counts again, whether none has a gap)."""
    with site.store.reading() as connection:
        there = {(kiosk, n) for kiosk, n in connection.execute(select(CHECK.c.kiosk, CHECK.c.n))}
        highest = {kiosk: n for kiosk, n in connection.execute(select(KIOSK.c.kiosk, KIOSK.c.highest))}
    given = {(one.kiosk, n) for one in boxes for n in range(1, one.given + 1)}
    ordered = all(highest[one.kiosk] == one.given for one in boxes)
    return len(given - there), site.counted() - len(there & given), ordered


def _check(folder: Path, checks: int) -> bool:
    """What an event adds to a check, and an agent to a kiosk's memory."""
    took: dict[bool, list[float]] = {True: [], False: []}
    dice, office = random.Random(1), Office(folder / "office", 1, 2 * checks)
    desk = office._counter._book._desk  # type: ignore[attr-defined]
    beside = desk._beside
    for number in range(2 * checks):  # by turns: the computer is as busy with as without
        desk._beside = beside if number % 2 else None
        began_s = time.thread_time()
        office.serve(drawn(dice), dice)
        took[bool(number % 2)].append((time.thread_time() - began_s) * 1000)
    added = statistics.median(took[True]) - statistics.median(took[False])
    server, seed = Server(folder, free_port()), new_seed()
    (folder / "server.conf").write_text(f'listen: "127.0.0.1:{server.port}"\njetstream {{ store_dir: "{folder}" }}\n')
    server.start()
    try:
        command = [sys.executable, "-c", _MEMORY, str(folder / "other"), server.url, seed]
        memory = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    finally:
        server.end()
        office.close()
    print(json.dumps({"added_to_a_check_ms": round(added, 2), "agent_mb": round(memory, 1)}), flush=True)
    return added <= _GOAL_CHECK_MS and memory <= _GOAL_MB


if __name__ == "__main__":
    raise SystemExit(main())
