"""A language from outside the package: a file CODE.toml that somebody named, or that another package brings."""

from __future__ import annotations

import string
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from stillscan.errors import InputError
from stillscan.files import located_toml
from stillscan.own_python import loaded

GROUP = "stillscan.languages"
"""Of entry points: by a language's code a package of Python, beside whose modules lies CODE.toml."""


@cache
def registered() -> dict[str, Path]:
    """The files of languages that other packages bring, by code."""
    from importlib.metadata import entry_points  # every command says something, and few in a language from outside

    found = {point.name: Path(str(loaded(point).__file__)) for point in entry_points(group=GROUP)}
    return {code: module.parent / f"{code}.toml" for code, module in found.items()}


def read_language(path: Path, english: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Everything that it says, by the keys of ``english``.

    The English sentences stand for those that it lacks, because a newer version of the package says more. InputError
    with file and line for a text that nobody asks for, for what is none, and for other values in braces than there.
    """
    file = located_toml(path)

    def taken(english: Mapping[str, Any], own: Any, where: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(own, dict):
            raise file.wrong(f"'{'.'.join(where)}' is no table", *where)
        for name in own:
            if name not in english:
                raise file.wrong(f"no text is called '{'.'.join((*where, name))}'", *where, name)
        return {name: text(english[name], own.get(name, english[name]), (*where, name)) for name in english}

    def text(english: Any, own: Any, where: tuple[str, ...]) -> Any:
        if isinstance(english, dict):
            return taken(english, own, where)
        if not isinstance(own, str) or not own.strip():
            raise file.wrong(f"'{'.'.join(where)}' is no text", *where)
        if _values(own) != _values(english):
            told = ", ".join(f"{{{name}}}" for name in sorted(_values(english) or ())) or "none"
            raise file.wrong(f"'{'.'.join(where)}': values in braces are those of the English text: {told}", *where)
        return own

    found = taken(english, file.table, ())
    if "name" not in file.table.get("language", {}):
        raise InputError(f'{path}: says in [language] what it calls itself: name = "..."')
    return found


def _values(text: str) -> set[str] | None:
    """Names in braces; None for braces that do not fit together."""
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:
        return None
