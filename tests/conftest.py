"""What all tests share: hypothesis profile, browser, font, and the rule that a test that starts a process says so."""

import gc
import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from hypothesis import settings

from stillscan.errors import InputError
from stillscan.records import staff
from tests import forked
from tests.covering import WHOLE, examples
from tests.pins import CHEAP

# The same examples everywhere and no deadline: two cores are shared, and a test must not depend on how busy they are.
settings.register_profile("stillscan", derandomize=True, deadline=None, max_examples=examples(100))
settings.load_profile("stillscan")

if not WHOLE:  # as many tests run at a time as there are cores: a library's threads would only wait for each other
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OPENCV_FOR_THREADS_NUM": "1"}  # read when numpy and OpenCV are loaded

_STARTS = {"subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system"}
_RUN_THE_FIRMWARE = {"e2e", "firmware"}
"""Folders whose tests nearly all do: they have the marker without saying so, but for these modules."""
_TABLES_ONLY = {"firmware/test_boards.py"}
_unmarked: str | None = None
"""The test that is set up or runs now, if it has not the marker ``process``."""


def _audit(event: str, _: tuple[Any, ...]) -> None:
    if _unmarked is not None and event in _STARTS:  # in this order: at the end of Python the table is gone first
        pytest.fail(f"{_unmarked} starts a process: give it the marker `process`, so that `make quick` leaves it out")


sys.addaudithook(_audit)
_forks = forked.Forks()


def pytest_configure(config: pytest.Config) -> None:
    """Have a process that others are forked from: one for all workers."""
    if not hasattr(config, "workerinput"):
        _forks.open()
    forked.install()


def pytest_unconfigure() -> None:
    """End it."""
    _forks.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs the firmware, before any test is left out by its markers."""
    for item in items:
        place = item.path.relative_to(Path(__file__).parent)
        if place.parts[0] in _RUN_THE_FIRMWARE and place.as_posix() not in _TABLES_ONLY:
            item.add_marker("process")


def pytest_collection_finish() -> None:
    """Python's collector need not walk all the modules and tests over and over: the longest tests take a fifth less."""
    gc.collect()
    gc.freeze()


@contextmanager
def _watched(item: pytest.Item) -> Iterator[None]:
    global _unmarked
    _unmarked = None if item.get_closest_marker("process") else item.nodeid
    try:
        yield
    finally:
        _unmarked = None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """A test that starts a process without saying so fails there, in its fixtures too."""
    with _watched(item):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """See above. What ends later (a server of the whole session) is nobody's fault."""
    with _watched(item):
        yield


@pytest.fixture(scope="session", autouse=True)
def real_hasher() -> Iterator[PasswordHasher]:
    """The product's, which is used by no test: PINs are compared at little cost."""
    real = staff.HASHER
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staff, "HASHER", CHEAP)
        yield real


@pytest.fixture(scope="session")
def _chromium() -> Iterator[Any]:
    """One for all tests of a worker: it and what drives it take 1.5 s of a core to start."""
    from tests.web.browsers import MISSING, Chromium, find_browser

    program = find_browser()
    if program is None:
        pytest.skip(MISSING)
    with Chromium(program) as started:
        yield started


@pytest.fixture(scope="module")
def browser(_chromium: Any) -> Iterator[Any]:
    """Debian's chromium, driven by Playwright. Without one the test is skipped, with the reason."""
    with _chromium.driven() as browser:
        yield browser


@pytest.fixture(scope="session")
def ocr_b() -> Path:
    """File of an OCR-B font. A test that asks for it is skipped, with the reason, where there is none."""
    from stillscan.simulator.printing import find_font

    try:
        return find_font()
    except InputError as missing:
        pytest.skip(str(missing))
