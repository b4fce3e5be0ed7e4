"""``stillscan run --fleet``: what this kiosk tells a centre, beside everything else that it does."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillscan.commands.display import Both
from stillscan.errors import InputError, StillscanError
from stillscan.files import read_whole
from stillscan.records.clock import utc_now
from stillscan.records.database import Database
from stillscan.records.errors import RecordsError
from stillscan.records.keyring import Keyring
from stillscan.records.release import Beside
from stillscan.scanning.service import Display

if TYPE_CHECKING:
    from pydantic import BaseModel

    from stillscan.counter.counter import Counter
    from stillscan.fleet.connection import Address
    from stillscan.fleet.events import Kind
    from stillscan.records.public_keys import PublicKeys
    from stillscan.technician.room import Job

_MOST_KEY = 65_536  # bytes of a file of public keys: some 500 of them
_FIRST_S = 60.0  # after the start: by then the scanner has said what it is
_EVERY_S = 3600.0  # an hour is the finest time that leaves a kiosk
_log = logging.getLogger(__name__)


def add_fleet(group: argparse._ActionsContainer) -> None:
    """--fleet and what goes with it."""
    group.add_argument(
        "--fleet",
        metavar="URL",
        help="tell a centre at these NATS servers (tls://HOST:4222, more parted by commas) of each check, without "
        "anything personal; off when left out",
    )
    group.add_argument(
        "--fleet-authority", metavar="FILE", help="certificate of who signed the servers' (default: this computer's)"
    )
    group.add_argument(
        "--fleet-centre",
        metavar="FILE",
        help="the centre's public key ('stillscan audit key' with its --keys and --kiosk): only what it has signed "
        "itself counts as a receipt, whatever the servers pass on",
    )


def without_page(args: argparse.Namespace) -> bool:
    """Whether ``stillscan run`` judges documents alone, in the terminal."""
    return bool(args.once or args.no_page or args.recipient or args.save_strip or args.save_screen)


def expect_usable(args: argparse.Namespace) -> None:
    """InputError for an address that cannot be used, or options that do not go together: before anything starts."""
    if args.fleet is None:
        for option in ("authority", "centre"):
            if getattr(args, f"fleet_{option}") is not None:
                raise InputError(f"--fleet-{option} goes with --fleet")
        return
    if without_page(args):
        raise InputError("--fleet goes with the clerk's page: without it no check is recorded")
    from stillscan.fleet.connection import address, expect_library

    expect_library()
    address(args.fleet, authority=args.fleet_authority)
    _key(args.fleet_centre)


def _key(path: str | None) -> PublicKeys | None:
    """The centre's. InputError."""
    if path is None:
        return None
    from stillscan.records.public_keys import PublicKeys

    try:
        return PublicKeys.parse(Path(path), read_whole(path, _MOST_KEY))
    except RecordsError:
        raise InputError(f"{path}: is no public key: 'stillscan audit key' prints it at the centre") from None


class NoCentre:
    """A kiosk that tells no centre anything."""

    beside: Beside | None = None

    def shown(self, display: Display) -> Display:
        """See ToCentre."""
        return display

    def sending(self, counter: Counter) -> contextlib.AbstractContextManager[None]:
        """See ToCentre."""
        return contextlib.nullcontext()

    def looked(self, job: Job) -> None:
        """See ToCentre."""

    def has(self, counts: Mapping[str, int], codes: Mapping[str, str]) -> None:
        """See ToCentre."""


def centre_of(args: argparse.Namespace, database: Database, keyring: Keyring) -> NoCentre:
    """What tells the centre that the arguments name, or nobody. RecordsError, InputError."""
    return NoCentre() if args.fleet is None else ToCentre(args, database, keyring)


class ToCentre(NoCentre):
    """The outbox of this kiosk, what fills it, and the agent that empties it."""

    def __init__(self, args: argparse.Namespace, database: Database, keyring: Keyring) -> None:
        """RecordsError, InputError."""
        from stillscan.fleet.checks import Telling
        from stillscan.fleet.connection import address
        from stillscan.fleet.nkey import seed_of
        from stillscan.fleet.outbox import Outbox

        self._database, self._sign = database, keyring.sign
        self._outbox = Outbox(database, keyring, args.office)
        self._to: Address = address(args.fleet, seed_of(keyring), args.fleet_authority)
        self._key = _key(args.fleet_centre)
        self._counter: Counter | None = None
        self._telling = Telling(self._outbox, lambda: self._counter and self._counter.visit)
        self.beside = self._telling.beside
        """Written in the transaction of a check."""

    def shown(self, display: Display) -> Display:
        """A display of the scanner's service in front of another: it counts what goes by."""
        return Both(self._telling, display)

    @contextlib.contextmanager
    def sending(self, counter: Counter) -> Iterator[None]:
        """An agent at work from entering to leaving."""
        from stillscan.fleet.agent import Agent
        from stillscan.fleet.running import running

        self._counter = counter
        agent = Agent(self._outbox, self._to, centre=self._key, sign=self._sign)
        with running("fleet", lambda: [agent.run(), self._hourly()]):
            yield

    def looked(self, job: Job) -> None:
        """A technician's task, or the daily look at the glass, came to a result."""
        from stillscan.fleet.events import CountsData
        from stillscan.technician.dirt import HURTS

        found: dict[str, Any] = job.result or {}
        if job.name == "look":
            hurting = sum(spot["hurts"] >= HURTS for spot in found["spots"])
            self._tell("dirt", CountsData(counts={"spots": len(found["spots"]), "hurts": hurting}))
        elif job.name == "test":
            weak = {one["part"] for one in found["parts"] if not one["ok"]}
            codes = {one["part"]: "weak" if one["part"] in weak else "sound" for one in found["parts"]}
            self._tell("calibration", CountsData(codes=codes))
        else:
            self._tell("service", CountsData(codes={"task": job.name}))

    def has(self, counts: Mapping[str, int], codes: Mapping[str, str]) -> None:
        """Which releases are here, and what is wrong with those that are offered."""
        from stillscan.fleet.events import CountsData

        self._tell("versions", CountsData(counts=dict(counts), codes=dict(codes)))

    def _tell(self, kind: Kind, data: BaseModel) -> None:
        """What the centre is not told stops nothing here."""
        from stillscan.fleet.events import EventError

        try:
            self._outbox.tell(kind, utc_now(), data)
        except (StillscanError, EventError) as error:
            _log.error("fleet: %s was not told: %s", kind, error)

    async def _hourly(self) -> None:
        """How the scanner does, and where the audit chain ends."""
        await asyncio.sleep(_FIRST_S)
        while True:
            await asyncio.to_thread(self._health_and_head)
            await asyncio.sleep(_EVERY_S)

    def _health_and_head(self) -> None:
        from stillscan.fleet.events import HeadData
        from stillscan.records.audit import head_of

        self._tell("health", self._telling.health())
        with contextlib.suppress(StillscanError), self._database.reading() as connection:
            head = head_of(connection)
        if head is not None and head.seq:
            self._tell("head", HeadData(seq=head.seq, digest=head.digest))
