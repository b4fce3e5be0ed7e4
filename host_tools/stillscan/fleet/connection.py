"""A connection to NATS: where, as whom, and every failure as one line. The library is the extra `fleet`'s."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from stillscan.errors import EnvironmentTroubleError, InputError, MissingPackagesError, one_line
from stillscan.files import read_whole

if TYPE_CHECKING:
    from nats.aio.client import Client

PORT = 4222  # NATS' own
_CONNECT_S = 5.0  # a server answers in some 10 ms; one behind a slow line in less than this
PATIENCE_S = 2 * _CONNECT_S
"""For signing in, at both ends. A server's own 2 s let nobody in over a line that takes 0.6 s each way (TLS); over one
that takes 1 s, 3 s did not, and 5 s did."""
_TELL_S = 8.0  # of waiting until whoever waits is told so: nobody waits for ten seconds without a word
_AT_ONCE = 50
"""Connections that one program begins at a time: `fleet up` and benches hold thousands, and of 1,000 begun together 748
did not get to answer within the server's time, on a computer that was busy; of 400 none."""
_LOCAL = {"127.0.0.1", "localhost", "::1"}
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 4.0, 60.0
"""A server that restarts is back in 2 s, and a handshake costs it 1 to 2.6 ms of a core: 1,500 kiosks that lost one of
three together come back to each of the others within these 4 s. A line that is back is used within a minute."""
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
_FULL = (10023, 10047, 10077)  # NATS' numbers: no room in its JetStream, on its disk, or in the stream
_STUCK = ("operation not permitted", "permission denied", "read-only file system", "input/output error")
"""What a server says of a disk that it cannot write to, under the number of a stream that is full."""
_MOST_AUTHORITY = 1_000_000  # bytes: all that browsers trust take 200,000
_STUMBLES = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What the library raises over bytes that no server sends; a certificate's error is a ValueError, and told before."""
_STRANGE = "what answers there speaks as no NATS server does"
_MOST_SAID = 200  # letters of what a server says
_REFUSAL = re.compile(r"nats: '(.+)'", re.DOTALL)  # as the library tells of the server's -ERR


class NatsError(EnvironmentTroubleError):
    """The server cannot be used now, and why: exit code 4 where somebody waits for it."""


@dataclass(frozen=True)
class Address:
    """Where the servers are, and as whom they are spoken to. ``seed`` is an NKey's; nothing of it is ever shown."""

    urls: tuple[str, ...]
    seed: str | None = field(default=None, repr=False)
    authority: str | None = None
    """File with the certificate of who signed the servers'; None: the authorities of this computer."""

    def __str__(self) -> str:
        return ", ".join(self.urls)


def address(given: str, seed: str | None = None, authority: str | None = None, option: str = "--fleet") -> Address:
    """Servers by URL, parted by commas: tls://HOST:PORT, or nats://127.0.0.1:PORT. InputError."""
    urls = tuple(url.strip() for url in given.split(",") if url.strip())
    if not urls:
        raise InputError(f"{option}: name a server: tls://HOST:{PORT}")
    for url in urls:
        try:
            parts = urlsplit(url)
            known = parts.scheme in ("nats", "tls") and parts.hostname and (parts.port or PORT)
        except ValueError:
            known = False
        if not known or parts.username or parts.password or parts.path not in ("", "/"):
            raise InputError(f"{option}: a server is named as tls://HOST:{PORT}, without name and password")
        if parts.scheme == "nats" and parts.hostname not in _LOCAL:
            raise InputError(f"{option}: tls:// for another computer: what is told would be readable on the way")
    if authority is not None:
        _trusting(authority)  # what cannot be used is told now, and not tried again for ever
    return Address(urls, seed, authority)


def expect_library() -> None:
    """MissingPackagesError where the extra is not installed."""
    try:
        import nats  # noqa: F401
    except ImportError:
        raise MissingPackagesError("many kiosks need more", "fleet") from None


@contextlib.asynccontextmanager
async def connected(to: Address, name: str, waits: Callable[[str], None] = lambda why: None) -> AsyncIterator[Client]:
    """A connection to one of the servers, closed at the end. NatsError; what fails later is the library's own error.

    NatsError: none of them lets us in; why is told of the last that was tried. ``waits`` is told when that takes long:
    each of three servers may be waited for by itself.
    """
    with telling(waits, f"{to}: no server has let us in yet; it is being tried"):
        client = await _any(to, name)
    try:
        yield client
    finally:
        await _closed(client)


@contextlib.contextmanager
def telling(waits: Callable[[str], None], what: str) -> Iterator[None]:
    """Tells ``what`` is waited for, when it takes long from entering to leaving."""
    later = asyncio.get_running_loop().call_later(_TELL_S, waits, what)
    try:
        yield
    finally:
        later.cancel()


@contextlib.contextmanager
def understood(to: Address) -> Iterator[None]:
    """Around what a server is asked by a connection. NatsError for an answer that the library stumbles over."""
    try:
        yield
    except _STUMBLES:
        raise NatsError(f"{to}: {_STRANGE}") from None


async def _any(to: Address, name: str) -> Client:
    """A connection to the first that lets us in. NatsError."""
    *others, last = random.sample(to.urls, len(to.urls))
    for url in others:
        with contextlib.suppress(NatsError):
            return await _in_turn(to, url, name)
    return await _in_turn(to, last, name)


async def _in_turn(to: Address, url: str, name: str) -> Client:
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE)):
        return await _one(to, url, name)


async def _one(to: Address, url: str, name: str) -> Client:
    """A connection to this server. NatsError."""
    from nats.aio.client import Client
    from nats.errors import NoServersError

    last: Exception | None = None

    async def note(error: Exception) -> None:
        """Why a try failed; the library would print a traceback to stderr, and raise that there are no servers."""
        nonlocal last
        last = last if isinstance(error, NoServersError) else error

    client, extra = Client(), {"tls": _trusting(to.authority)} if url.startswith("tls:") else {}
    connecting = client.connect(
        url,
        name=name,
        allow_reconnect=False,  # whoever works by a connection begins anew by itself, and knows that it did
        max_reconnect_attempts=1,  # else a server that refuses is tried 60 times, 2 s apart, before anything is told
        reconnect_time_wait=0,
        connect_timeout=_CONNECT_S,  # type: ignore[arg-type]
        nkeys_seed_str=to.seed,
        inbox_prefix=inbox_of(name),
        error_cb=note,
        **extra,  # type: ignore[arg-type]
    )
    try:
        await asyncio.wait_for(connecting, PATIENCE_S)
    except Exception as error:  # the library reads whatever answers there, and stumbles over it in any way
        why = _why(last or error)  # before it is closed: a server that refuses may reset it, and that is no news
        await _closed(client)  # the library would leave open a connection that was not let in
        raise NatsError(f"{to}: {why}") from None
    except BaseException:
        await _closed(client)
        raise
    return client


async def _closed(client: Client) -> None:
    with contextlib.suppress(Exception):  # what is gone cannot be closed any better
        await client.close()


def reason(error: Exception) -> str:
    """Why a connection that was there is of no use, in plain words, for whoever runs servers and centres."""
    from nats.errors import ConnectionClosedError, MaxPayloadError, NoRespondersError, StaleConnectionError
    from nats.js.errors import APIError, NoStreamResponseError, ServiceUnavailableError

    match error:
        case APIError(description=str(said)) if said.lower().endswith(_STUCK):
            return f"the server cannot write to its disk, and says: {one_line(said)[:_MOST_SAID]}"
        case APIError(err_code=code) if code in _FULL:
            return "the server is full: it takes nothing until its JetStream gets more room"
        case APIError(description=str(said)) if said:
            return f"the server says: {one_line(said)[:_MOST_SAID]}"
        case ServiceUnavailableError():
            return "the server has no JetStream, or does not come to an agreement with the others now"
        case NoStreamResponseError() | NoRespondersError():
            return "the server keeps no events yet: no centre ('stillscan fleet serve') has been there"
        case MaxPayloadError():
            return "the server takes no message of this size: its max_payload is to be 131072"
        case TimeoutError():
            return "the server does not answer (one whose disk was full does so until it is ended and started again)"
        case ConnectionClosedError() | StaleConnectionError() | OSError():
            return "the connection was lost"
    return f"the server cannot be used: {type(error).__name__}"


def inbox_of(name: str) -> str:
    """Where answers for a kiosk or centre go: nobody else may listen there."""
    return f"_INBOX.{name.replace('.', ':')}"


def pause_s(attempt: int) -> float:
    """How long to wait before the next attempt, drawn so that thousands of kiosks do not come back at once."""
    return random.random() * min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(attempt, 10))


def _trusting(authority: str | None) -> ssl.SSLContext:
    """InputError: what was named is no certificate."""
    if authority is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cadata=read_whole(authority, _MOST_AUTHORITY).decode("ascii"))
    except (ValueError, ssl.SSLError):  # of nothing at all Python says that it is empty
        raise InputError(f"{authority}: is no certificate of an authority (PEM)") from None


def _why(error: Exception) -> str:
    said = str(error).lower()
    if "authorization" in said or "nkey" in said:
        return (
            "the server does not take this NKey; at the centre 'stillscan fleet users' writes those that it takes: its "
            "own, and of each kiosk that is enrolled ('stillscan fleet key' there)"
        )
    if (refusal := _REFUSAL.fullmatch(str(error))) is not None:
        return f"the server lets nobody in now, and says: {one_line(refusal[1])[:_MOST_SAID]}"
    if isinstance(error, socket.gaierror):
        return "nobody here knows a computer of that name"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the server's certificate is not of the authority that is trusted here"
    if isinstance(error, ssl.SSLError):
        return "the server speaks no TLS that is known here"
    return _STRANGE if isinstance(error, _STUMBLES) else "the server cannot be reached"
