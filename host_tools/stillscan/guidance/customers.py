"""The customer's screen in the customer's own language: one file a language (customer/), with the same keys.

More languages than the clerk's page has: it is guidance alone, in few words.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from stillscan.guidance.whole import read_whole

_FIRST = ("nb", "nn", "en")
"""These are offered first: they are the clerk's too."""


@cache
def customer_languages() -> tuple[str, ...]:
    """Codes of the languages that customers choose from (ISO 639-1)."""
    names = sorted(entry.name.removesuffix(".toml") for entry in (files(__package__) / "customer").iterdir())
    return (*(name for name in _FIRST if name in names), *(name for name in names if name not in _FIRST))


@cache
def customer_texts(language: str) -> dict[str, str]:
    """Its sentences by name, the language's own name (``name``) and how it is written (``direction``: ltr, rtl).

    InputError for a file that lacks a text.
    """
    return read_whole(f"customer/{language}.toml", None if language == "en" else customer_texts("en"))
