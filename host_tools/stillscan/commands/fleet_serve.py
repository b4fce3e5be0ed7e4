"""``stillscan fleet serve``: a centre, until it is asked to stop."""

from __future__ import annotations

import argparse
import time

from stillscan.commands.fleet_kiosks import add_state, state
from stillscan.commands.parser import whole
from stillscan.commands.records import add_place, keys

PORT = 8766  # beside the clerk's page: nothing depends on it
_MOST_REPLICAS = 5  # of a stream, by NATS
_LOOK_S = 1.0  # between looks whether what works in the background has ended


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
    add_state(parser)
    add_place(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the action out; the exit code."""
    from stillscan.fleet.connection import address, expect_library

    expect_library()
    from stillscan.fleet.centre import Centre
    from stillscan.fleet.nkey import seed_of
    from stillscan.fleet.running import running
    from stillscan.records.text import identifier

    to = address(args.servers, seed_of(keys(args)), args.authority, "--servers")
    with state(args, create=True) as store:
        centre = Centre(store, to, identifier("name", args.name), args.replicas)
        with running("centre", lambda: [centre.run()]) as check:
            print(f"centre {args.name}: takes what comes from {to}; its state: {store}", flush=True)
            while True:
                check()
                time.sleep(_LOOK_S)
