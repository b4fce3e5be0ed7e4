"""The whole on one computer: a server, a centre, and simulated offices whose agents send to it.

What the centre has is counted against the offices' own audit chains, which know nothing of it.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from stillscan.fleet.agent import Agent
from stillscan.fleet.centre import Centre
from stillscan.fleet.connection import Address
from stillscan.fleet.nkey import public_of, seed_of
from stillscan.fleet.offices import Office, drawn
from stillscan.fleet.running import running
from stillscan.fleet.series import judged
from stillscan.fleet.servers import Server, User, local, started
from stillscan.fleet.store import Store
from stillscan.fleet.tables import CHECK, KIOSK
from stillscan.fleet.tallies import counts
from stillscan.records.errors import RecordsError
from stillscan.records.keyring import Keyring
from stillscan.records.public_keys import PublicKeys

_DIRTY_EVERY = 25  # offices, one of which has a dirty glass: 2 of the fifty of a demonstration
_STALL_S = 120.0  # without anything new at the centre: what is not there by then is lost (agents try again at 60 s)
_QUIET_S = 5.0  # without anything new: then it is told what is waited for; a receipt comes within a second
_FIRST_CHECKS = 400  # the planted series shows by then, half a minute after the start
_BETWEEN_S = 0.25  # between customers of a demonstration: something moves on the page all the time
_FULL_S = 5.0  # until a customer whose check was not recorded is served again: a line of the log each
_LOOK_S = 0.2  # between looks whether all is there
Progress = Callable[[str, int, int], None]
"""Told what goes on, how much of it is done, and of how much."""


@dataclass
class Fleet:
    """All that runs: offices, the centre's state, the server."""

    offices: list[Office]
    store: Store
    keyring: Keyring
    """The centre's own: it signs receipts."""
    server: Server
    centre: Centre
    agents: list[Agent]
    check: Callable[[], None]
    """Raises what went wrong in the background."""
    dice: random.Random

    def serve(self, number: int) -> None:
        """One customer at the office whose turn it is."""
        at = number % len(self.offices)
        dirty = at % _DIRTY_EVERY == _DIRTY_EVERY - 1
        self.offices[at].serve(drawn(self.dice, dirty), self.dice)


@contextlib.contextmanager
def fleet(
    folder: Path, offices: int, checks: int, seed: int, progress: Progress, place: str | None = None
) -> Iterator[Fleet]:
    """Everything at work, from entering to leaving. ``checks`` in all can be served; EnvironmentTroubleError."""
    with contextlib.ExitStack() as opened:
        store = Store(place or folder / "centre.db")
        opened.callback(store.close)
        made: list[Office] = []
        for number in range(offices):
            progress("offices", number, offices)
            share = checks // offices + (number < checks % offices)
            made.append(Office(folder / f"office-{number:04}", number + 1, share))
            opened.callback(made[-1].close)
            made[-1].enrol(store)
        keyring = Keyring(folder / "own.keys", "centre")
        nkey, known = seed_of(keyring), PublicKeys.parse(Path("centre.pub"), keyring.public_pem())
        users = [*(one.user for one in made), User(public_of(nkey), None)]
        progress("servers", 0, 1)
        server = opened.enter_context(started(local(folder / "server", users)))
        centre = Centre(store, Address((server.url,), nkey), sign=keyring.sign)
        agents = [
            Agent(one.outbox, Address((server.url,), one.seed), centre=known, sign=one.keyring.sign) for one in made
        ]
        check_centre = opened.enter_context(running("centre", lambda: [centre.run()]))
        check_agents = opened.enter_context(running("agents", lambda: [one.run() for one in agents]))

        def check() -> None:
            check_centre()
            check_agents()

        yield Fleet(made, store, keyring, server, centre, agents, check, random.Random(seed))


def go_on(fleet: Fleet, pause: Callable[[float], None] = time.sleep) -> None:
    """Customers come until somebody stops it: many at first, so that there is something to see."""
    number = 0
    while True:
        fleet.check()
        try:
            fleet.serve(number)
        except RecordsError:  # of a full disk, as the office's log says: its customer waits until there is room
            pause(_FULL_S)
            continue
        number += 1
        pause(_BETWEEN_S if number > _FIRST_CHECKS else 0.0)


def counted(fleet: Fleet, checks: int, progress: Progress) -> dict[str, Any]:
    """Let customers come, wait until the centre has all of it or nothing comes any more, and count."""
    for number in range(checks):
        progress("checks", number, checks)
        fleet.serve(number)
    _wait(fleet, checks, progress)
    found = _against_the_chains(fleet)
    today = date.today()
    with fleet.store.reading() as connection:
        series = judged(counts(connection, today - timedelta(days=2), today + timedelta(days=2), test=True))
    shown = ("issuer", "kind", "expiry_year", "documents", "failed", "flagged")
    listed = [{name: getattr(one, name) for name in shown} for one in series]
    return {"offices": len(fleet.offices), "checks": checks, **found, "series": listed}


def _wait(fleet: Fleet, checks: int, progress: Progress) -> None:
    """Until every outbox was told that all of it is there, or nothing has come for long."""
    waiting, came, since_s = list(fleet.offices), -1, time.monotonic()
    while waiting and time.monotonic() - since_s < _STALL_S:
        fleet.check()
        waiting = [one for one in waiting if one.waits]
        now = fleet.centre.taken
        if now != came:
            came, since_s = now, time.monotonic()
        what = "received" if time.monotonic() - since_s < _QUIET_S else f"received ({_trouble(fleet)})"
        progress(what, min(fleet.store.counted(), checks), checks)
        time.sleep(_LOOK_S)


def _trouble(fleet: Fleet) -> str:
    """What is waited for, in one line."""
    said = [fleet.centre.trouble, *(one.trouble for one in fleet.agents)]
    return next((one for one in said if one), "nothing new comes; kiosks ask the centre again")


def _against_the_chains(fleet: Fleet) -> dict[str, int]:
    """How many checks the centre counts, how many it lacks, and how many it counts more than once."""
    there = {(office.keyring.kiosk, entry) for office in fleet.offices for entry in office.recorded()}
    with fleet.store.reading() as connection:
        rows = [tuple(row) for row in connection.execute(select(CHECK.c.kiosk, CHECK.c.seq))]
        received = int(connection.scalar(select(func.sum(KIOSK.c.checks))) or 0)
    return {"received": received, "lost": len(there - set(rows)), "twice": max(received, len(rows)) - len(set(rows))}
