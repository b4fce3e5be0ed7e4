"""The public part of a repository into an object store of NATS JetStream, while kiosks read it."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from pathlib import Path

from stillscan.errors import EnvironmentTroubleError
from stillscan.files import read_whole
from stillscan.fleet.connection import Address, connected
from stillscan.fleet.rollout.fetching import bucket_of
from stillscan.fleet.rollout.roles import TIMESTAMP

_MOST = 8_000_000
"""Bytes of a file: twice the longest release."""
_LIMIT_S = 300.0  # of all: a repository of a hundred releases over a slow line
_NAME = "releases"  # of the connection, as the server's monitor shows it


def copy(public: Path, to: str, seed: str | None = None) -> int:
    """What is not there yet, or is another; how many files. ``to``: tls://server/bucket, ``seed`` of an NKey.

    InputError: no such place; EnvironmentTroubleError: the server is not there, is full, or takes nothing.
    """
    server, bucket = bucket_of(to, seed)
    files = sorted((path for path in public.rglob("*") if path.is_file()), key=_order)
    try:
        return asyncio.run(asyncio.wait_for(_copy(public, files, server, bucket), _LIMIT_S))
    except (OSError, TimeoutError) as error:
        raise EnvironmentTroubleError(f"{server}: does not answer ({type(error).__name__})") from None


async def _copy(public: Path, files: list[Path], server: Address, bucket: str) -> int:
    from nats.errors import Error
    from nats.js.errors import NotFoundError

    copied = 0
    async with connected(server, _NAME) as client:
        try:
            jetstream = client.jetstream()
            try:
                store = await jetstream.object_store(bucket)
            except NotFoundError:
                store = await jetstream.create_object_store(bucket)
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
    return copied


def _order(path: Path) -> tuple[int, str]:
    """What others point to first, the timestamp last."""
    if path.name == f"{TIMESTAMP}.json":
        return 2, ""
    return int(path.parent.name == "metadata"), path.as_posix()
