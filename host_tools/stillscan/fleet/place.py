"""What a state knows of its place in the server's stream, and of the copies of a centre that work on it."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from stillscan.fleet import refusals
from stillscan.fleet.store import Store, spelt
from stillscan.fleet.tables import ABOUT, COPY


class Place(NamedTuple):
    """``state``: random, the same in all backups. ``place``: random, another one for whoever begins where nobody works;
    "": nobody did yet. ``made``: when the server made the stream that the numbers are of."""

    state: str
    place: str
    made: str
    floor: int
    """Up to this message of the stream all are here."""
    furthest: int
    """This message is here, and none above it."""


def place(store: Store) -> Place:
    """As it stands now. RecordsError."""
    with store.reading() as connection:
        about = {name: value for name, value in connection.execute(select(ABOUT.c.name, ABOUT.c.value))}
    return Place(about["identity"], about["place"], about["made"], int(about["floor"]), int(about["stream"]))


def enter(store: Store, word: str) -> None:
    """Let other copies know by its word one that works on this state. RecordsError."""
    with store.writing() as connection:
        _enter(connection, word)


def knows(store: Store, word: str) -> bool:
    """Whether the copy that told this word works on this state too. RecordsError."""
    with store.reading() as connection:
        return bool(connection.scalar(select(func.count()).where(COPY.c.word == word)))


def renew(store: Store, before: str, made: str, word: str) -> None:
    """Another place than ``before``, once, whichever copy asks: nobody else works here, so other words are old.
    RecordsError."""
    with store.writing() as connection:
        if _renew(connection, before, made):
            connection.execute(delete(COPY).where(COPY.c.word != word))


def begin_anew(store: Store, before: str, made: str) -> None:
    """Another stream, whose messages count from 1; once, whichever copy asks. RecordsError."""
    with store.writing() as connection:
        if _renew(connection, before, made):
            for name in ("floor", "stream"):
                _set(connection, name, spelt(0))
            refusals.forget(connection)


def keep(store: Store, mine: str, word: str, floor: int) -> bool:
    """A copy at work: up to which message all are here. False: this state has another place by now, maybe in another
    stream, and nothing is kept. RecordsError."""
    now = place(store)
    if now.place == mine and floor <= now.floor and knows(store, word):
        return True
    with store.writing() as connection:
        if connection.scalar(select(ABOUT.c.value).where(ABOUT.c.name == "place").with_for_update()) != mine:
            return False
        higher = (ABOUT.c.name == "floor", ABOUT.c.value < spelt(floor))
        connection.execute(update(ABOUT).where(*higher).values(value=spelt(floor)))
        _enter(connection, word)
    return True


def _enter(connection: Connection, word: str) -> None:
    if not connection.scalar(select(func.count()).where(COPY.c.word == word)):
        connection.execute(insert(COPY).values(word=word))


def _renew(connection: Connection, before: str, made: str) -> bool:
    mine = update(ABOUT).where(ABOUT.c.name == "place", ABOUT.c.value == before)
    if not connection.execute(mine.values(value=secrets.token_hex(16))).rowcount:
        return False
    _set(connection, "made", made)
    return True


def _set(connection: Connection, name: str, value: str) -> None:
    connection.execute(update(ABOUT).where(ABOUT.c.name == name).values(value=value))
