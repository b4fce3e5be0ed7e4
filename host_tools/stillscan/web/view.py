"""What the templates show of a visit: texts in one language, nothing that the step does not need."""

from __future__ import annotations

from datetime import date
from typing import Any

from stillscan.counter.as_read import as_read
from stillscan.counter.counter import Scanner
from stillscan.counter.steps import ASIDES, STEPS, Voice
from stillscan.counter.visit import Visit
from stillscan.guidance import page_texts, reason_key, say, say_key, say_reason
from stillscan.guidance.advising import advice_on
from stillscan.guidance.findings import say_finding
from stillscan.guidance.papers import kinds_for
from stillscan.mrz.finding import QualityFinding
from stillscan.verify.known import spoken

_BUSY = ("placed", "still", "scanning", "moved")
"""States of a scanner in which something is happening to a document."""
_AT_THE_GLASS = {"done": "record", "gave_up": "again", "empty": "lay"}
"""Sentences of the customer's screen while a passport is wanted, by the scanner's state; any other is trouble."""


def clerk(visit: Visit, language: str) -> dict[str, Any]:
    """For the clerk's page: the letter and its recipient, never a number of a document."""
    view: dict[str, Any] = {
        "turn": str(visit.turn),
        "step": visit.step,
        "about": visit.about,
        "letter": visit.letter,
        "deadline": "" if visit.letter is None else day(visit.letter.deadline, language),
        "holds_document": visit.holds_document,
        "may_be_left": visit.may_be_left,
        "failure": None,
        "ended": None if visit.ended is None else say(f"reading.{visit.ended}", language),
        "other": visit.asked_first == "another document",
        "next_letter": visit.asked_first == "another letter",
        "document": None,
    }
    if visit.step == "face" and not visit.other:
        view["document"] = _document(visit, language)
    if visit.failure is not None:
        reason, quality = visit.failure
        view["failure"] = _failure(reason, quality, language)
        view["advice"] = advice_on([reason_key(reason), *(f"quality.{found.code}" for found in quality)], language)
    if visit.verdict is not None:
        told = visit.verdict.told
        view |= {
            "verdict": visit.verdict.verdict,
            "reasons": [(key.removeprefix("reason."), say_key(key, language)) for key in visit.told],
            "reference": visit.verdict.reference,
            "known": [spoken(sentences, language) for sentences in visit.advice],
            "advice": advice_on(visit.told, language),
            "lies_at": visit.letter.office if visit.letter is not None and "wrong_office" in told else "",
            "papers": kinds_for(visit.verdict.verdict, told),
        }
    return view


def heading(visit: Visit, language: str) -> str:
    """The question that is open, or how the check ended: what the page, and its window, are called."""
    asides = {"another document": "other_title", "another letter": "other_letter_title"}
    key = f"step_{visit.step}" if visit.asked_first is None else asides[visit.asked_first]
    return page_texts(language)[key if visit.verdict is None else f"verdict_{visit.verdict.verdict}"]


def voice(visit: Visit, scanner: Scanner) -> Voice:
    """Whether the scanner "speaks" beside the question, "shows" only what it scans, or is "silent".

    It speaks when a scan is what is wanted, and when it cannot be used: the page has one voice, and nobody is told to
    lay a passport down while something else is asked.
    """
    if visit.step == "verdict":
        return "silent"
    if scanner.trouble:
        return "speaks"
    how = STEPS[visit.step].voice
    if visit.asked_first is not None:
        how = ASIDES[visit.asked_first].voice
    return "silent" if how == "shows" and scanner.state not in _BUSY else how


def customer(visit: Visit, scanner: Scanner) -> dict[str, Any]:
    """For the second screen: which of a few sentences applies. No personal data, and no reason either.

    One at a time: that a passport is to be laid down, that it must not be touched, or what comes after it.
    """
    facts = STEPS[visit.step] if visit.asked_first is None else ASIDES[visit.asked_first]
    shown = facts.customer or _at_the_glass(visit, scanner)
    if shown == "verdict":
        shown = "release" if visit.verdict is not None and visit.verdict.verdict == "release" else "refuse"
    return {"turn": f"{visit.turn}-{shown}", "visit": str(visit.number), "step": visit.step, "shown": shown}


def _at_the_glass(visit: Visit, scanner: Scanner) -> str:
    """What the customer is told while a passport is wanted, or may be laid down."""
    if scanner.state in ("placed", "still", "scanning"):
        return "hold"
    if scanner.state == "moved":
        return "moved"
    if visit.step == "tracking":
        return "wait"
    if scanner.trouble:
        return "trouble"
    shown = _AT_THE_GLASS.get(scanner.state, "trouble")
    return "again" if shown == "lay" and visit.failure else shown


def day(when: date, language: str) -> str:
    """A date as people write it in this language."""
    return when.strftime(page_texts(language)["date_form"])


def scanner_text(scanner: Scanner, language: str) -> str:
    """What to do now, as far as the scanner knows."""
    return say_key(scanner.trouble or scanner.sentence, language)


def scanner_helps(scanner: Scanner, language: str) -> dict[str, list[str]]:
    """What helps while it cannot be used, by whom; nothing while it can."""
    return advice_on([scanner.trouble], language) if scanner.trouble else {}


def notice_text(scanner: Scanner, language: str) -> str:
    """What the clerk should tell support about a scanner that works, or nothing."""
    return say(scanner.notice, language) if scanner.notice else ""


def records_text(lead: str, key: str, words: str, language: str) -> str:
    """What is wrong with the records, in people's language; ``words`` are the line for support, which is English.

    ``lead`` is the text that says what came of it. A ``key`` that is not about records says everything itself.
    """
    t = page_texts(language)
    if key and not key.startswith("records_"):
        return t[key]
    return f"{t[lead]} {t[key or 'records_refused']} ({t['for_support']} {words})"


def attempt_text(scanner: Scanner, language: str) -> str:
    """Which attempt it is, or "" before the first."""
    return f"{page_texts(language)['attempt']} {scanner.attempt}" if scanner.attempt else ""


def _document(visit: Visit, language: str) -> dict[str, str] | None:
    """Names and date of birth as they were read, for the clerk to compare; never a number."""
    return None if visit.document is None else as_read(visit.document, visit.book.now().date(), language)


def _failure(reason: str, quality: tuple[QualityFinding, ...], language: str) -> list[str]:
    """Why a scan brought nothing, and what to do about it; that it brought nothing is what the scanner says."""
    return [say_reason(reason, language)] + [say_finding(finding, language) for finding in quality]
