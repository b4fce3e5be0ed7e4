"""By which NKey a kiosk or centre is known to the servers: derived from the secret of its installation, never stored.

Not the kiosk's signing key: a server chooses what is signed to let somebody in, and must not get a record signed so.
"""

from __future__ import annotations

import secrets

from stillscan.records.keyring import Keyring

_PURPOSE = "fleet nkey 1"


def seed_of(keyring: Keyring) -> str:
    """The seed of the kiosk's NKey, as the library takes it. RecordsError for keys that cannot be used."""
    return _encoded(bytes.fromhex(keyring.keyed(_PURPOSE, keyring.kiosk.encode())))


def new_seed() -> str:
    """The seed of an NKey that nobody has had."""
    return _encoded(secrets.token_bytes(32))


def _encoded(raw: bytes) -> str:
    import nkeys

    return bytes(nkeys.encode_seed(raw, nkeys.PREFIX_BYTE_USER)).decode()


def public_of(seed: str) -> str:
    """The public NKey of a seed: U and 55 letters and digits."""
    import nkeys

    return bytes(nkeys.from_seed(seed.encode()).public_key).decode()
