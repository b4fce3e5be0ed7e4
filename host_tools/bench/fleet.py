"""``make bench-fleet``: events through three servers and two centres that are killed; a week at once; a check's part.

Kiosks are coroutines with the product's agent and outboxes in memory; what they send is signed by keys of their own.
Counted is against the outboxes: what each gave, and what the centre's state has. The time is until all is in the state.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import math
import random
import resource
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from bench.fleet_site import STALL_S, Box, Site, answered, compared
from bench.working_folder import working_folder
from stillscan.fleet.agent import Agent
from stillscan.fleet.connection import Address
from stillscan.fleet.nkey import new_seed
from stillscan.fleet.offices import Office, drawn
from stillscan.fleet.running import running
from stillscan.fleet.servers import Server, free_port

_GOAL_RATE, _GOAL_WEEK_S, _GOAL_CHECK_MS, _GOAL_MB = 3000.0, 60.0, 1.0, 30.0
_PAUSE_S = 0.1
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
    with working_folder() as folder:
        if args.checks:
            good &= _check(folder / "check", args.checks)
        boxes = [Box(f"kiosk-{number:04}", args.events) for number in range(args.kiosks)]
        good &= _chain(folder / "plain", args, boxes, 0.0) if boxes else True
        if args.kill_every and boxes:
            boxes = [Box(f"kiosk-{number:04}", args.events) for number in range(args.kiosks)]
            good &= _chain(folder / "kills", args, boxes, args.kill_every)
        if args.week:
            good &= _chain(folder / "week", args, [Box("kiosk-week", args.week)], 0.0, _GOAL_WEEK_S)
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
        asyncio.run(asyncio.wait_for(answered(first_to, boxes[0].kiosk), STALL_S))
        began_s = kill_s = since_s = time.monotonic()
        kills, came, down, before, there_s = 0, -1, -1, site.worked(), 0.0
        with running("agents", lambda: [one.run() for one in agents]):
            while any(one.waits for one in boxes) and time.monotonic() - since_s < STALL_S:
                time.sleep(_PAUSE_S)
                now_s, now = time.monotonic(), sum(one.first() for one in boxes)
                if now != came:
                    came, since_s = now, now_s
                if not there_s and site.counted() >= events:
                    there_s = time.monotonic()
                if kill_every and now_s - kill_s >= kill_every:
                    kill_s, kills = now_s, kills + 1
                    if down >= 0:
                        site.servers[down].start()
                    down = dice.randrange(len(site.servers))
                    site.servers[down].kill()
                    number = dice.randrange(len(site.centres))
                    site.kill_centre(number)
                    site.start_centre(number)
            receipts_s = max(one.done_s or time.monotonic() for one in boxes) - began_s
            worked = before if kills else site.worked()  # of what was killed nobody knows
        lost, twice, ordered = compared(site, boxes)
    seconds = min(receipts_s, (there_s or math.inf) - began_s)  # kiosks ask for receipts now and then only
    rate = events / seconds
    told: dict[str, object] = {
        "kiosks": len(boxes),
        "events": events,
        "seconds": round(seconds, 1),
        "a_second": round(rate),
        "receipts_after_s": round(receipts_s, 1),
        "kills": kills,
    }
    if not kills:
        told["core_us_an_event"] = {who: round((worked[who] - before[who]) / events * 1e6) for who in worked}
    print(json.dumps({**told, "lost": lost, "twice": twice, "in_order": ordered}), flush=True)
    fast = seconds <= most_s if most_s else kill_every > 0 or rate >= _GOAL_RATE
    return not lost and not twice and ordered and fast


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
