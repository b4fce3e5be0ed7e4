"""Every state in which somebody sees a page: how it comes about, and where the focus is then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from books import NORWEGIAN, NUMBER, SOMEBODY_ELSE, SWEDISH, TRACKING
from clerks import CLERK
from letter_office import NUMBER as LETTER
from played import Played
from test_service_page import done

from kiosk import wire
from stillscan.counter.visit import Recorded
from stillscan.mrz.finding import QualityFinding
from stillscan.verify import Consignment
from stillscan.verify.ruling import OK, REASONS, VERDICTS

LONG = Consignment(
    "CS111111115NO", "Anne-Margrethe Østenbyen-Hildebrandsdatter von Ravnkilde", date(2026, 12, 8), False
)
"""As long a name as the records take in one word, and an office's beside it."""
OFFICE = "Post i Butikk, Kirkegata Nord 1473"


class State(NamedTuple):
    """``reach``: what happens before the page is loaded; ``act``: what is done on it; ``focus``: where it is then."""

    reach: Callable[[Any], None]
    focus: str
    act: Callable[[Any], None] | None = None
    where: str = "/"
    one_screen: bool = True
    """Whether all of it is seen at once on a screen of 1280 x 800."""


def _enter(played: Played, number: str = TRACKING) -> None:
    played.counter.serve(number, played.counter.visit.turn)


def _read(*lines: tuple[str, ...]) -> Callable[[Played], None]:
    def reach(played: Played) -> None:
        _enter(played)
        for one in lines:
            played.read(one)

    return reach


def _scanner(*acts: Callable[[Played], None]) -> Callable[[Played], None]:
    def reach(played: Played) -> None:
        _enter(played)
        for act in acts:
            act(played)

    return reach


def _ended(verdict: str, *reasons: str, letter: Consignment = LONG) -> Callable[[Played], None]:
    def reach(played: Played) -> None:
        visit = played.counter.visit
        visit.letter, visit.verdict = letter, Recorded(verdict, reasons, "skranke-3-104711")

    return reach


def _failed(played: Played) -> None:
    """Everything that a picture can suffer from at once."""
    _enter(played)
    found = [QualityFinding(code, "", 42.0, 2, (7, 9)) for code in ("glare", "blur", "streak")]
    played.counter.visit.failure = ("mrz_uncertain", tuple(found))
    played.give_up()


def _opens(page: Any) -> None:
    """Whatever can be unfolded."""
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true })")


def _begins(page: Any) -> None:
    """A procedure, if it is not begun yet."""
    begin = page.locator("button[value=begin]")
    if begin.count():
        begin.click()
        page.wait_for_selector("button[value=skip]", state="attached")
    _opens(page)


def _submits(field: str, text: str) -> Callable[[Any], None]:
    def act(page: Any) -> None:
        page.fill(field, text)
        page.evaluate("document.getElementById('problem')?.remove()")  # of before: told again until somebody acts
        page.press(field, "Enter")
        page.wait_for_selector("#problem")

    return act


def _twice(page: Any) -> None:
    page.fill("#number", NUMBER)
    page.fill("#again", "17859199900")
    page.press("#again", "Enter")
    page.wait_for_selector("#problem")


def _typed(played: Played) -> None:
    _enter(played)
    played.counter.visit.letter = LONG


def _recording(played: Played) -> None:
    _read(NORWEGIAN)(played)
    played.counter.visit._busy = "record"


def _unknown(played: Played) -> None:
    _read(NORWEGIAN)(played)
    played.counter.visit._unknown = ("check", played.counter.visit._case())
    played.counter.records_trouble, played.counter.records_sentence = "the server does not answer", "records_refused"


def _unrecorded(played: Played) -> None:
    _read(NORWEGIAN)(played)
    played.counter.records_trouble, played.counter.records_sentence = "the disk is full", "records_refused"


VISIT: dict[str, State] = {
    "tracking": State(lambda played: None, "#tracking"),
    "tracking, all unfolded": State(lambda played: None, "#tracking", _opens, one_screen=False),
    "tracking, a passport lies there": State(lambda played: played.read(NORWEGIAN), "#tracking"),
    "tracking, wrong": State(lambda played: None, "#tracking", _submits("#tracking", "RR12345")),
    "tracking, an identity number": State(lambda played: None, "#tracking", _submits("#tracking", NUMBER)),
    "scan": State(_typed, "h1"),
    "scan, in the middle": State(_scanner(Played.place, lambda played: played.scan(120)), "h1"),
    "scan, moved": State(_scanner(Played.place, lambda played: played.scan(60), Played.slip), "h1"),
    "scan, failed": State(_failed, "h1"),
    "scan, reading": State(_scanner(Played.place, Played.scan, lambda played: played.state(wire.DONE)), "h1"),
    "scan, no scanner": State(_scanner(Played.unplug), "h1"),
    "scan, the reading was lost": State(
        lambda played: (_read(NORWEGIAN)(played), played.unplug(), played.plug_in()), "h1"
    ),
    "second": State(_read(SWEDISH), "#number"),
    "second, wrong": State(_read(SWEDISH), "#number", _twice),
    "face": State(lambda played: (_read(NORWEGIAN)(played), setattr(played.counter.visit, "letter", LONG)), "h1"),
    "face, no scanner": State(lambda played: (_read(NORWEGIAN)(played), _gone(played)), "h1"),
    "face, not recorded": State(_unrecorded, "h1"),
    "another document": State(_read(NORWEGIAN, SOMEBODY_ELSE), "h1"),
    "another letter": State(lambda played: (_read(NORWEGIAN)(played), _enter(played, LONG.tracking)), "h1"),
    "recording": State(_recording, "h1"),
    "unknown": State(_unknown, "h1"),
    **{
        f"verdict, {verdict}": State(_ended(verdict, *reasons), "h1")
        for verdict, reasons in zip(
            VERDICTS,
            (
                [OK],
                ["name_mismatch"],
                ["mrz_uncertain", "face_not_confirmed"],
                ["second_document_missing"],
                ["name_uncertain"],
            ),
            strict=True,
        )
    },
    "verdict, every reason": State(
        _ended("refuse", *REASONS, letter=replace(LONG, office=OFFICE)), "h1", one_screen=False
    ),
    "verdict, no number": State(
        _ended("release", OK), "[aria-invalid], #next, h1", _submits("#next", "4711"), one_screen=False
    ),
}
VISIT |= {
    f"paper, {kind}": State(_ended(verdict, reason), "body", where=f"/paper/{kind}.html")
    for kind, verdict, reason in (
        ("deadline", "refuse", "document_expired"),
        ("support", "compare_by_hand", "name_uncertain"),
        ("refund", "rescan", "mrz_uncertain"),
        ("receipt", "release", OK),
    )
}
SIGNING_IN: dict[str, State] = {
    "sign in": State(lambda played: None, "#staff", where="/signin"),
    "sign in, wrong": State(
        lambda played: None,
        "#staff",
        lambda page: (page.fill("#staff", CLERK), _submits("#pin", "0000")(page)),
        where="/signin",
    ),
}
TECHNICIANS: dict[str, State] = {"technician": State(lambda played: None, "h1")}
LETTERS: dict[str, State] = {
    "letters": State(lambda office: None, "#tracking", where="/letters"),
    "letters, found": State(
        lambda office: None, "#letter", lambda page: _look(page), where="/letters", one_screen=False
    ),
    "letters, wrong": State(
        lambda office: None, "#tracking", _submits("#tracking", "RR12345"), where="/letters", one_screen=False
    ),
    "browsers": State(lambda office: None, "body, h1", where="/browsers"),
}
SERVICE: dict[str, State] = {
    "service, nothing yet": State(lambda held: None, "body, h1", where="/service", one_screen=False),
    "procedure": State(lambda held: None, "body, h1", where="/service/procedure/cleaning", one_screen=False),
    "procedure, begun": State(
        lambda held: None, "body, h1", _begins, where="/service/procedure/cleaning", one_screen=False
    ),
    "service, after tasks": State(lambda held: done(held), "body, h1", _opens, where="/service", one_screen=False),
}
CUSTOMERS: dict[str, Callable[[Played], None]] = {
    "wait": lambda played: None,
    "lay": _enter,
    "hold": _scanner(Played.place, lambda played: played.scan(20)),
    "moved": _scanner(Played.place, lambda played: played.scan(20), Played.slip),
    "again": _failed,
    "second": _read(SWEDISH),
    "face": _read(NORWEGIAN),
    "record": _recording,
    "release": _ended("release", OK),
    "refuse": _ended("refuse", "name_mismatch"),
    "trouble": _scanner(Played.unplug),
}


def _gone(played: Played) -> None:
    """The scanner cannot be used, and the passport that was read still counts."""
    played.counter._device(trouble="device.busy", state="start", sentence="state.start")


def _look(page: Any) -> None:
    page.fill("#tracking", LETTER)
    page.press("#tracking", "Enter")
    page.wait_for_selector("#state")


def anew(played: Played) -> None:
    """As before the first customer."""
    played.plug_in()
    visit = played.counter.visit
    visit._busy, visit._unknown, played.counter.records_trouble = "", None, ""
    played.counter.begin_anew(visit.turn)
    played.book.letters.update({LONG.tracking: LONG})
