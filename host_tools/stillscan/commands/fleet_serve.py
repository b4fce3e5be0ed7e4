"""``stillscan fleet serve``: a centre, until it is asked to stop."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from stillscan.commands.fleet_kiosks import add_state, state
from stillscan.commands.fleet_release import add_online, publisher
from stillscan.commands.fleet_rollout import look_at
from stillscan.commands.parser import whole
from stillscan.commands.records import add_place, keys, records
from stillscan.commands.webhook import webhook_of
from stillscan.errors import InputError, StillscanError
from stillscan.files import read_whole
from stillscan.guidance import languages
from stillscan.terminal.streams import go_on_without

if TYPE_CHECKING:
    from stillscan.fleet.centre import Centre
    from stillscan.fleet.rollout.conducting import Conductor, Publish
    from stillscan.fleet.watching import Tell

PORT = 8766  # beside the clerk's page: nothing depends on it
_MOST_ADDRESS = 4096  # bytes of a file with an address: what holds more is another file
_MOST_REPLICAS = 5  # of a stream, by NATS
CONDUCT_S = 60.0  # between looks at roll-outs: kiosks ask every ten minutes
_log = logging.getLogger(__name__)
_LOOK_S = 1.0  # between looks whether what works in the background has ended
_FIRST_AGAIN_S, _LONGEST_AGAIN_S = 60.0, 3600.0
"""Between two lines about what is waited for: whoever starts it sees that it lives, a month makes no long journal."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the action."""
    parser = subparsers.add_parser(
        "serve",
        help="a centre: takes what kiosks send, and serves its page and API",
        description="Takes events from NATS JetStream, verifies and keeps them. Start as many copies as you like with "
        "one --state and one --name: each event counts once. Exit code 4: another centre has this name.",
    )
    parser.add_argument("--servers", required=True, metavar="URL", help="tls://HOST:4222, more parted by commas")
    parser.add_argument("--authority", metavar="FILE", help="certificate of who signed the servers'")
    parser.add_argument("--name", default="centre", metavar="NAME", help="the same for all copies (centre)")
    parser.add_argument(
        "--replicas",
        type=whole(1, _MOST_REPLICAS),
        default=1,
        metavar="N",
        help="servers that each event lies on, when the stream is made (1; three servers: 3)",
    )
    parser.add_argument("--page", type=whole(0, 65535), default=PORT, metavar="PORT", help=f"on 127.0.0.1 ({PORT})")
    parser.add_argument(
        "--webhook", metavar="URL", help="tell this address of each alert that begins or ends, signed as at a kiosk"
    )
    parser.add_argument(
        "--webhook-secret", metavar="FILE", help="what --webhook signs with: a file with 24 bytes or more"
    )
    parser.add_argument(
        "--mail-server",
        metavar="FILE",
        help="tell people by mail: a file with smtps://NAME:PASSWORD@HOST, which nobody else may read",
    )
    parser.add_argument("--mail-from", metavar="ADDRESS", help="of these mails")
    parser.add_argument(
        "--mail-to", metavar="ADDRESS", action="append", default=[], help="who gets them; may be repeated"
    )
    parser.add_argument("--language", default="nb", choices=languages(), help="of page and mails (default: nb)")
    releases = parser.add_argument_group(
        "roll-outs: open the next ring, stop by itself, publish what kiosks are to do (as 'fleet rollout conduct')"
    )
    releases.add_argument("--conduct", metavar="REPOSITORY", help="folder with the releases")
    add_online(releases)
    add_state(parser)
    add_place(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the action out; the exit code."""
    from stillscan.fleet.connection import address, expect_library

    expect_library()
    from stillscan.fleet.centre import Centre
    from stillscan.fleet.nkey import seed_of
    from stillscan.fleet.rollout.conducting import Conductor
    from stillscan.fleet.running import running
    from stillscan.fleet.serving import serving
    from stillscan.records.text import identifier

    tellers, publish = _tellers(args), _publisher(args)
    to = address(args.servers, seed_of(keys(args)), args.authority, "--servers")
    go_on_without()
    with (
        records(args, make="always") as (database, keyring),
        state(args, create=True) as store,
    ):
        centre = Centre(store, to, identifier("name", args.name), args.replicas, sign=keyring.sign)
        look = looks(Conductor(store, publish)) if publish else None
        with (
            serving(
                store, database, keyring, args.page, args.language, tellers=tellers, trouble=lambda: centre.trouble
            ) as page,
            running("centre", lambda: [centre.run()]) as check,
        ):
            print(f"centre {args.name}: takes what comes from {to}; its state: {store}", flush=True)
            print(f"the centre's page is at {page.address()} (for one browser, once)", flush=True)
            waits = waiting(centre)
            while True:
                time.sleep(_LOOK_S)
                check()
                waits()
                if look is not None:
                    look()


def _tell(text: str) -> None:
    print(f"stillscan: {text}", file=sys.stderr, flush=True)


def waiting(
    centre: Centre, tell: Callable[[str], None] = _tell, clock: Callable[[], float] = time.monotonic
) -> Callable[[], None]:
    """Says what the centre waits for: at once, then ever more seldom, and when it goes on."""
    next_s, pause_s, told = clock(), _FIRST_AGAIN_S, False

    def look() -> None:
        nonlocal next_s, pause_s, told
        if centre.ready.is_set() and not centre.trouble:
            if told:
                tell("all is well again: events are taken")
            next_s, pause_s, told = clock(), _FIRST_AGAIN_S, False
        elif clock() >= next_s:
            tell(f"{centre.trouble or f'{centre.to}: no answer yet'}; it is tried again until that is mended")
            next_s, pause_s, told = clock() + pause_s, min(2 * pause_s, _LONGEST_AGAIN_S), True

    return look


def looks(conductor: Conductor, clock: Callable[[], float] = time.monotonic) -> Callable[[], None]:
    """Looks at all roll-outs when it is time for that; what is in the way is told once, and tried again."""
    next_s, told = clock(), ""

    def look() -> None:
        nonlocal next_s, told
        if clock() < next_s:
            return
        trouble = ""
        try:
            look_at(conductor)
        except StillscanError as error:
            trouble = str(error)
        if trouble != told:
            _log.warning("fleet: roll-outs: %s", f"{trouble}; it is tried again" if trouble else "all is well again")
        told, next_s = trouble, clock() + CONDUCT_S

    return look


def _publisher(args: argparse.Namespace) -> Publish | None:
    """Who publishes orders. InputError: not all that it takes was given."""
    if args.conduct is None:
        if args.online or args.rollouts or args.to:
            raise InputError("--online, --rollouts and --to go with --conduct")
        return None
    if not args.online or not args.rollouts:
        raise InputError("--conduct: name the keys to sign with, by --online and --rollouts")
    return publisher(args, args.conduct)


def _tellers(args: argparse.Namespace) -> list[Tell]:
    """Who is told of alerts. InputError."""
    from stillscan.fleet.telling import MailServer, by_mail, by_webhook, mailer
    from stillscan.web.webhook import poster

    url, secret = webhook_of(args)
    found = [] if url is None else [by_webhook(secret, poster(url))]
    mail = (args.mail_server, args.mail_from, args.mail_to)
    if any(mail):
        if not all(mail):
            raise InputError("--mail-server, --mail-from and --mail-to go together")
        server = MailServer.parse(read_whole(args.mail_server, _MOST_ADDRESS).decode("utf-8", "replace").strip())
        found.append(by_mail(args.mail_from, args.mail_to, mailer(server), args.language))
    return found
