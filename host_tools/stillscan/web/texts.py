"""The page's own texts by language, from one TOML file a language; whatever they lack is a sentence of the guidance."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from stillscan.guidance import UnknownTextError, say


@cache
def texts(language: str) -> dict[str, str]:
    """All texts of the page in a language that the guidance has."""
    return tomllib.loads((files(__package__) / "text_files" / f"{language}.toml").read_text(encoding="utf-8"))


def spoken(key: str, language: str) -> str:
    """A sentence of the guidance, or its bare name where a newer scanner says what this version has no words for."""
    try:
        return say(key, language)
    except UnknownTextError:
        return key.partition(".")[2]
