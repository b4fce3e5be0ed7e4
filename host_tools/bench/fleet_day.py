"""``make bench-fleet-day``: 3,000 kiosks, three servers and two centres, of which one each is killed every two minutes.

Each kiosk gets its checks in rounds, the next when all of the former are at the centre, until the day's 300 are there
or the time is over: what was given until then is waited for and counted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from bench.fleet_site import STALL_S, Box, Site, answered, compared
from stillscan.fleet.agent import Agent
from stillscan.fleet.connection import Address
from stillscan.fleet.running import running

_LOOK_S = 0.5
_A_DAY = 300
"""Checks of a kiosk."""


def main() -> int:
    """Run the day; 1 when something is lost, counted twice or out of order."""
    parser = argparse.ArgumentParser(prog="make bench-fleet-day", description=__doc__)
    parser.add_argument("--kiosks", type=int, default=3000, metavar="N", help="each has a connection (3000)")
    parser.add_argument("--checks", type=int, default=_A_DAY, metavar="N", help=f"of each kiosk ({_A_DAY})")
    parser.add_argument("--round", type=int, default=20, metavar="N", help="given at once (20)")
    parser.add_argument("--minutes", type=float, default=30.0, metavar="M", help="no round begins after them (30)")
    parser.add_argument("--kill-every", type=float, default=120.0, metavar="S", help="a server and a centre (120)")
    parser.add_argument("--state", metavar="URL", help="PostgreSQL; an SQLite file when left out")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of who is killed (1)")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)  # what is killed would be told once a kiosk
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * args.kiosks + 1000)), hard))
    with tempfile.TemporaryDirectory(prefix="stillscan-bench-") as folder:
        return 0 if _day(Path(folder), args) else 1


def _day(folder: Path, args: argparse.Namespace) -> bool:
    boxes = [Box(f"kiosk-{number:04}", 0) for number in range(args.kiosks)]
    site = Site(folder, args.state or str(folder / "centre.db"), boxes, 3, 2)
    agents = [Agent(box, Address(site.urls, box.seed)) for box in boxes]
    with contextlib.ExitStack() as opened:
        opened.callback(site.end)
        site.start()
        asyncio.run(asyncio.wait_for(answered(Address(site.urls, boxes[0].seed), boxes[0].kiosk), STALL_S))
        kills, began_s = _Kills(site, args), time.monotonic()
        since_s, came, rounds = began_s, -1, 0
        with running("agents", lambda: [one.run() for one in agents]):
            while time.monotonic() - since_s < STALL_S:
                time.sleep(_LOOK_S)
                kills.look()
                now, given = sum(one.first() - 1 for one in boxes), rounds * args.round
                if now != came:
                    came, since_s = now, time.monotonic()
                    print(f"{now} of {given * args.kiosks}, {kills.count} kills", file=sys.stderr)
                if any(one.waits for one in boxes):
                    continue
                if given >= args.checks or time.monotonic() - began_s > args.minutes * 60:
                    break
                rounds += 1
                for box in boxes:
                    box.give(min(args.round, args.checks - given))
        seconds = time.monotonic() - began_s
        lost, twice, ordered = compared(site, boxes)
    events = sum(one.given for one in boxes)
    told = {"kiosks": args.kiosks, "events": events, "seconds": round(seconds), "a_second": round(events / seconds)}
    print(json.dumps({**told, "kills": kills.count, "lost": lost, "twice": twice, "in_order": ordered}), flush=True)
    return not lost and not twice and ordered


class _Kills:
    """A server and a centre end as by a power cut, every so often; the server comes back with the next one."""

    def __init__(self, site: Site, args: argparse.Namespace) -> None:
        self.count = 0
        self._site, self._every_s, self._dice = site, args.kill_every, random.Random(args.seed)
        self._next_s, self._down = time.monotonic() + args.kill_every, -1

    def look(self) -> None:
        """Kill when it is time."""
        if time.monotonic() < self._next_s:
            return
        self._next_s, self.count = time.monotonic() + self._every_s, self.count + 1
        if self._down >= 0:
            self._site.servers[self._down].start()
        self._down = self._dice.randrange(len(self._site.servers))
        self._site.servers[self._down].kill()
        number = self._dice.randrange(len(self._site.centres))
        self._site.kill_centre(number)
        self._site.start_centre(number)


if __name__ == "__main__":
    raise SystemExit(main())
