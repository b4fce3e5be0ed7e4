"""Options that record: visits of a kiosk, and all that goes over the cable; and a port that plays the latter."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from stillscan.commands.parser import whole
from stillscan.errors import InputError, StillscanError
from stillscan.files import refuse_same
from stillscan.link.session import EVERYTHING
from stillscan.link.transport import Transport
from stillscan.recordings.file import read
from stillscan.recordings.link import LinkFile, Player
from stillscan.recordings.visit import KEEP, STREAMS, Recorder, Ring
from stillscan.scanning.service import Display

PLAY = "play:"
_MOST_KEPT = 1000  # visits: a gigabyte at most
Connect = Callable[[], Transport]
World = TypeVar("World")
Kiosk = TypeVar("Kiosk", bound=Transport)


def add_recording(parser: argparse.ArgumentParser) -> None:
    """--record, --record-keep and --record-link."""
    group = parser.add_argument_group("recordings, for support: nothing about people, and no picture of the glass")
    group.add_argument("--record", metavar="DIR", help="keep what the scanner did at the last visits; see 'replay'")
    group.add_argument(
        "--record-keep", type=whole(0, _MOST_KEPT), default=KEEP, metavar="N", help=f"visits; 0: none ({KEEP})"
    )
    add_record_link(group)


def add_record_link(parser: argparse._ActionsContainer) -> None:
    """--record-link."""
    parser.add_argument(
        "--record-link",
        metavar="FILE",
        help="write all that goes over the cable into FILE, without pixels of the glass; --port play:FILE plays it",
    )


@contextmanager
def linked(args: argparse.Namespace, connect: Connect) -> Iterator[Connect]:
    """``connect``, recorded into the file of --record-link if there is one."""
    if args.record_link is None:
        yield connect
        return
    if (args.port or "").startswith(PLAY):
        refuse_same(args.port.removeprefix(PLAY), args.record_link)
    file = LinkFile(args.record_link)
    try:
        yield file.tapped(connect)
    finally:
        file.close()


@contextmanager
def listened(args: argparse.Namespace, switch_on: Callable[[World], Kiosk]) -> Iterator[Callable[[World], Kiosk]]:
    """``switch_on``, its simulated kiosk's cable recorded into the file of --record-link if there is one."""
    if args.record_link is None:
        yield switch_on
        return
    file = LinkFile(args.record_link)

    def on(world: World) -> Kiosk:
        kiosk = switch_on(world)
        file.listen(kiosk)
        return kiosk

    try:
        yield on
    finally:
        file.close()


@contextmanager
def recorded(args: argparse.Namespace, connect: Connect, display: Display) -> Iterator[tuple[Connect, Display]]:
    """Both as they are, or with a recorder of visits beside them."""
    if not _records(args):
        yield connect, display
        return
    from stillscan.commands.display import Both  # which needs a terminal's library, 20 ms of a start

    ring = Ring(Path(args.record), args.record_keep)

    def kept(content: bytes) -> None:
        try:
            ring.add(content)
        except StillscanError as error:
            print(f"stillscan: {error}: this visit is not recorded", file=sys.stderr, flush=True)
            raise

    recorder = Recorder(kept)
    try:
        yield recorder.tapped(connect), Both(recorder, display)
    finally:
        recorder.close()


def streams(args: argparse.Namespace) -> int:
    """What the scanner is to send: a recording has the looks at the sensors that no band tells of, too."""
    wanted: int = STREAMS if _records(args) else EVERYTHING
    return wanted


def _records(args: argparse.Namespace) -> bool:
    return args.record is not None and args.record_keep > 0


def played(port: str | None) -> Connect | None:
    """What opens the connections of --port play:FILE; None for any other port. InputError: it is no recording."""
    if port is None or not port.startswith(PLAY):
        return None
    name = port.removeprefix(PLAY)
    if not name:
        raise InputError("--port play:FILE: name the file of --record-link")
    return Player(name, read(name)).open
