"""Files of the package that say the same in several languages: each says all that the English one does.

One that lacks a text would otherwise stop a page in the middle of a visit, in the one language that nobody tried.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from stillscan.errors import InputError


def read_whole(name: str, english: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What a file of this folder says. InputError, with the first key, for one that lacks a text of ``english``."""
    try:
        found = tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"guidance/{name}: {error}") from None
    absent = list(missing(found, english or {}))
    if absent:
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise InputError(f"guidance/{name} lacks the text '{absent[0]}'{more}")
    return found


def missing(own: Any, english: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """The keys of texts that a file has not and the English one has, as "page.title"."""
    for name, text in english.items():
        has = own.get(name) if isinstance(own, dict) else None
        if isinstance(text, dict):
            yield from missing(has, text, f"{where}{name}.")
        elif not isinstance(has, type(text)):
            yield where + name
