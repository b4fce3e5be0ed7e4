"""``make bench-fleet-split``: the network between three servers is cut, kiosks and a centre on either side, and healed.

Two servers with half of the kiosks and one centre stand on one side, the third server with the rest on the other.
Between servers stand wires of this program; a wire that is cut forwards nothing more and closes nothing, as a network.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import logging
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from bench.fleet_site import STALL_S, Box, Site, answered, compared
from bench.working_folder import working_folder
from stillscan.fleet.agent import Agent
from stillscan.fleet.connection import Address
from stillscan.fleet.running import running
from stillscan.fleet.servers import free_port

_LOOK_S = 0.05
_SERVERS, _ALONE = 3, 2
"""How many servers, and which of them stands alone."""


class Wire:
    """Forwards what comes to a port, while it is not cut."""

    def __init__(self, port: int, to: int) -> None:
        self.cut, self._port, self._to = False, port, to

    async def run(self) -> None:
        """Until cancelled."""
        async with await asyncio.start_server(self._joined, "127.0.0.1", self._port) as server:
            await server.serve_forever()

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await self._whole()
            there, back = await asyncio.open_connection("127.0.0.1", self._to)
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer), return_exceptions=True)
        writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await self._whole()
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()

    async def _whole(self) -> None:
        while self.cut:
            await asyncio.sleep(_LOOK_S)


def main() -> int:
    """Cut and heal; 1 when something is lost, counted twice or out of order, or the larger side stood still."""
    parser = argparse.ArgumentParser(prog="make bench-fleet-split", description=__doc__)
    parser.add_argument("--kiosks", type=int, default=20, metavar="N", help="half of them on either side (20)")
    parser.add_argument("--rate", type=float, default=5.0, metavar="N", help="events of each kiosk in a second (5)")
    parser.add_argument("--whole", type=float, default=10.0, metavar="S", help="before the cut, and after it (10)")
    parser.add_argument("--cut", type=float, default=40.0, metavar="S", help="how long (40)")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)  # what cannot be reached would be told once a kiosk
    with working_folder() as folder:
        return 0 if _split(folder, args) else 1


def _split(folder: Path, args: argparse.Namespace) -> bool:
    boxes = [Box(f"kiosk-{number:04}", 0) for number in range(args.kiosks)]
    sides = {True: boxes[::2], False: boxes[1::2]}  # True: with two of the servers
    ports = {pair: free_port() for pair in itertools.permutations(range(_SERVERS), 2)}
    site = Site(folder, str(folder / "centre.db"), boxes, _SERVERS, 2, ports)
    wires = {pair: Wire(port, site.clusters[pair[1]]) for pair, port in ports.items()}
    urls = {True: tuple(url for n, url in enumerate(site.urls) if n != _ALONE), False: (site.urls[_ALONE],)}
    site.seen = [urls[True], urls[False]]
    agents = [Agent(box, Address(urls[side], box.seed)) for side in sides for box in sides[side]]
    arrived = {}

    def work() -> list[Coroutine[Any, Any, None]]:
        return [one.run() for one in wires.values()]

    with contextlib.ExitStack() as opened:
        opened.enter_context(running("wires", work))
        opened.callback(site.end)
        site.start()
        asyncio.run(asyncio.wait_for(answered(Address(site.urls, boxes[0].seed), boxes[0].kiosk), STALL_S))
        with running("agents", lambda: [one.run() for one in agents]):
            _give(boxes, args.whole, args.rate)
            before = {side: _there(site, sides[side]) for side in sides}
            for pair, wire in wires.items():
                wire.cut = _ALONE in pair
            _give(boxes, args.cut, args.rate)
            arrived = {side: _there(site, sides[side]) - before[side] for side in sides}
            for wire in wires.values():
                wire.cut = False
            healed_s = time.monotonic()
            _give(boxes, args.whole, args.rate)
            while any(one.waits for one in boxes) and time.monotonic() - healed_s < STALL_S:
                time.sleep(_LOOK_S)
            through_s = time.monotonic() - healed_s
        lost, twice, ordered = compared(site, boxes)
    told = {"events": sum(one.given for one in boxes), "cut_s": args.cut, "through_s_after": round(through_s, 1)}
    both = {"arrived_in_the_cut": arrived[True], "of_those_alone": arrived[False]}
    print(json.dumps({**told, **both, "lost": lost, "twice": twice, "in_order": ordered}), flush=True)
    return not lost and not twice and ordered and arrived[True] > arrived[False]


def _give(boxes: list[Box], seconds: float, rate: float) -> None:
    """Events come for so long."""
    began_s = time.monotonic()
    for number in range(int(seconds * rate)):
        time.sleep(max(0.0, began_s + number / rate - time.monotonic()))
        for box in boxes:
            box.give(1)


def _there(site: Site, boxes: list[Box]) -> int:
    return sum(site.store.highest(one.kiosk) or 0 for one in boxes)


if __name__ == "__main__":
    sys.exit(main())
