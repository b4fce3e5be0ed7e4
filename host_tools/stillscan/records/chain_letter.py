"""What the chain says of one letter: the entries about it, taken in order, put together."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from stillscan.records import kinds

State = Literal["waiting", "released", "withdrawn", "returned"]
"""Only a letter that waits can be handed out, and only until its deadline."""
_ENDS: dict[str, State] = {kinds.WITHDRAWAL: "withdrawn", kinds.RETURN: "returned"}


class ChainLetter(NamedTuple):
    """A letter as the chain has it now."""

    imported: int
    """The entry that took it in last."""
    recipient: int
    """The entry in which its recipient stands: that import, or the last correction after it."""
    deadline: str
    """YYYY-MM-DD, as imported or extended last."""
    office: str
    test: bool
    state: State = "waiting"
    ended: int = 0
    """The entry that released, withdrew or returned it; 0 while it waits."""


def after(letter: ChainLetter | None, seq: int, facts: Mapping[str, Any]) -> tuple[ChainLetter | None, str]:
    """The letter after an entry about it, and what is wrong with that entry ("" for nothing).

    What is wrong never makes a letter wait: handed out once, it stays so; never taken in, it stays unknown.
    """
    kind = facts["kind"]
    if kind in (kinds.CONSIGNMENT, kinds.CONSIGNMENT_AGAIN):
        return _taken_in(letter, seq, facts)
    if letter is None:
        return None, "it is about a letter that no entry before it took in" if _changes(facts) else ""
    if kind == kinds.CHECK:
        return _checked(letter, seq, facts)
    if letter.state != "waiting" and not (kind == kinds.RETURN and letter.state == "withdrawn"):
        return letter, f"it changes a letter that was {letter.state} before, by entry {letter.ended}"
    if kind == kinds.EXTENSION:
        return letter._replace(deadline=facts["deadline"]), ""
    if kind == kinds.CORRECTION:
        return letter._replace(recipient=seq), ""
    return letter._replace(state=_ENDS[kind], ended=seq), ""


def _taken_in(letter: ChainLetter | None, seq: int, facts: Mapping[str, Any]) -> tuple[ChainLetter | None, str]:
    """Taken in: anew, or again after it was withdrawn, returned, or its personal part erased."""
    again = facts["kind"] == kinds.CONSIGNMENT_AGAIN
    # Few days and offices, many letters: one text each.
    new = ChainLetter(seq, seq, sys.intern(facts["deadline"]), sys.intern(facts["office"]), facts["test"])
    if letter is None:
        return (None, "it takes in again what no entry before it took in") if again else (new, "")
    if letter.state == "released":
        return letter._replace(imported=seq, recipient=seq), f"it was released before, by entry {letter.ended}"
    if again:
        return new, ""
    # Before there was a kind for it, a letter whose personal part was erased came in again like a new one.
    return new._replace(state=letter.state, ended=letter.ended), f"it was imported before, by entry {letter.imported}"


def _checked(letter: ChainLetter, seq: int, facts: Mapping[str, Any]) -> tuple[ChainLetter, str]:
    if facts["verdict"] != kinds.RELEASE:
        return letter, ""
    if letter.state == "released":
        return letter, f"it was released before, by entry {letter.ended}"
    wrong = "" if letter.state == "waiting" else f"it was {letter.state} before, by entry {letter.ended}"
    return letter._replace(state="released", ended=seq), wrong


def _changes(facts: Mapping[str, Any]) -> bool:
    """A check of a number that nobody knows is recorded as refused; all else needs a letter."""
    return bool(facts["kind"] != kinds.CHECK or facts["verdict"] == kinds.RELEASE)
