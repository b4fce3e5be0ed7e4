"""The page's own texts by language, from one TOML file a language."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


@cache
def texts(language: str) -> dict[str, str]:
    """All texts of the page in a language that the guidance has."""
    return tomllib.loads((files(__package__) / "text_files" / f"{language}.toml").read_text(encoding="utf-8"))
