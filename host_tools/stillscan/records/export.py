"""The audit chain as lines of JSON, for anybody to check without stillscan (host_tools/docs/records.md tells how)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from stillscan.records import models
from stillscan.records.audit import entries, head_of
from stillscan.records.keyring import Keyring
from stillscan.records.public_keys import pem
from stillscan.records.rotation import noticing


def export(connection: Connection, keyring: Keyring) -> Iterator[str]:
    """The lines: every entry, every release record, the signed head, the public keys. No personal parts."""
    kiosks: dict[str, None] = {}
    for entry in noticing(entries(connection), keyring):
        kiosks.setdefault(_kiosk(entry.body))
        yield _line(entry=entry.body, digest=entry.digest, signature=entry.signature)
    for row in connection.execute(select(models.RELEASE).order_by(models.RELEASE.c.entry)):
        yield _line(release=str(row.record), signature=str(row.signature))
    head = head_of(connection)
    if head is not None and head.seq:
        yield _line(count=head.seq, digest=head.digest, kiosk=head.kiosk, signature=head.signature)
    for kiosk in kiosks:
        if keyring.knows(kiosk):
            for since, key in keyring.keys_of(kiosk).keys:
                yield _line(kiosk=kiosk, since=since, public_key=pem(key).decode())


def _kiosk(body: str) -> str:
    try:
        return str(json.loads(body)["kiosk"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""


def _line(**fields: Any) -> str:
    return json.dumps(fields, ensure_ascii=False)
