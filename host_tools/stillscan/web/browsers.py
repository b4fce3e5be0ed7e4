"""Which browsers may ask for the clerk's page: bound once by a secret in an address, then known by a cookie.

The address is printed by `run`, or shown to a supervisor for one more browser. Its secret counts once. What the browser
gets for it is a cookie of 256 random bits; here only its digest is kept, in a file beside the keys, so that a
browser stays bound when the program is started anew, and whoever reads the file cannot pass for it. Where the system
tells which account a connection is of, the cookie counts for the account alone that was bound.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from stillscan.records.clock import utc_now
from stillscan.records.errors import RecordsError, of_file
from stillscan.records.files import make_folder
from stillscan.web.seldom import Seldom

FILE = "browsers"
MOST_BROWSERS = 20
"""Bound at one time: an office has a few computers. With one more the one that was bound first is bound no longer."""
PRINTED_S = 86_400.0
"""A printed address counts for a day: who starts a kiosk in the evening opens its page the next morning."""
SHOWN_S = 600.0
"""One that a supervisor has asked for, ten minutes: it is opened at once, on a screen that others may see."""
_MOST_INVITATIONS = 20  # as many as there may be browsers; the oldest counts no longer
_BITS = 256  # of a secret and of a cookie: nobody guesses them
_LINE = re.compile(r"([0-9a-f]{64}) ([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)(?: ([0-9]{1,10}))?")
_LOG = Seldom(__name__)
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class _Bound(NamedTuple):
    since: datetime
    account: int | None


class BoundBrowser(NamedTuple):
    """``name``: the beginning of the digest, for people to tell browsers apart. ``since``: UTC."""

    name: str
    since: datetime


class Browsers:
    """The browsers of one installation. Safe between threads; another program with the same folder is followed."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """``folder``: that of the keys. RecordsError when the file of browsers is damaged or cannot be read."""
        self.file = folder / FILE
        self._clock = clock
        self._lock = threading.Lock()
        self._invitations: dict[str, float] = {}
        self._bound: dict[str, _Bound] = {}
        self._seen: tuple[int, ...] = ()
        self._follow()

    def invite(self, seconds: float = PRINTED_S) -> str:
        """A secret that binds one browser within so many seconds."""
        secret = secrets.token_urlsafe(_BITS // 8)
        with self._lock:
            self._invitations[_digest(secret)] = self._clock() + seconds
            while len(self._invitations) > _MOST_INVITATIONS:
                del self._invitations[next(iter(self._invitations))]
        return secret

    def bind(self, secret: str, account: int | None = None) -> str | None:
        """The cookie of a browser that came with this secret; None when it is used, too old or none of ours.

        ``account``: of this computer, whose browser it is, if that is known.

        RecordsError when it cannot be kept: then the secret counts still.
        """
        with self._lock:
            until_s = self._invitations.get(_digest(secret))
            if until_s is None or self._clock() > until_s:
                return None
            cookie = secrets.token_urlsafe(_BITS // 8)
            self._follow()
            self._keep({**self._bound, _digest(cookie): _Bound(utc_now(), account)})
            del self._invitations[_digest(secret)]
        return cookie

    def bound(self, cookie: str | None, account: Callable[[], int | None] = lambda: None) -> str | None:
        """The digest of a bound browser's cookie; None for any other, and when it comes from another account."""
        if not cookie:
            return None
        with self._lock:
            self._follow()
            found = self._bound.get(digest := _digest(cookie))
        if found is None:
            return None
        if found.account is not None and account() not in (None, found.account):
            _LOG.warning("the cookie of a bound browser came from another account of this computer")
            return None
        return digest

    def all(self) -> list[BoundBrowser]:
        """All that are bound, the first one first."""
        with self._lock:
            self._follow()
            return [BoundBrowser(name_of(digest), one.since) for digest, one in self._bound.items()]

    def revoke(self, name: str) -> list[str]:
        """Bind those of this name no longer; their digests. RecordsError."""
        with self._lock:
            self._follow()
            gone = [digest for digest in self._bound if name_of(digest) == name]
            self._keep({digest: one for digest, one in self._bound.items() if digest not in gone})
        return gone

    def _follow(self) -> None:
        """Read the file if it is another than the one that was read last."""
        try:
            status = os.stat(self.file)
        except FileNotFoundError:
            self._bound, self._seen = {}, ()
            return
        except (OSError, ValueError) as error:
            raise of_file(self.file, error) from None
        seen = (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
        if seen != self._seen:
            self._bound, self._seen = self._read(), seen

    def _read(self) -> dict[str, _Bound]:
        try:
            lines = self.file.read_text(encoding="ascii").splitlines()
        except UnicodeDecodeError:
            lines = [""]
        except (OSError, ValueError) as error:
            raise of_file(self.file, error) from None
        found = [_LINE.fullmatch(line) for line in lines]
        with contextlib.suppress(ValueError):
            return dict(map(_parsed, found))
        raise RecordsError(f"{self.file}: is damaged; remove it, and bind the browsers anew", "notes")

    def _keep(self, bound: dict[str, _Bound]) -> None:
        """Write the file whole, without those that are too many."""
        kept = list(bound.items())[-MOST_BROWSERS:]
        content = "".join(_line(digest, one) for digest, one in kept)
        made = self.file.parent / f".{FILE}.{secrets.token_hex(8)}"
        make_folder(self.file.parent)
        try:
            with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(made, self.file)
        except OSError as error:
            made.unlink(missing_ok=True)
            raise of_file(self.file, error) from None
        self._follow()


def _line(digest: str, one: _Bound) -> str:
    return f"{digest} {one.since.strftime(_TIME)}{'' if one.account is None else f' {one.account}'}\n"


def _parsed(found: re.Match[str] | None) -> tuple[str, _Bound]:
    """ValueError for what was not written here."""
    if found is None:
        raise ValueError
    since = datetime.strptime(found[2], _TIME).replace(tzinfo=UTC)
    return found[1], _Bound(since, None if found[3] is None else int(found[3]))


def name_of(digest: str) -> str:
    """What people call a browser."""
    return digest[:8]


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
