"""What the tests of trouble share: a disk without room, a user without rights, and the one line that is told."""

import contextlib
import os
import resource
from collections.abc import Iterator

import pytest

NOBODY = 65534


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr."""
    err = capsys.readouterr().err
    assert err.startswith("stillscan: ")
    assert err.count("\n") == 1, err
    return err


@contextlib.contextmanager
def full_disk(bytes_left: int = 0) -> Iterator[None]:
    """No file can grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextlib.contextmanager
def without_rights() -> Iterator[None]:
    """As a user who is not the administrator."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
