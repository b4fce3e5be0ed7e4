"""A kiosk's key is exchanged (see `rotation` for what the entry means)."""

from __future__ import annotations

from collections.abc import Mapping

from stillscan.records.audit import appending
from stillscan.records.chain_entry import ChainEntry
from stillscan.records.clock import utc_now
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring
from stillscan.records.rotation import KEYS, exchange, learn


def rotate(database: Database, keyring: Keyring, who: Mapping[str, str]) -> ChainEntry:
    """Exchange this kiosk's key; ``who`` (staff, role) stands in the entry, which is returned.

    A kiosk that is ended in the middle goes on with the key that the chain says is in force: both are there until then.
    """
    keyring.public_pem()  # the first key is made before it can be exchanged
    with appending(database, keyring) as appender:
        new = keyring.next_key()
        brought = exchange(keyring.kiosk, appender.head.seq + 1, appender.head.digest, new)
        entry = appender.append(KEYS, utc_now(), {**who, **brought._asdict()})
    with database.reading() as connection:
        learn(connection, keyring, entry.seq - 1)
    keyring.public_pem()  # the new one takes the old one's place now, not at the next check
    return entry
