"""A counter with a book in memory, its page on a port of this machine, and a real browser."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from letter_office import Office
from played import Played


@pytest.fixture
def played() -> Iterator[Played]:
    """A page that is served, and a scanner that does what the test says."""
    with Played() as one:
        yield one


@pytest.fixture
def page(browser, played: Played):
    """The clerk's page, signed in, in English; every error of its scripts fails the test."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    played.show(opened)
    opened.wait_for_selector("#lost", state="hidden")
    yield opened
    context.close()
    assert errors == []


@pytest.fixture
def make_office(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    """Makes an office with letters in a real database."""
    made: list[Office] = []

    def make(**options: object) -> Office:
        made.append(Office(tmp_path, **options))
        return made[-1]

    yield make
    for office in made:
        office.database.close()


@pytest.fixture
def office(make_office: Callable[..., Office]) -> Office:
    """One of them."""
    return make_office()
