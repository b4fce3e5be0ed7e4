"""A PostgreSQL server that may hang: every question to it has an end, on its side and, if it says nothing, on ours.

The server's own limits (lock, statement, an open transaction that says nothing) answer first and leave the connection
usable. A server that was stopped, or whose network is gone, answers nothing at all: then the connection is given up.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

_RV = TypeVar("_RV")
Getting = Callable[[], contextlib.AbstractContextManager[None]]
"""Around the getting of a connection, which then takes no longer than a question, however often it is tried."""
_LOCK, _STATEMENT = 0.8, 0.9  # of our own limit, so that the server's answer, which says why, comes before we give up
_POLL_S = 0.1  # between looks at the clock while nothing comes
_LEAST_CONNECT_S = 2  # libpq takes nothing shorter


class NoAnswerError(psycopg.OperationalError):
    """The server has said nothing for longer than we wait; the connection is closed."""


class _Patience(threading.local):
    """Until when this thread waits for a connection: looking whether an old one lives and making a new one share it."""

    until = math.inf


def bounded_engine(url: URL, wait_s: float) -> tuple[Engine, Getting]:
    """An engine whose every question is answered or given up within ``wait_s`` seconds; what to get connections in."""
    patience = _Patience()

    class Bounded(psycopg.Connection[Any]):
        def wait(self, gen: PQGen[_RV], *args: Any, **kwargs: Any) -> _RV:
            until = min(time.monotonic() + wait_s, patience.until)
            try:
                return super().wait(_until(gen, until), _POLL_S)
            except NoAnswerError:
                self.close()
                raise

        def __del__(self, *_: Any) -> None:
            """What the pool lets go of because its server says nothing, is closed without asking the server."""
            if (connection := getattr(self, "pgconn", None)) is not None:
                connection.finish()

    engine = create_engine(url, pool_pre_ping=True, pool_timeout=wait_s)

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, record: Any, arguments: Any, parameters: dict[str, Any]) -> Bounded:
        left = min(wait_s, patience.until - time.monotonic())
        if left <= 0:
            raise NoAnswerError
        parameters |= {
            "connect_timeout": max(_LEAST_CONNECT_S, math.ceil(left)),
            "options": f"{parameters.get('options', '')} {_server_limits(wait_s)}".strip(),
            "keepalives": 1,
            "keepalives_idle": max(1, int(wait_s)),
            "keepalives_interval": 1,
            "keepalives_count": 3,
            "tcp_user_timeout": int(wait_s * 1000),
        }
        return Bounded.connect(*arguments, **parameters)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A kiosk that is stopped while it holds the chain's end must not stop all others; one that reads may take long.
        if connection.get_execution_options().get("writing"):
            limit = int(wait_s * 2000)
            connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {limit}")

    @contextlib.contextmanager
    def getting() -> Iterator[None]:
        patience.until = time.monotonic() + wait_s
        try:
            yield
        finally:
            patience.until = math.inf

    return engine, getting


def _server_limits(wait_s: float) -> str:
    lock, statement = int(wait_s * 1000 * _LOCK), int(wait_s * 1000 * _STATEMENT)
    return f"-c lock_timeout={lock} -c statement_timeout={statement}"


def _until(gen: PQGen[_RV], until: float) -> Generator[Any, Any, _RV]:
    """What psycopg waits for, given up at a moment of the monotonic clock. NoAnswerError."""
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() >= until:
                raise NoAnswerError
            wanted = gen.send(ready)
    except StopIteration as done:
        value: _RV = done.value
        return value
