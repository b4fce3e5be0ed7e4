"""A wrong clock is told to the clerk: what happened, what to do, in the clerk's language, before a customer waits."""

import queue
from collections.abc import Iterator

import pytest
from desk import CLERK, LINES, PIN, Clock, Place, later, tracking
from starlette.testclient import TestClient

from stillscan.commands.clock_watch import clock_watch
from stillscan.counter.book import Book
from stillscan.counter.counter import Counter
from stillscan.guidance import languages, page_texts
from stillscan.records import clock as clocks
from stillscan.records.clock import ClockError, ClockRules
from stillscan.records.staff import StaffList
from stillscan.web.browsers import Browsers
from stillscan.web.pages import application
from stillscan.web.sessions import Sessions


@pytest.fixture(autouse=True)
def real_rules(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """What an office has that set nothing."""
    monkeypatch.setattr(ClockRules.__new__, "__defaults__", (clocks.AHEAD_DAYS, False))


@pytest.fixture
def book(place: Place) -> Book:
    return Book(place.database, place.keyring, "1473 Oppsal", False)


@pytest.fixture
def counter(book: Book) -> Iterator[Counter]:
    made = Counter(book, "1473 Oppsal")
    yield made
    made.end()


@pytest.mark.slow
def test_the_page_says_it_when_a_number_is_typed(counter: Counter, clock: Clock, place: Place) -> None:
    """To somebody who signs in while the clock is wrong: a supervisor has to be able to."""
    boss = place.supervisor().staff
    clock.now = later(100)
    with pytest.raises(ClockError):
        counter.answer(lambda visit: visit.enter(tracking(1), visit.turn), CLERK)
    browsers, sessions = Browsers(place.keyring.folder), Sessions(StaffList(place.database, place.keyring))
    client = TestClient(application(counter, ["127.0.0.1"], browsers, sessions), base_url="http://127.0.0.1")
    client.get(f"/?key={browsers.invite()}")
    client.post("/signin", data={"staff": boss, "pin": PIN})
    for language in languages():
        page = client.get(f"/?language={language}").text
        assert page_texts(language)["clock_ahead"].replace("'", "&#39;") in page
        assert page_texts(language)["records"] not in page


def test_a_visit_goes_on_when_the_clock_is_set_right(counter: Counter, clock: Clock) -> None:
    """The last question comes back, nothing is lost and nothing released in between."""
    counter.answer(lambda visit: visit.enter(tracking(1), visit.turn), CLERK)
    counter.look(lambda visit, _: visit.read(LINES))
    clock.now = later(100)
    with pytest.raises(ClockError):
        counter.answer(lambda visit: visit.face(True, visit.turn))
    assert counter.look(lambda visit, _: (visit.verdict, visit.step)) == (None, "face")
    clock.now = later(1)
    counter.answer(lambda visit: visit.face(True, visit.turn))
    assert counter.look(lambda visit, _: visit.step) == "verdict"
    assert counter.records_sentence == ""


def test_a_kiosk_that_waits_notices_and_takes_it_back(book: Book, counter: Counter, clock: Clock) -> None:
    told: queue.Queue[str] = queue.Queue()

    def tell(trouble: ClockError | None) -> None:
        counter.clock(trouble)
        told.put(counter.records_sentence)

    clock.now = later(100)
    with clock_watch(book, tell, every_s=0.01):
        assert told.get(timeout=60) == "clock_ahead"
        clock.now = later(1)
        while told.get(timeout=60):
            pass
    assert counter.records_trouble == ""


def test_another_trouble_is_not_taken_back_by_a_right_clock(counter: Counter) -> None:
    counter.records_trouble = "the disk is full"
    counter.clock(None)
    assert counter.records_trouble == "the disk is full"
