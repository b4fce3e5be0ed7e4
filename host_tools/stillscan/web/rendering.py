"""Templates and what they show: the frame of every page, and the visit as it stands now."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined

from stillscan.counter.counter import Counter
from stillscan.guidance import language_name, languages, page_texts
from stillscan.guidance.catalogue import problem_text, sections
from stillscan.guidance.customers import customer_languages, customer_texts
from stillscan.records.tracking import MOST_SCANNED
from stillscan.technician.glass import Glass
from stillscan.web.service_view import wipe
from stillscan.web.view import clerk, customer, heading, notice_text, records_text, scanner_helps, scanner_text, voice


@cache
def _templates() -> Environment:
    """Of all counters of a program: each template is compiled once."""
    made = Environment(
        loader=PackageLoader("stillscan.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    made.globals["most_scanned"] = MOST_SCANNED
    return made


class TourLetter(Protocol):
    """A letter of a trial as the page lists it; ``shows`` is a key of the guidance."""

    @property
    def tracking(self) -> str: ...
    @property
    def recipient(self) -> str: ...
    @property
    def second(self) -> str: ...
    @property
    def shows(self) -> str: ...


class Rendering:
    """The templates of one counter's pages."""

    def __init__(self, counter: Counter, glass: Glass | None = None, tour: Sequence[TourLetter] = ()) -> None:
        """``glass``: what the clerk is asked to wipe. ``tour``: the letters of a trial, which the page lists.

        InputError for a language in which something could not be said: at the start, and not in the middle of a visit.
        """
        for code in languages():
            sections(code)
        for code in customer_languages():
            customer_texts(code)
        self._counter = counter
        self._glass = glass
        self._tour = tour
        self._templates = _templates()

    def render(self, template: str, language: str, **values: Any) -> str:
        """A page that shows nothing of the visit but what ``values`` hold. ``here``: its own address."""
        frame = {
            "language": language,
            "names": [(code, language_name(code)) for code in languages()],
            "boot": self._counter.boot,
            "t": page_texts(language),
            "test_mode": self._counter.test_mode,
            "here": "/",
        }
        return self._templates.get_template(template).render(frame | values)

    def visit(self, template: str, language: str, **values: Any) -> str:
        """The visit and the scanner, for the clerk."""
        counter = self._counter
        shown = counter.look(
            lambda visit, scanner: {
                "view": clerk(visit, language),
                "heading": heading(visit, language),
                "scanner": scanner,
                "voice": voice(visit, scanner),
                "tour": self._tour,
                "tour_texts": sections(language)["tour"],
                "scanner_text": scanner_text(scanner, language),
                "helps": scanner_helps(scanner, language),
                "notice": notice_text(scanner, language),
                "records_text": counter.records_trouble
                and records_text(
                    "unknown_do" if visit.step == "unknown" else "records",
                    counter.records_sentence,
                    counter.records_trouble,
                    language,
                ),
            }
        )
        fixed = {"problem": None, "stale": False, "typed": {}, "refused": "", "wipe": wipe(self._glass)}
        values = {**fixed, **shown, **values}
        problem = values["problem"] and problem_text(values["problem"], language, counter.test_mode)
        return self.render(template, language, problem_text=problem, **values)

    def customer(self, template: str, language: str) -> str:
        """The customer's screen, or what changes on it, in a language of its own."""
        shown = self._counter.look(customer)
        named = [
            (code, customer_texts(code)["name"], customer_texts(code)["direction"]) for code in customer_languages()
        ]
        return self._templates.get_template(template).render(
            view=shown,
            t=customer_texts(language),
            language=language,
            names=named,
            test_mode=self._counter.test_mode,
        )
