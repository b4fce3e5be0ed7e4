"""Known-problem passports: advice for the clerk by issuer, document code and dates. It changes no verdict."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from stillscan.errors import InputError
from stillscan.files import read_toml
from stillscan.verify.document import MrzFacts

LANGUAGES = ("nb", "nn", "en")
"""In which the package's own list, and what a centre makes, tell their advice; an office's own list may have fewer, or
others."""
_LANGUAGE = re.compile("[a-z]{2,3}")  # ISO 639
_TEXTS = ("issuer", "code", "source")
_DATES = ("expires_from", "expires_to", "seen_from", "seen_to")


@dataclass(frozen=True)
class Known:
    """One entry of a list; "" and None match everything. Dates include their day."""

    advice: Mapping[str, str]
    issuer: str = ""
    code: str = ""
    source: str = ""
    expires_from: date | None = None
    expires_to: date | None = None
    seen_from: date | None = None
    seen_to: date | None = None

    def fits(self, mrz: MrzFacts, today: date) -> bool:
        """Whether it is about this document, today."""
        if (self.issuer and self.issuer != mrz.issuer) or (self.code and self.code != mrz.document_code):
            return False
        if not _within(today, self.seen_from, self.seen_to):
            return False
        if self.expires_from is None and self.expires_to is None:
            return True
        expiry = mrz.expiry_date()
        return expiry is not None and _within(expiry, self.expires_from, self.expires_to)


def own_list() -> tuple[Known, ...]:
    """The list that the package brings."""
    return tuple(_entries(tomllib.loads((files(__package__) / "known.toml").read_text(encoding="utf-8")), "known.toml"))


def read_list(path: Path) -> tuple[Known, ...]:
    """An office's own list. InputError names the entry that cannot be used."""
    return tuple(_entries(read_toml(path), str(path)))


def lists(office: str | None) -> tuple[Known, ...]:
    """The package's list, and the office's own if one is named. InputError."""
    return (*own_list(), *(read_list(Path(office)) if office else ()))


def parse_list(content: bytes, source: str) -> tuple[Known, ...]:
    """A list that came as bytes; ``source`` is what messages call it. InputError as ``read_list``."""
    try:
        table = tomllib.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        raise InputError(f"{source}: is no TOML file") from None
    return tuple(_entries(table, source))


def advice(lists: Sequence[Known], mrz: MrzFacts, today: date) -> list[Mapping[str, str]]:
    """What to tell the clerk about this document: a sentence by language for each entry that fits."""
    return [known.advice for known in lists if known.fits(mrz, today)]


def spoken(sentences: Mapping[str, str], language: str) -> str:
    """The advice in this language; in English, or else in the first that it has, where it lacks it."""
    return sentences.get(language) or sentences.get("en") or next(iter(sentences.values()))


def _entries(table: dict[str, Any], source: str) -> Iterator[Known]:
    if set(table) - {"passport"} or not isinstance(table.get("passport", []), list):
        raise InputError(f"{source}: holds [[passport]] entries and nothing else")
    for number, entry in enumerate(table.get("passport", []), start=1):
        if wrong := _wrong(entry):
            raise InputError(f"{source}: entry {number}: {wrong}")
        yield Known(**entry)


def _wrong(entry: Any) -> str | None:
    if not isinstance(entry, dict):
        return "is no table"
    if unknown := sorted(set(entry) - {"advice", *_TEXTS, *_DATES}):
        return f"no field is called {', '.join(unknown)}"
    told = entry.get("advice")
    if not isinstance(told, dict) or not told:
        return "needs advice in one language at least, for example advice.nb"
    if unknown := sorted(code for code in told if not _LANGUAGE.fullmatch(code)):
        return f"no language has the code {', '.join(unknown)}"
    if not all(isinstance(sentence, str) and sentence.strip() for sentence in told.values()):
        return "its advice is no text"
    for name in _TEXTS:
        if not isinstance(entry.get(name, ""), str):
            return f"{name} is no text"
    for name in _DATES:
        if name in entry and type(entry[name]) is not date:
            return f"{name} is no date YYYY-MM-DD"
    return None


def _within(day: date, first: date | None, last: date | None) -> bool:
    return (first is None or day >= first) and (last is None or day <= last)
