"""Templates and what they show: the frame of every page, and the visit as it stands now."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from stillscan.counter.counter import Counter
from stillscan.guidance import language_name, languages, page_texts
from stillscan.technician.glass import Glass
from stillscan.web.service_view import wipe
from stillscan.web.view import clerk, customer, notice_text, records_text, scanner_text


class Rendering:
    """The templates of one counter's pages."""

    def __init__(self, counter: Counter, glass: Glass | None = None) -> None:
        """``glass``: what the clerk is asked to wipe."""
        self._counter = counter
        self._glass = glass
        self._templates = Environment(
            loader=PackageLoader("stillscan.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

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
        """The visit and the scanner, for the clerk, or for the customer."""
        counter = self._counter
        shown = counter.look(
            lambda visit, scanner: {
                "view": (customer(visit, scanner) if template.startswith("customer") else clerk(visit, language)),
                "scanner": scanner,
                "scanner_text": scanner_text(scanner, language),
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
        return self.render(
            template, language, **{"problem": None, "stale": False, "wipe": wipe(self._glass), **shown, **values}
        )
