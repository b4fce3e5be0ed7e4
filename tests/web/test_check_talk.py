"""The questions of `stillscan check`, and what happens on the glass while the clerk answers them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from books import NORWEGIAN, SOMEBODY_ELSE, TRACKING, MemoryBook
from played import HELLO, IDENTITY

from kiosk import wire
from stillscan.commands.check import _meant, _talk
from stillscan.commands.following import Following
from stillscan.counter.counter import Counter
from stillscan.counter.held_reading import TAKEN_S
from stillscan.errors import DeviceError
from stillscan.guidance import page_texts, say
from stillscan.link.messages import State
from stillscan.mrz import Reading

T = page_texts("en")


class Clerk:
    """Standard input: each answer is typed after something has happened, which is a function or nothing."""

    def __init__(self, *answers: tuple[Callable[[], None] | None, str]) -> None:
        self._answers = list(answers)
        self.now_s = 0.0
        self.book = MemoryBook()
        self.counter = Counter(self.book, "Moss", test_mode=True, clock=lambda: self.now_s)
        self.counter.connected(HELLO, IDENTITY)
        self.counter.answer(lambda visit: visit.enter(TRACKING, visit.turn))

    def readline(self) -> str:
        if not self._answers:
            return ""
        happens, text = self._answers.pop(0)
        if happens is not None:
            happens()
        return text + "\n"

    def isatty(self) -> bool:
        return False

    def lay(self, lines: tuple[str, ...] = NORWEGIAN) -> None:
        self.counter.judge(Reading(format="TD3", lines=lines, valid=True, accepted=True, confidence=1.0))

    def minutes_later(self) -> None:
        self.counter.message(State(wire.EMPTY, wire.NO_CAUSE, 0, 0, 1, 0))
        self.now_s += TAKEN_S

    def wait(self) -> None:
        """See Following: at the scan the passport is laid down."""
        self.lay()

    def talk(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        monkeypatch.setattr(sys, "stdin", self)
        _talk(self.counter, self, "en")  # type: ignore[arg-type]
        return [ruling.verdict for ruling in self.book.finished]


def clerk(*answers: tuple[str, str]) -> Clerk:
    """Answers after what happens: "" nothing, "other" another passport, "late" the passport is gone for minutes."""
    one = Clerk()
    happens = {"": None, "other": lambda: one.lay(SOMEBODY_ELSE), "late": one.minutes_later}
    one._answers = [(happens[what], text) for what, text in answers]
    return one


def test_another_passport_while_the_face_is_compared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = clerk(("other", "yes"), ("", "yes"), ("", "1"), ("", "yes"))
    assert one.talk(monkeypatch) == ["release"]
    said = capsys.readouterr().err
    assert T["other_title"] in said
    assert said.count(T["face_intro"]) == 2
    assert said.count("OESTENBYEN") == 2, "the names are there with the question for the face alone"


@pytest.mark.parametrize(
    ("words", "yes", "no"),
    [
        (("Ja", "Nei"), "ja JA j y Yes", "nei N no NEI"),
        (("Yes", "No"), "yes YES y Y ja", "no n nei NEI"),
        (("Tak", "Nie"), "tak T y ja", "nie NIE n no"),
        (("نعم", "لا"), "نعم ن ja", "لا no"),
        (("No", "Ja"), "no NO n y", "ja J nei"),  # a language that means the other by them
        (("Nai", "Nej"), "nai yes ja", "nej nei no"),  # its first letters mean nothing: they are the same
    ],
)
def test_words_are_taken_in_every_language(words: tuple[str, str], yes: str, no: str) -> None:
    assert {_meant(f" {typed}\n", *words) for typed in yes.split()} == {True}
    assert {_meant(typed, *words) for typed in no.split()} == {False}
    assert {_meant(typed, *words) for typed in ("", " ", "\n", "1", "maybe", "yesno", "x" * 10_000)} == {None}


def test_first_letters_that_are_the_same_mean_nothing() -> None:
    assert _meant("n", "Nai", "Nej") is None


def test_the_clerk_scans_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    assert clerk(("other", "yes"), ("", "2"), ("", "no")).talk(monkeypatch) == ["refuse"]


def test_an_answer_that_comes_late_is_none(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert clerk(("late", "yes"), ("", "yes")).talk(monkeypatch) == ["release"]
    assert capsys.readouterr().err.count(say("reading.taken", "en")) == 1


def test_the_end_of_the_answers_ends_the_check_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    assert clerk(("other", "")).talk(monkeypatch) == ["compare_by_hand"]


class Service:
    """See scanning's Service: looks ten times whether it is to end, then the scanner stays away."""

    def __init__(self, alive: Callable[[], None]) -> None:
        self.alive = alive
        self.ended = False

    def run(self, patience_s: float) -> None:
        try:
            for _ in range(10):
                self.alive()
            raise DeviceError("no scanner")
        finally:
            self.ended = True


def wait_for_ever(scanner: Following) -> None:
    while True:
        scanner.wait()


def test_a_scanner_that_stays_away_ends_the_reading_and_the_wait() -> None:
    one = Clerk()
    one.lay()
    made: list[Any] = []
    with Following(one.counter, lambda alive: made.append(Service(alive)) or made[0], 1.0) as scanner:
        with pytest.raises(DeviceError):
            wait_for_ever(scanner)
        assert one.counter.visit.ended == "lost"
    assert made[0].ended
