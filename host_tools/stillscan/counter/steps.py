"""The visit as a table: of each step what is asked, what scanner, glass and keys do, and which step may follow.

`visit.Visit` carries it out; page, customer's screen and documentation are read off this table, and tests hold them
to it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Step = Literal["tracking", "scan", "second", "face", "recording", "unknown", "verdict"]
Aside = Literal["another document", "another letter"]
Voice = Literal["speaks", "shows", "silent"]


class StepFacts(NamedTuple):
    """Of one step, or of a question that comes before a step's own (`ASIDES`; ``then``: what follows its answers).

    ``voice``: of a scanner that works; one that cannot be used speaks at every step but the last. ``keys``: what a key
    does, by its name in a browser; the buttons of the page show them. ``customer``: the sentence of the customer's
    screen, or "" when what the scanner does decides it. ``then``: the steps that may follow.
    """

    asked: str
    voice: Voice
    glass: str
    keys: dict[str, str]
    customer: str
    then: tuple[Step, ...]


STEPS: dict[Step, StepFacts] = {
    "tracking": StepFacts(
        "which letter?",
        "shows",
        "a passport may be laid down first: it is kept, and said",
        {"F2": "break off"},
        "",
        ("scan", "second", "face", "recording"),
    ),
    "scan": StepFacts(
        "the passport",
        "speaks",
        "what is read is judged; what is not is said with what to do",
        {"F2": "break off", "F4": "end with a record"},
        "",
        ("second", "face", "recording", "tracking"),
    ),
    "second": StepFacts(
        "a second document",
        "silent",
        "another document is asked about; nothing else changes the visit",
        {"F2": "break off", "F4": "there is none: end with a record"},
        "second",
        ("face", "scan", "recording", "tracking"),
    ),
    "face": StepFacts(
        "the same person?",
        "silent",
        "another document is asked about; nothing else changes the visit",
        {"F2": "break off", "F4": "end with a record", "F8": "yes", "F9": "no"},
        "face",
        ("recording", "scan", "tracking"),
    ),
    "recording": StepFacts(
        "nothing: the check is being recorded",
        "silent",
        "nothing",
        {},
        "record",
        ("verdict", "unknown", "scan", "second", "face"),
    ),
    "unknown": StepFacts(
        "nothing: whether it was recorded is asked until it is known",
        "silent",
        "nothing",
        {},
        "record",
        ("verdict", "scan", "second", "face"),
    ),
    "verdict": StepFacts(
        "nothing: how the check ended, and what helps",
        "silent",
        "nothing",
        {"F2": "the next customer"},
        "verdict",
        ("tracking", "scan", "recording"),
    ),
}

ASIDES: dict[Aside, StepFacts] = {
    "another document": StepFacts(
        "which document counts?",
        "silent",
        "nothing, until it is answered",
        {"F2": "break off", "F4": "end with a record", "F8": "the one that was read", "F9": "scan anew"},
        "trouble",
        ("second", "face", "scan"),
    ),
    "another letter": StepFacts(
        "which letter is served?",
        "silent",
        "as at the step",
        {"F8": "this one goes on", "F9": "the other: break off, and begin with it"},
        "trouble",
        ("scan", "second", "face", "tracking"),
    ),
}
"""Questions that come up in the middle of a step, and before its own."""
