"""``make bench-fleet-day``: 3,000 kiosks, three servers and two centres, of which one each is killed every two minutes.

Each kiosk gets its checks in lots, the next when all of its former one are at the centre, until the day's 300 are there
or the time is over: what was given until then is waited for and counted. So it is too when the bench is interrupted.
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
import time
from collections.abc import Sequence
from pathlib import Path

from bench.fleet_site import STALL_S, Box, Site, answered, compared
from bench.working_folder import working_folder
from stillscan.errors import EnvironmentTroubleError
from stillscan.fleet.agent import Agent
from stillscan.fleet.connection import Address
from stillscan.fleet.running import running

_LOOK_S = 0.5
_TELL_S = 10.0  # between lines of progress
_AGENTS_LOOK_S = 3.0
"""Thousands of agents in one program that look twice a second each, as at a kiosk, cost half a core by that alone."""
_A_DAY = 300
"""Checks of a kiosk."""


def main() -> int:
    """Run the day; 1 when something is lost, counted twice or out of order."""
    parser = argparse.ArgumentParser(prog="make bench-fleet-day", description=__doc__)
    parser.add_argument("--kiosks", type=int, default=3000, metavar="N", help="each has a connection (3000)")
    parser.add_argument("--checks", type=int, default=_A_DAY, metavar="N", help=f"of each kiosk ({_A_DAY})")
    parser.add_argument("--lot", type=int, default=20, metavar="N", help="of them given to a kiosk at once (20)")
    parser.add_argument("--minutes", type=float, default=30.0, metavar="M", help="no lot is given after them (30)")
    parser.add_argument("--kill-every", type=float, default=120.0, metavar="S", help="a server and a centre (120)")
    parser.add_argument("--state", metavar="URL", help="PostgreSQL; an SQLite file when left out")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of who is killed (1)")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)  # what is killed would be told once a kiosk
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * args.kiosks + 1000)), hard))
    with working_folder() as folder:
        return 0 if _day(folder, args) else 1


def _day(folder: Path, args: argparse.Namespace) -> bool:
    boxes = [Box(f"kiosk-{number:04}", 0) for number in range(args.kiosks)]
    site = Site(folder, args.state or str(folder / "centre.db"), boxes, 3, 2)
    agents = [Agent(box, Address(site.urls, box.seed), look_s=_AGENTS_LOOK_S) for box in boxes]
    with contextlib.ExitStack() as opened:
        opened.callback(site.end)
        site.start()
        asyncio.run(asyncio.wait_for(answered(Address(site.urls, boxes[0].seed), boxes[0].kiosk), STALL_S))
        kills, began_s = _Kills(site, args), time.monotonic()
        progress = _Progress(args.kiosks * args.checks)
        with running("agents", lambda: [one.run() for one in agents]), contextlib.suppress(KeyboardInterrupt):
            while not progress.stalled:
                time.sleep(_LOOK_S)
                kills.look()
                progress.look(sum(one.first() - 1 for one in boxes), sum(one.given for one in boxes), kills, agents)
                late = time.monotonic() - began_s > args.minutes * 60
                for box in boxes:
                    if not box.waits and not late:
                        box.give(min(args.lot, args.checks - box.given))
                if not any(one.waits for one in boxes):
                    break
        seconds = time.monotonic() - began_s
        lost, twice, ordered = compared(site, boxes)
    events = sum(one.given for one in boxes)
    told = {"kiosks": args.kiosks, "events": events, "seconds": round(seconds), "a_second": round(events / seconds)}
    told |= {"kills": kills.count, "ended_themselves": kills.ended}
    print(json.dumps({**told, "lost": lost, "twice": twice, "in_order": ordered}), flush=True)
    return not lost and not twice and ordered


class _Progress:
    """What is told on standard error now and then, and whether nothing came for long."""

    def __init__(self, all_of_them: int) -> None:
        self.stalled = False
        self._all, self._came = all_of_them, -1
        self._began_s = self._since_s = self._told_s = time.monotonic()

    def look(self, came: int, given: int, kills: _Kills, agents: Sequence[Agent]) -> None:
        """So many are at the centre, and were given."""
        now_s = time.monotonic()
        if came != self._came:
            self._came, self._since_s = came, now_s
        self.stalled = now_s - self._since_s > STALL_S
        if now_s - self._told_s >= _TELL_S or self.stalled or came == self._all:
            self._told_s, seconds = now_s, now_s - self._began_s
            print(
                f"{seconds:.0f} s: {came} of {given} given, of {self._all} in all; {came / seconds:.0f} a second; "
                f"{kills.count} kills; {sum(bool(one.trouble) for one in agents)} kiosks see no server",
                file=sys.stderr, flush=True,
            )  # fmt: skip


class _Kills:
    """A server and a centre end as by a power cut, every so often; the server comes back with the next one."""

    def __init__(self, site: Site, args: argparse.Namespace) -> None:
        self.count = self.ended = 0
        """Kills, and how often a server or a centre ended that nobody killed, and was started again."""
        self._site, self._every_s, self._dice = site, args.kill_every, random.Random(args.seed)
        self._next_s, self._down = time.monotonic() + args.kill_every, -1

    def look(self) -> None:
        """Kill when it is time; start again what ended by itself, as whoever runs servers lets systemd do."""
        for number, centre in enumerate(self._site.centres):
            if centre is not None and centre.poll() is not None:
                self.ended += 1
                self._site.start_centre(number)
        for number, server in enumerate(self._site.servers):
            if number != self._down and server.process is not None and server.process.poll() is not None:
                self.ended += 1
                self._start(number)
        if time.monotonic() < self._next_s:
            return
        self._next_s, self.count = time.monotonic() + self._every_s, self.count + 1
        if self._down >= 0:
            self._start(self._down)
        self._down = self._dice.randrange(len(self._site.servers))
        self._site.servers[self._down].kill()
        number = self._dice.randrange(len(self._site.centres))
        self._site.kill_centre(number)
        self._site.start_centre(number)

    def _start(self, number: int) -> None:
        with contextlib.suppress(EnvironmentTroubleError):  # too slow on a busy computer: it is tried at the next look
            self._site.servers[number].start()


if __name__ == "__main__":
    raise SystemExit(main())
