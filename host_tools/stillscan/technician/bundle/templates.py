"""The lines that stillscan's own source writes into its log, and the sentences of what it raises, as patterns: what is
ours, and what was filled in."""

from __future__ import annotations

import ast
import errno
import os
import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from stillscan.technician.bundle.vocabulary import PACKAGE, sources

_CALLS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
_SLOT = re.compile(r"%([sdr])")
_LEAST_WORDS = 3  # of our own in a sentence: with fewer any text would be one
_CAUSE = "_Cause"  # what a database said, in one line (records/trouble.py); the place comes before it
_OF_TOML = ("suffixed_err", "TOMLDecodeError")
_PLACES = ("line %d, column %d", "end of document")
_KEPT = 4096  # sentences whose pattern is known: more than the lines of a log that are read
_LEFT_OUT = re.compile(r" \(repeated lines that were left out: (\d{1,6})\)$")


class Template(NamedTuple):
    """``kinds``: "d" for a number, "s" for a text, of each slot; ``literals``: what stands around them."""

    pattern: re.Pattern[str]
    kinds: tuple[str, ...]
    literals: tuple[str, ...]


class Matched(NamedTuple):
    """A message: the template, and what was filled in; ``left_out``: how many like it the log left out."""

    template: Template
    slots: tuple[str, ...]
    left_out: int


@cache
def templates() -> list[Template]:
    """The most telling first."""
    found = {text for path in sources() for text in _of(path.read_text(encoding="utf-8"))}
    return [_template(text) for text in sorted(found, key=_telling)]


def matched(message: str) -> Matched | None:
    """Which template a message was made of; None for one of a library, or of another version."""
    repeated = _LEFT_OUT.search(message)
    if repeated is not None:
        message = message[: repeated.start()]
    for template in templates():
        found = template.pattern.fullmatch(message)
        if found is not None:
            return Matched(template, found.groups(), int(repeated[1]) if repeated else 0)
    return None


@cache
def _sentences() -> list[Template]:
    """Of exceptions, the most telling first."""
    found = {text for path in sources() for text in _raised(path.read_text(encoding="utf-8")) if _telltale(text)}
    return [_template(text) for text in sorted(found | _of_toml() | _of_system(), key=_telling)]


def _telltale(text: str) -> bool:
    """Enough of our own, or nothing that could be somebody else's but a number of five digits."""
    return _words(text) >= _LEAST_WORDS or ("%d" in text and "%s" not in text and _words(text) > 0)


def _of_toml() -> set[str]:
    """What Python says of a TOML file that cannot be read, with the file before it and the place behind it."""
    tree = ast.parse((Path(tomllib.__file__).with_name("_parser.py")).read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    said = {_said(one) for call in calls if getattr(call.func, "id", "") in _OF_TOML for one in call.args}
    return {f"%s: {text} (at {place})" for text in said if _words(text) and "(at" not in text for place in _PLACES}


def _of_system() -> set[str]:
    """What a system says of files and ports, as Python hands it on and as stillscan writes it."""
    said = {os.strerror(number) for number in errno.errorcode}
    return {text for one in said for text in (one, one.lower())}


def _words(text: str) -> int:
    return len(re.findall(r"[A-Za-z]{2,}", _SLOT.sub("", text)))


def _telling(text: str) -> tuple[int, str]:
    return -len(_SLOT.sub("", text)), text


@lru_cache(_KEPT)
def sentence(text: str) -> Matched | None:
    """Which sentence of an exception of ours a text is; None for others."""
    for template in _sentences():
        found = template.pattern.fullmatch(text)
        if found is not None:
            return Matched(template, found.groups(), 0)
    return None


def _template(text: str) -> Template:
    parts = _SLOT.split(text)
    literals, kinds = tuple(parts[::2]), tuple("d" if kind == "d" else "s" for kind in parts[1::2])
    slots = [r"(-?\d{1,5})" if kind == "d" else "(.*?)" for kind in kinds]
    pattern = "".join(re.escape(literal) + slot for literal, slot in zip(literals, [*slots, ""], strict=True))
    return Template(re.compile(pattern), kinds, literals)


def _of(source: str) -> list[str]:
    """The texts that a module's calls of its log begin with."""
    if "_LOG." not in source and "_log." not in source:
        return []
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    logged = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in _CALLS]
    texts = [next((a.value for a in call.args if isinstance(a, ast.Constant)), None) for call in logged]
    return [text for text in texts if isinstance(text, str) and text]


def _raised(source: str) -> list[str]:
    """What a module's exceptions say, with a slot for each value."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and node.args]
    said = [(getattr(call.func, "id", getattr(call.func, "attr", "")), _said(call.args[0])) for call in calls]
    told = [(name, text) for name, text in said if text and (name.endswith("Error") or name == _CAUSE)]
    return [f"%s: {text}" if name == _CAUSE else text for name, text in told]


@cache
def records_troubles() -> list[tuple[str, Template]]:
    """What a kiosk says that cannot write its records: the kind (records/errors.py) and the sentence of each."""
    calls = [
        node
        for path in sorted((PACKAGE / "records").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args
    ]
    told = {text: kind for call in calls if (kind := _kind(call)) for text in _raised(ast.unparse(call))[:1]}
    return [(told[text], _template(text)) for text in sorted(told, key=_telling) if _words(text) >= _LEAST_WORDS]


def _kind(call: ast.Call) -> str:
    name = getattr(call.func, "id", "")
    if name in ("RecordsError", _CAUSE) and len(call.args) > 1:
        kind = str(call.args[1].value) if isinstance(call.args[1], ast.Constant) else ""
        return "" if kind == "pin" else kind  # one person's
    return {"OutcomeUnknownError": "outcome", _CAUSE: "refused"}.get(name, "")


def _said(node: ast.expr) -> str:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else _slot(part) for part in parts)


def _slot(part: ast.expr) -> str:
    """A number where the source says that it is one: f"{status:d}"."""
    form = part.format_spec if isinstance(part, ast.FormattedValue) else None
    number = isinstance(form, ast.JoinedStr) and [getattr(one, "value", "") for one in form.values] == ["d"]
    return "%d" if number else "%s"
