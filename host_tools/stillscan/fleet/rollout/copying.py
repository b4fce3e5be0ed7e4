"""The public part of a repository into an object store of NATS JetStream, while kiosks read it."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stillscan.errors import EnvironmentTroubleError, InputError
from stillscan.files import read_whole
from stillscan.fleet.rollout.roles import TIMESTAMP

_MOST = 8_000_000
"""Bytes of a file: twice the longest release."""
_LIMIT_S = 300.0  # of all: a repository of a hundred releases over a slow line
_REPLICAS = 1  # of a bucket that has to be made here; a fleet makes its own with three


def copy(public: Path, to: str, connect: dict[str, Any] | None = None) -> int:
    """What is not there yet, or is another; how many files. ``to``: nats://server/bucket.

    InputError: no such place; EnvironmentTroubleError: the server is not there, is full, or takes nothing.
    """
    parts = urlsplit(to)
    bucket = parts.path.strip("/")
    if parts.scheme not in ("nats", "tls") or not bucket or "/" in bucket:
        raise InputError(f"{to}: nats://server/bucket is wanted")
    files = sorted((path for path in public.rglob("*") if path.is_file()), key=_order)
    copying = _copy(public, files, f"{parts.scheme}://{parts.netloc}", bucket, connect or {})
    try:
        return asyncio.run(asyncio.wait_for(copying, _LIMIT_S))
    except (OSError, TimeoutError) as error:
        raise EnvironmentTroubleError(f"{to}: the server does not answer ({type(error).__name__})") from None


async def _copy(public: Path, files: list[Path], server: str, bucket: str, connect: dict[str, Any]) -> int:
    import nats
    from nats.errors import Error
    from nats.js.errors import NotFoundError

    try:
        client = await nats.connect(server, max_reconnect_attempts=1, **connect)
    except Error as error:
        raise EnvironmentTroubleError(f"{server}: lets nobody in ({type(error).__name__})") from None
    copied = 0
    try:
        jetstream = client.jetstream()
        try:
            store = await jetstream.object_store(bucket)
        except NotFoundError:
            store = await jetstream.create_object_store(bucket, replicas=_REPLICAS)
        for path in files:
            name, content = path.relative_to(public).as_posix(), read_whole(path, _MOST)
            try:
                there = (await store.get_info(name)).digest
            except NotFoundError:
                there = None
            if there != f"SHA-256={urlsafe_b64encode(hashlib.sha256(content).digest()).decode()}":
                await store.put(name, content)
                copied += 1
    except Error as error:
        raise EnvironmentTroubleError(f"{server}: does not take the releases ({type(error).__name__})") from None
    finally:
        await client.close()
    return copied


def _order(path: Path) -> tuple[int, str]:
    """What others point to first, the timestamp last."""
    if path.name == f"{TIMESTAMP}.json":
        return 2, ""
    return int(path.parent.name == "metadata"), path.as_posix()
