"""The centre's templates: its own, and for signing in those of the kiosk's page."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from stillscan.fleet.views import percent
from stillscan.guidance import language_name, languages, page_texts
from stillscan.guidance.catalogue import sections
from stillscan.records.staff import Person
from stillscan.records.tracking import MOST_SCANNED

SECTIONS = {"/": "kiosks", "/series": "passports", "/versions": "versions", "/week": "week", "/known": "known"}
"""The parts of the page, by their addresses."""


@cache
def _templates() -> Environment:
    """Of all centres of a program: each template is compiled once."""
    loader = ChoiceLoader([PackageLoader("stillscan.fleet"), PackageLoader("stillscan.web")])
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    made.globals["most_scanned"] = MOST_SCANNED  # of the form to sign in
    made.filters |= {"percent": percent, "path": lambda text: quote(text, safe="")}
    return made


class Rendering:
    """The templates of one centre. ``boot``: random, of this run of the program."""

    def __init__(self) -> None:
        """InputError for a language in which something could not be said."""
        for code in languages():
            sections(code)
        self.boot = secrets.token_hex(4)
        self._templates = _templates()

    def render(self, template: str, language: str, **values: Any) -> str:
        """A page. ``here``: its own address."""
        frame = {
            "language": language,
            "names": [(code, language_name(code)) for code in languages()],
            "boot": self.boot,
            "t": page_texts(language) | sections(language)["fleet"],
            "test_mode": False,
            "here": "/",
            "parts": SECTIONS,
            "person": None,
        }
        return self._templates.get_template(template).render(frame | values)

    def take_over(self, person: Person, signed_in: Callable[[str], bool], /) -> None:
        """Nothing is open here that could be taken over."""
