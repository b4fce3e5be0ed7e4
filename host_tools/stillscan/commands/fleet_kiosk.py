"""Releases at a kiosk that runs: what `stillscan run --releases` takes by itself, in the office's quiet hours."""

from __future__ import annotations

import argparse
import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from stillscan.commands.fleet_release import needed, seed
from stillscan.errors import EnvironmentTroubleError, InputError
from stillscan.files import read_whole
from stillscan.link.session import Session
from stillscan.scanning.inspection import set_all
from stillscan.technician.relay import Relay
from stillscan.verify.known import Known, read_list

if TYPE_CHECKING:
    from stillscan.counter.book import Book
    from stillscan.counter.counter import Counter
    from stillscan.fleet.rollout.installing import Installer, Kiosk
    from stillscan.fleet.rollout.release import Kind
    from stillscan.fleet.rollout.rings import Member
    from stillscan.fleet.rollout.taking import Tell

_QUIET = "20:00-06:00"  # of fleet/rollout/quiet.py, which a test holds against it
_MOST_ROOT = 1_000_000  # bytes of a root, as of every role; and of settings that were taken
_KNOWN, _SETTINGS = "known.toml", "settings.toml"
_WHO = "the fleet"  # at the scanner, as a technician who comes meanwhile is told
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
    from stillscan.fleet.rollout.installers import KnownList, ScannerSettings
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
        here.wanted.update(settings_in(read_whole(path, _MOST_ROOT)))


def _set(relay: Relay, values: Mapping[str, int]) -> None:
    """At the scanner, between two customers. DeviceError: not now, or it refuses."""
    with relay.lease(_WHO, _WAIT_S) as lease:
        session = Session(lease)
        session.open()
        there = {name: setting.value for name, setting in session.settings().items()}
        set_all(session, {name: value for name, value in values.items() if there.get(name) != value})


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
    from stillscan.fleet.rollout.client import Client
    from stillscan.fleet.rollout.fetching import source
    from stillscan.fleet.rollout.installing import Kiosk

    root = read_whole(args.releases_root, _MOST_ROOT)
    read_from = source(args.releases, seed(args.releases_seed))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentTroubleError(f"{folder}: cannot be made: {error.strerror}") from None

    def client() -> Client:
        look_at_clock()
        return Client(read_from, folder, root)

    return Kiosk(me, client, installers, folder / "releases.json", may)
