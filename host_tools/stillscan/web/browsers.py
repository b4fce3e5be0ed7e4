"""Which browsers may ask for the clerk's page: bound once by a secret in an address, then known by a cookie.

The address is printed by `run`, or shown to a supervisor for one more browser. Its secret counts once. What the browser
gets for it is a cookie of 256 random bits; here only its digest is kept, in a file beside the keys, so that a
browser stays bound when the program is started anew, and whoever reads the file cannot pass for it.
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

from stillscan.files import why
from stillscan.records.clock import utc_now
from stillscan.records.errors import RecordsError
from stillscan.records.files import make_folder

FILE = "browsers"
MOST_BROWSERS = 20
"""Bound at one time: an office has a few computers. With one more the one that was bound first is bound no longer."""
PRINTED_S = 86_400.0
"""A printed address counts for a day: who starts a kiosk in the evening opens its page the next morning."""
SHOWN_S = 600.0
"""One that a supervisor has asked for, ten minutes: it is opened at once, on a screen that others may see."""
_MOST_INVITATIONS = 20  # as many as there may be browsers; the oldest counts no longer
_BITS = 256  # of a secret and of a cookie: nobody guesses them
_LINE = re.compile(r"([0-9a-f]{64}) ([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)")
_TIME = "%Y-%m-%dT%H:%M:%SZ"


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
        self._bound: dict[str, datetime] = {}
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

    def bind(self, secret: str) -> str | None:
        """The cookie of a browser that came with this secret; None when it is used, too old or none of ours.

        RecordsError when it cannot be kept: then the secret counts still.
        """
        with self._lock:
            until_s = self._invitations.get(_digest(secret))
            if until_s is None or self._clock() > until_s:
                return None
            cookie = secrets.token_urlsafe(_BITS // 8)
            self._follow()
            self._keep({**self._bound, _digest(cookie): utc_now()})
            del self._invitations[_digest(secret)]
        return cookie

    def bound(self, cookie: str | None) -> str | None:
        """The digest of a bound browser's cookie; None for any other."""
        if not cookie:
            return None
        with self._lock:
            self._follow()
            digest = _digest(cookie)
            return digest if digest in self._bound else None

    def all(self) -> list[BoundBrowser]:
        """All that are bound, the first one first."""
        with self._lock:
            self._follow()
            return [BoundBrowser(name_of(digest), since) for digest, since in self._bound.items()]

    def revoke(self, name: str) -> list[str]:
        """Bind those of this name no longer; their digests. RecordsError."""
        with self._lock:
            self._follow()
            gone = [digest for digest in self._bound if name_of(digest) == name]
            self._keep({digest: since for digest, since in self._bound.items() if digest not in gone})
        return gone

    def _follow(self) -> None:
        """Read the file if it is another than the one that was read last."""
        try:
            status = os.stat(self.file)
        except FileNotFoundError:
            self._bound, self._seen = {}, ()
            return
        except (OSError, ValueError) as error:
            raise RecordsError(f"{self.file}: {why(error)}") from None
        seen = (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
        if seen != self._seen:
            self._bound, self._seen = self._read(), seen

    def _read(self) -> dict[str, datetime]:
        try:
            lines = self.file.read_text(encoding="ascii").splitlines()
        except UnicodeDecodeError:
            lines = [""]
        except (OSError, ValueError) as error:
            raise RecordsError(f"{self.file}: {why(error)}") from None
        found = [_LINE.fullmatch(line) for line in lines]
        with contextlib.suppress(ValueError, TypeError):
            return {one[1]: datetime.strptime(one[2], _TIME).replace(tzinfo=UTC) for one in found}  # type: ignore[index]
        raise RecordsError(f"{self.file}: is damaged; remove it, and bind the browsers anew")

    def _keep(self, bound: dict[str, datetime]) -> None:
        """Write the file whole, without those that are too many."""
        kept = list(bound.items())[-MOST_BROWSERS:]
        content = "".join(f"{digest} {since.strftime(_TIME)}\n" for digest, since in kept)
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
            raise RecordsError(f"{self.file}: {why(error)}") from None
        self._follow()


def name_of(digest: str) -> str:
    """What people call a browser."""
    return digest[:8]


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
