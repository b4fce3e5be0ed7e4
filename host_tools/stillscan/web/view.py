"""What the templates show of a visit: texts in one language, nothing that the step does not need."""

from __future__ import annotations

from typing import Any

from stillscan.counter.as_read import as_read
from stillscan.counter.counter import Scanner
from stillscan.counter.visit import Visit
from stillscan.guidance import page_texts, say, say_or_name, say_reason
from stillscan.guidance.findings import say_finding
from stillscan.mrz.finding import QualityFinding

_SHOWN = {"tracking": "wait", "second": "second", "face": "face", "recording": "record", "unknown": "record"}


def clerk(visit: Visit, language: str) -> dict[str, Any]:
    """For the clerk's page: the letter and its recipient, never a number of a document."""
    view: dict[str, Any] = {
        "turn": str(visit.turn),
        "step": visit.step,
        "letter": visit.letter,
        "holds_document": visit.holds_document,
        "may_be_left": visit.may_be_left,
        "failure": None,
        "ended": None if visit.ended is None else say(f"reading.{visit.ended}", language),
        "other": visit.other,
        "document": None,
    }
    if visit.step == "face" and not visit.other:
        view["document"] = _document(visit, language)
    if visit.failure is not None:
        view["failure"] = _failure(*visit.failure, language)
    if visit.verdict is not None:
        view |= {
            "verdict": visit.verdict.verdict,
            "reasons": [(reason, say(f"reason.{reason}", language)) for reason in visit.verdict.told],
            "reference": visit.verdict.reference,
            "advice": [spoken[language] for spoken in visit.advice if language in spoken],
        }
    return view


def customer(visit: Visit, scanner: Scanner) -> dict[str, Any]:
    """For the second screen: which of a few sentences applies. No personal data, and no reason either."""
    shown = _SHOWN.get(visit.step, "scan")
    if visit.step == "verdict":
        shown = "release" if visit.verdict is not None and visit.verdict.verdict == "release" else "refuse"
    elif visit.step == "tracking" and scanner.state not in ("start", "empty", "fault"):
        shown = "scan"
    return {"turn": f"{visit.turn}-{shown}", "step": visit.step, "shown": shown}


def scanner_text(scanner: Scanner, language: str) -> str:
    """What to do now, as far as the scanner knows."""
    section, _, name = (scanner.trouble or scanner.sentence).partition(".")
    return say_or_name(section, name, language)


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
    """Why a scan brought nothing, and what to do about it."""
    said = [say("state.gave_up", language), say_reason(reason, language)]
    return said + [say_finding(finding, language) for finding in quality]
