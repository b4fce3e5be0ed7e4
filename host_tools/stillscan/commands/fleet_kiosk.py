"""Releases at a kiosk that runs: what `stillscan run --releases` takes by itself, in the office's quiet hours."""

from __future__ import annotations

import argparse
import contextlib
import functools
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kiosk import wire
from stillscan.boards.build import compiled
from stillscan.boards.versions import Version
from stillscan.commands.fleet_release import needed, seed
from stillscan.errors import DeviceError, EnvironmentTroubleError, InputError
from stillscan.files import read_whole
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError
from stillscan.scanning.inspection import set_all
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.come_up import LIMIT_S
from stillscan.technician.relay import Relay
from stillscan.technician.upload import outcome, start, upload
from stillscan.verify.known import Known, read_list

if TYPE_CHECKING:
    from stillscan.counter.book import Book
    from stillscan.counter.counter import Counter
    from stillscan.fleet.rollout.installing import Installer, Kiosk
    from stillscan.fleet.rollout.release import Kind
    from stillscan.fleet.rollout.rings import Member
    from stillscan.fleet.rollout.taking import Tell

_QUIET = "20:00-06:00"  # of fleet/rollout/quiet.py, which a test holds against it
_MOST_SETTINGS = 1_000_000  # bytes of settings that were taken: all of them take some thousand
_KNOWN, _SETTINGS = "known.toml", "settings.toml"
_WHO = "the fleet"  # at the scanner, as a technician who comes meanwhile is told
_AGAIN_S = 1.0  # between looks whether a version has come up: a board takes about a second
_LOG = logging.getLogger(__name__)
_WAIT_S = 5.0  # for the scanner's parts, which start anew after a check


def add_releases(parser: argparse._ActionsContainer) -> None:
    """Where releases come from, and when they are taken."""
    parser.add_argument(
        "--releases", metavar="PLACE", help="take signed releases from a folder, http(s)://... or tls://server/bucket"
    )
    parser.add_argument("--releases-seed", metavar="FILE", help="with the seed of an NKey that may read there")
    parser.add_argument("--releases-root", metavar="FILE", help="whose releases: 1.root.json of their repository")
    parser.add_argument(
        "--quiet-hours",
        type=_hours,
        default=_QUIET,
        metavar="HH:MM-HH:MM",
        help=f"the office's own time in which a release may be installed ({_QUIET})",
    )


def _hours(text: str) -> str:
    """Of --quiet-hours: told at once when they are none, also where no release is taken."""
    from stillscan.fleet.rollout import quiet

    try:
        return str(quiet.parse(text))
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


class Here(NamedTuple):
    """A kiosk that runs, as far as releases concern it. ``known``: the lists that it has by itself; ``wanted``: in
    which settings its scanner is meant to differ from the defaults; ``idle``: nobody is served at this moment."""

    kiosk: str
    folder: Path
    relay: Relay
    counter: Counter
    book: Book
    known: tuple[Known, ...]
    wanted: dict[str, int]
    idle: Callable[[], bool]


@contextlib.contextmanager
def releases(args: argparse.Namespace, here: Here, tell: Tell = lambda counts, codes: None) -> Iterator[None]:
    """Take releases beside the counter, if --releases is given. InputError, EnvironmentTroubleError: it cannot be."""
    if args.releases is None:
        if args.releases_root is not None:
            raise InputError("--releases-root goes with --releases")
        yield
        return
    from stillscan.fleet.rollout import quiet
    from stillscan.fleet.rollout.installers import Firmware, KnownList, ScannerSettings
    from stillscan.fleet.rollout.release import Kind
    from stillscan.fleet.rollout.rings import Member
    from stillscan.fleet.rollout.taking import taking

    hours = quiet.parse(args.quiet_hours)
    own = dict(here.wanted)
    _know(here, here.folder / _KNOWN)
    _want(here, own, here.folder / _SETTINGS)
    kiosk = kiosk_of(
        args,
        here.folder,
        lambda: Member(here.kiosk, args.office, here.relay.board),
        {
            Kind.KNOWN: KnownList(here.folder / _KNOWN, functools.partial(_know, here)),
            Kind.SETTINGS: ScannerSettings(
                here.folder / _SETTINGS, functools.partial(_set, here.relay), own, functools.partial(_want, here, own)
            ),
            Kind.FIRMWARE: Firmware(
                lambda: here.relay.board,
                lambda version, _: put(here.relay, version),
                lambda: Version.of(compiled(here.relay.board)),
            ),
        },
        lambda: hours.has(datetime.now().astimezone()) and here.idle(),
        here.book.look_at_clock,
    )
    with taking(kiosk, tell):
        yield


def _know(here: Here, path: Path) -> None:
    here.counter.know((*here.known, *(read_list(path) if path.exists() else ())))


def _want(here: Here, own: Mapping[str, int], path: Path) -> None:
    """What is released is meant, too: nobody is told that the scanner differs in it."""
    from stillscan.fleet.rollout.installers import settings_in

    here.wanted.clear()
    here.wanted.update(own)
    if path.exists():
        here.wanted.update(settings_in(read_whole(path, _MOST_SETTINGS)))


def _set(relay: Relay, values: Mapping[str, int]) -> None:
    """At the scanner, between two customers. DeviceError: not now, or it refuses."""
    with _at_scanner(relay) as at:
        there = {name: setting.value for name, setting in at.session.settings().items()}
        set_all(at.session, {name: value for name, value in values.items() if there.get(name) != value})


def put(relay: Relay, version: Version, limit_s: float = LIMIT_S) -> None:
    """A version on the scanner of this kiosk, between two customers, until it has confirmed itself.

    StillscanError: it did not come up, and the one before runs. DeviceError: not now; somebody came.
    """
    with _at_scanner(relay) as at:
        _LOG.info("fleet: the scanner gets the firmware %s", version.build)
        upload(at, version)
        start(at, version)
        with contextlib.suppress(LinkLostError):  # until the kiosk sees that its scanner restarts; nothing is asked
            while True:
                at.poll(1000.0 * _AGAIN_S)
    end_s = time.monotonic() + limit_s
    while True:
        time.sleep(_AGAIN_S)
        try:
            with _at_scanner(relay) as at:
                if outcome(at.session.installed(), version):
                    return
        except DeviceError:
            if time.monotonic() > end_s:
                raise
        if time.monotonic() > end_s:
            raise DeviceError("the scanner neither confirms the new version nor leaves it")


@contextlib.contextmanager
def _at_scanner(relay: Relay) -> Iterator[AtScanner]:
    with relay.lease(_WHO, _WAIT_S) as lease:
        at = AtScanner(Session(lease))
        at.session.open(wire.STREAM_EVENTS)
        yield at


def kiosk_of(
    args: argparse.Namespace,
    folder: Path,
    me: Callable[[], Member],
    installers: Mapping[Kind, Installer],
    may: Callable[[], bool] = lambda: True,
    look_at_clock: Callable[[], None] = lambda: None,
) -> Kiosk:
    """Of what ``add_releases`` was given. InputError: it does not fit; EnvironmentTroubleError: packages are missing,
    or the folder cannot be made."""
    if args.releases_root is None:
        raise InputError("--releases: name whose, by --releases-root: 1.root.json of their repository")
    needed()
    from stillscan.fleet.rollout.client import Client, root_of
    from stillscan.fleet.rollout.fetching import source
    from stillscan.fleet.rollout.installing import Kiosk

    read_from = source(args.releases, seed(args.releases_seed))
    root = root_of(args.releases_root)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentTroubleError(f"{folder}: cannot be made: {error.strerror}") from None

    def client() -> Client:
        look_at_clock()
        return Client(read_from, folder, root)

    return Kiosk(me, client, installers, folder / "releases.json", may)
