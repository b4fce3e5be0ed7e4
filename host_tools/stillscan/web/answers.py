"""What the forms of the clerk's page answer: a question of the visit, or which visit is the next."""

from __future__ import annotations

from collections.abc import Callable

from stillscan.counter.counter import Counter
from stillscan.counter.visit import FieldProblem, StaleError, Visit
from stillscan.records.staff import Person
from stillscan.records.tracking import is_number

Fields = dict[str, str]

_ANSWERS: dict[str, Callable[[Visit, Fields, int], None]] = {
    "second": lambda visit, form, turn: visit.second(form.get("number", ""), form.get("again", ""), turn),
    "face": lambda visit, form, turn: visit.face(_yes(form.get("same_person")), turn),
    "document": lambda visit, form, turn: visit.choose(_keeps(form.get("counts")), turn),
}


# What may end one visit and begin another, or ends one as the scanner is.
_TURNS: dict[str, Callable[[Counter, Fields, int, Person], None]] = {
    "tracking": lambda counter, form, turn, person: counter.serve(form.get("tracking", ""), turn, person),
    "letter": lambda counter, form, turn, person: _letter(counter, form.get("serves"), turn, person),
    "next": lambda counter, form, turn, person: counter.begin_anew(turn),
    "end": lambda counter, form, turn, person: counter.answer(
        lambda visit: visit.end(turn, counter.scanner.trouble), person
    ),
}


ANSWERS = (*_ANSWERS, *_TURNS)
"""The names of all of them."""


def give(counter: Counter, name: str, form: Fields, turn: int, person: Person) -> None:
    """The answer of a form to the question that was the ``turn``-th.

    StaleError, FieldProblem; StillscanError when it cannot be recorded.
    """
    name, form = _typed_key(name, form)
    if name in _TURNS:
        _TURNS[name](counter, form, turn, person)
    else:
        counter.answer(lambda visit: _ANSWERS[name](visit, form, turn), person)


def _letter(counter: Counter, serves: str | None, turn: int, person: Person) -> None:
    """Which of two letters is served; only the two buttons are answers."""
    if serves == "this":
        counter.answer(lambda visit: visit.keep_letter(turn), person)
    elif serves == "next":
        counter.serve_next(turn, person)
    else:
        raise StaleError


_BY_KEY = {
    "face": ("same_person", "yes", "no"),
    "document": ("counts", "read", "none"),
    "letter": ("serves", "this", "next"),
}
"""Of a question with two answers: its field, and what the keys F8 and F9 answer."""


def _typed_key(name: str, form: Fields) -> tuple[str, Fields]:
    """The answer and its fields, of one that may have been given by typing a key's digit into a page without scripts.

    A bar code that was scanned there is no answer: it is a letter's. FieldProblem for anything else.
    """
    if name not in _BY_KEY or "key" not in form:
        return name, form
    key = form["key"].strip().upper()
    if is_number(key):
        return "tracking", {**form, "tracking": key}
    field, *answers = _BY_KEY[name]
    if key not in ("8", "9", "F8", "F9"):
        raise FieldProblem("key_wrong")
    return name, {**form, field: answers[int(key[-1]) - 8]}


def _yes(text: str | None) -> bool:
    """Only the two buttons are answers."""
    if text not in ("yes", "no"):
        raise StaleError
    return text == "yes"


def _keeps(text: str | None) -> bool:
    """Whether the document that was read counts, or none until a scan; nothing else is an answer."""
    if text not in ("read", "none"):
        raise StaleError
    return text == "read"
