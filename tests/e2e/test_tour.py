"""The trial of the whole counter: each letter ends as its table says, and its customer comes when it is asked for."""

from datetime import UTC, date, datetime, timedelta

import pytest

from stillscan.commands.tour import Customers, TourLetter, letters_csv, tour
from stillscan.commands.world import movement
from stillscan.counter.counter import Counter
from stillscan.counter.visit import Recorded
from stillscan.guidance.catalogue import sections
from stillscan.mrz import Reading, read_image
from stillscan.records.importing import parse
from stillscan.records.tracking import normalise
from stillscan.simulator.visitors import Visitors
from stillscan.verify import Case, Consignment, decide_case

LINES = ("P<NOROESTENBYEN<<AASE<SPECIMEN<<<<<<<<<<<<<<", "ZZZ0000016NOR9105171F3101012<<<<<<<<<<<<<<<0")
TODAY = datetime(2026, 11, 29, 12, tzinfo=UTC)


def test_the_letters_can_be_imported_and_are_described() -> None:
    letters, errors = parse(letters_csv(date(2026, 11, 29)), test=True)
    assert errors == []
    assert list(letters) == [one.tracking for one in tour()]
    for language in ("nb", "nn", "en"):
        assert {one.shows for one in tour()} <= sections(language)["tour"].keys()
    assert {normalise(one.tracking) for one in tour()} == letters.keys()


@pytest.mark.parametrize("one", tour(), ids=lambda one: one.shows)
def test_each_letter_ends_as_the_table_says(one: TourLetter) -> None:
    reading = read_image(one.page().reflectance) if one.document != "blank" else None
    case = Case(
        mrz=None if reading is None else reading.lines,
        certain=reading is not None and reading.accepted,
        consignment=Consignment(
            one.tracking, one.recipient, TODAY.date() + timedelta(days=one.days), released=False, office=one.office
        ),
        second_document=one.second or None,
        face_matches=True,
        now=TODAY,
        test_mode=True,
        office="Moss",
    )
    ruling = decide_case(case)
    assert one.ends in (ruling.verdict, *ruling.reasons)


class Book:
    """Knows the letters of the trial."""

    def now(self) -> datetime:
        return TODAY

    def letter(self, tracking: str) -> Consignment | None:
        for one in tour():
            if one.tracking == tracking:
                return Consignment(tracking, one.recipient, TODAY.date() + timedelta(days=one.days), released=False)
        return None

    def finish(self, case, check, staff, began_by=None) -> Recorded:
        ruling = decide_case(case)
        return Recorded(ruling.verdict, ruling.reasons, "k1-1")


def test_the_customer_of_a_letter_comes_and_goes_with_the_visit() -> None:
    called: list[object] = []
    visitors = Visitors(lambda number: movement("still", number, 5.0))
    visitors.call = lambda page, motion=None: called.append(page is not None)  # type: ignore[method-assign]
    counter = Counter(Book(), "Moss", test_mode=True)  # type: ignore[arg-type]
    customers = Customers(visitors, 1)
    customers.follow(counter, False)
    assert visitors.here, "until somebody serves, one after another comes"
    first = counter.visit
    Customers(visitors, 1).follow(counter, True)
    assert counter.visit is first, "whoever is typing already goes on"
    called.clear()
    counter.judge(Reading(format="TD3", lines=LINES, valid=True, accepted=True, confidence=1.0))
    assert counter.visit.holds_document
    customers.follow(counter, True)
    assert not counter.visit.holds_document, "what passed before is nobody's"
    counter.answer(lambda visit: visit.enter("RR200000045NO", visit.turn))
    customers.follow(counter, True)
    customers.follow(counter, True)
    counter.answer(lambda visit: visit.end(visit.turn))
    customers.follow(counter, True)
    assert called == [False, True, False]
