"""Options of the webhook: whom to tell of each check, and what it is signed with."""

from __future__ import annotations

import argparse

from stillscan.errors import InputError
from stillscan.files import read_whole
from stillscan.web.webhook import SHORTEST_SECRET, checked_address

_MOST_SECRET = 4096  # bytes of a file with a secret: what holds more is another file


def webhook_of(args: argparse.Namespace) -> tuple[str | None, bytes]:
    """The address to tell and the secret to sign with. InputError."""
    if args.webhook is None and args.webhook_secret is None:
        return None, b""
    if args.webhook is None or args.webhook_secret is None:
        raise InputError("--webhook and --webhook-secret go together")
    secret = read_whole(args.webhook_secret, _MOST_SECRET).strip()
    if len(secret) < SHORTEST_SECRET:
        raise InputError(f"--webhook-secret: {args.webhook_secret}: {SHORTEST_SECRET} bytes or more are needed")
    return checked_address(args.webhook), secret
