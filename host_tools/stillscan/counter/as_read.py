"""What was read of a person, for the clerk to hold against the data page in her hand: names and date of birth."""

from __future__ import annotations

from datetime import date

from stillscan.guidance import page_texts
from stillscan.mrz.parse import Mrz


def as_read(mrz: Mrz, today: date, language: str) -> dict[str, str]:
    """Names and date of birth as an MRZ has them; a date that is unknown in part as it is printed. Personal data."""
    birth = mrz.birth_date(today)
    return {
        "surname": mrz.primary.replace("<", " "),
        "given": mrz.secondary.replace("<", " "),
        "birth": mrz.birth if birth is None else birth.strftime(page_texts(language)["date_form"]),
    }
