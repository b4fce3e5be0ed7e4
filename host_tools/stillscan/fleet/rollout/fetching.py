"""Where a kiosk reads the repository: a folder, an HTTP folder, or an object store of NATS JetStream.

Nothing here trusts what it reads. It only sees to it that nothing is longer, slower or later than it may be; signatures
are verified by `client.py`.
"""

from __future__ import annotations

import asyncio
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from io import BufferedIOBase
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from urllib.parse import SplitResult, urljoin, urlsplit

from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError, SlowRetrievalError
from tuf.api.metadata import Metadata, Signed
from tuf.api.serialization import DeserializationError
from tuf.ngclient import FetcherInterface

from stillscan.errors import InputError, one_line
from stillscan.files import opened
from stillscan.fleet.connection import Address, address, connected
from stillscan.fleet.rollout.roles import CLOCKS, ROLLOUTS, SNAPSHOT, TIMESTAMP, VALID

PREFIX = "repository:/"
"""What names in the repository begin with on their way through the library."""
_CHUNK = 65536  # bytes at a time: a release of a board is read in a handful of them
_SILENCE_S = 20.0  # without a byte: a mobile line in a valley takes ten
_LONGEST_S = 300.0  # of one file: 400 kB over the slowest line that carries a kiosk's events take half of it
_NAME = "releases"  # of the connection, as the server's monitor shows it
_MOST_SHOWN = 200  # letters of an address that is none
ABSENT = 404  # as HTTP says it; TUF asks for the next root until there is none


class Source(Protocol):
    """Where files are read by name."""

    def chunks(self, name: str) -> Iterator[bytes]:
        """The content of ``metadata/...`` or ``targets/...``. DownloadHTTPError 404: there is none; OSError."""
        ...


class FolderSource:
    """A folder on this computer, or on a disk that was brought."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def chunks(self, name: str) -> Iterator[bytes]:
        """See Source."""
        if ".." in PurePosixPath(name).parts:
            raise DownloadError(f"{name}: leads out of the repository")
        try:
            with opened(self._folder / name) as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except FileNotFoundError:
            if not self._folder.is_dir():  # as on a disk that is not plugged in
                raise DownloadError(f"{self._folder}: no such folder") from None
            raise DownloadHTTPError(f"{name}: is not there", ABSENT) from None


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a web server to another one and nowhere else, and from https to no place that anybody could speak for."""

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        """As the library has it, for all kinds of redirects."""
        place = headers.get("location") or headers.get("uri") or ""
        scheme = urlsplit(urljoin(req.full_url, place)).scheme
        if scheme not in ("http", "https") or (req.type, scheme) == ("https", "http"):
            fp.close()
            raise DownloadError(f"the server sends on from {req.type}: to {one_line(scheme)[:_MOST_SHOWN]}:, refused")
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


class HttpSource:
    """A folder that a web server hands out. Proxies as the environment names them."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._open = urllib.request.build_opener(_Redirects).open

    def chunks(self, name: str) -> Iterator[bytes]:
        """See Source."""
        try:
            with self._open(f"{self._url}/{name}", timeout=_SILENCE_S) as answer:
                while chunk := answer.read1(_CHUNK):
                    yield chunk
                if answer.length:  # of a line that was cut: read1 does not mind
                    raise DownloadError(f"{name}: ended {answer.length} bytes too early")
        except urllib.error.HTTPError as error:
            error.close()
            raise DownloadHTTPError(f"{name}: the server answers with {error.code}", error.code) from None


class ObjectStoreSource:
    """A bucket of the object store."""

    def __init__(self, to: Address, bucket: str) -> None:
        self._to, self._bucket = to, bucket

    def chunks(self, name: str) -> Iterator[bytes]:
        """See Source. The whole object at once, and no more than any file of a repository has."""
        yield asyncio.run(asyncio.wait_for(self._get(name), _LONGEST_S))

    async def _get(self, name: str) -> bytes:
        from nats.js.errors import NotFoundError

        async with connected(self._to, _NAME) as client:
            try:
                store = await client.jetstream().object_store(self._bucket)
                sink = _Sink()
                await store.get(name, writeinto=sink)
            except NotFoundError:
                raise DownloadHTTPError(f"{name}: is not there", ABSENT) from None
        return bytes(sink.content)


class _Sink(BufferedIOBase):
    """Takes what an object store sends, and no more than any file of a repository has."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, data: Any) -> int:
        self.content += data
        if len(self.content) > _MOST_OBJECT:
            raise DownloadError("the object store sends more than any release has")
        return len(data)


_MOST_OBJECT = 8_000_000
"""Bytes: twice the longest release."""


def source(place: str, seed: str | None = None) -> Source:
    """By what a user named: a folder, http(s)://..., or tls://server/bucket with an NKey's seed. InputError."""
    parts = _parted(place)
    if parts.scheme in ("http", "https"):
        return HttpSource(place)
    if parts.scheme in ("nats", "tls"):
        return ObjectStoreSource(*bucket_of(place, seed))
    if parts.scheme and len(parts.scheme) > 1:  # one letter: a drive
        raise InputError(f"{place}: a folder, http://, https:// or tls://server/bucket is wanted")
    folder = Path(place)
    inner = folder / "public"
    return FolderSource(inner if inner.is_dir() else folder)


def _parted(place: str) -> SplitResult:
    """InputError for what no server could be asked for."""
    try:
        parts = urlsplit(place)
        web = parts.scheme in ("http", "https")
        nobody = web and (not parts.hostname or parts.port == 0 or parts.username or parts.password)
    except ValueError:  # of brackets and ports
        nobody = web = True
    if nobody or (web and not re.fullmatch(r"[!-~]+", place)):
        shown = one_line(place)[:_MOST_SHOWN]
        raise InputError(f"{shown}: is no address; https://HOST/FOLDER is wanted, without name and password")
    return parts


def bucket_of(place: str, seed: str | None) -> tuple[Address, str]:
    """Server and bucket of tls://server/bucket (nats:// on this computer). InputError."""
    parts = urlsplit(place)
    bucket = parts.path.strip("/")
    if parts.scheme not in ("nats", "tls") or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", bucket):
        raise InputError(f"{place}: tls://server/bucket is wanted, or nats://127.0.0.1/bucket")
    return address(f"{parts.scheme}://{parts.netloc}", seed, option=place), bucket


class Fetcher(FetcherInterface):
    """Reads from a source within limits of time; of online roles nothing that claims to hold too long."""

    def __init__(
        self, source: Source, now: Callable[[], datetime], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._source, self._now, self._clock = source, now, clock

    def _fetch(self, url: str) -> Iterator[bytes]:
        end = self._clock() + _LONGEST_S
        try:
            for chunk in self._source.chunks(url.removeprefix(PREFIX).lstrip("/")):
                if self._clock() > end:
                    raise SlowRetrievalError(f"{url}: takes longer than {_LONGEST_S:.0f} s")
                yield chunk
        except DownloadError:
            raise
        except Exception as error:  # whatever a network or a disk does: nothing was downloaded
            raise DownloadError(f"{url.removeprefix(PREFIX)}: {type(error).__name__}: {error}") from None

    def download_bytes(self, url: str, max_length: int) -> bytes:
        """As the library has it, and what an online role claims is held against the clock before it counts."""
        content = super().download_bytes(url, max_length)
        role = url.rsplit("/", 1)[-1].removesuffix(".json").rsplit(".", 1)[-1]
        try:
            signed = Metadata.from_bytes(content).signed
        except (DeserializationError, RepositoryError, RecursionError):
            raise RepositoryError(f"{role}: is no metadata; does something else answer in place of it?") from None
        if role in (TIMESTAMP, SNAPSHOT, ROLLOUTS):
            self._refuse_far(role, signed)
        return content

    def _refuse_far(self, role: str, signed: Signed) -> None:
        latest = self._now() + CLOCKS
        if signed.expires > latest + VALID[role]:
            raise RepositoryError(f"{role}: claims to count for longer than {VALID[role].days} day")
        if signed.version > latest.timestamp():
            raise RepositoryError(f"{role}: its number is from the future")
