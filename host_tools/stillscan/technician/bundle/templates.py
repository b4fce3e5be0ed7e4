"""The lines that stillscan's own source writes into its log, and the sentences of what it raises, as patterns: what is
ours, and what was filled in."""

from __future__ import annotations

import ast
import errno
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from stillscan.files import why
from stillscan.records.errors import of_file
from stillscan.technician.bundle.vocabulary import PACKAGE, sources

_CALLS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
_SLOT = re.compile(r"%([sdr])")
_LEAST_WORDS = 3  # of our own in a sentence: with fewer any text would be one
_CAUSE = "_Cause"  # what a database said, in one line (records/trouble.py); the place comes before it
_OF_CLASS = "__init__"  # of an exception's own class, which says more than whoever raises it
_CONSTANT = re.compile(r"^([A-Z_][A-Z0-9_]*)(?:: \w+)? = (?:(\d{1,5})|\"([^\"\\{}%]+)\") *(?:#.*)?$", re.MULTILINE)
_OF_TOML = ("suffixed_err", "TOMLDecodeError")
_PLACES = ("line %d, column %d", "end of document")
_KEPT = 4096  # sentences whose pattern is known: more than the lines of a log that are read
_LEFT_OUT = re.compile(r" \(repeated lines that were left out: (\d{1,6})\)$")


class Template(NamedTuple):
    """``kinds``: "d" for a number, "s" for a text, of each slot; ``literals``: what stands around them."""

    kinds: tuple[str, ...]
    literals: tuple[str, ...]

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """The slots of a text that was made of it. Of a thousand templates a text holds the words of a few."""
        return _pattern(self).fullmatch(text) if all(literal in text for literal in self.literals) else None


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
        found = template.fullmatch(message)
        if found is not None:
            return Matched(template, found.groups(), int(repeated[1]) if repeated else 0)
    return None


@cache
def _sentences() -> list[Template]:
    """Of exceptions, the most telling first."""
    said = (text for path in sources() for _, text in _raised(path.read_text(encoding="utf-8")))
    found = {text for text in said if _telltale(text)}
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
        found = template.fullmatch(text)
        if found is not None:
            return Matched(template, found.groups(), 0)
    return None


def _template(text: str) -> Template:
    parts = _SLOT.split(text)
    literals, kinds = tuple(parts[::2]), tuple("d" if kind == "d" else "s" for kind in parts[1::2])
    return Template(kinds, literals)


@cache
def _pattern(template: Template) -> re.Pattern[str]:
    slots = [r"(-?\d{1,5})" if kind == "d" else "(.*?)" for kind in template.kinds]
    return re.compile("".join(re.escape(one) + slot for one, slot in zip(template.literals, [*slots, ""], strict=True)))


def _of(source: str) -> list[str]:
    """The texts that a module's calls of its log begin with."""
    if "_LOG." not in source and "_log." not in source:
        return []
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    logged = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in _CALLS]
    texts = [next((a.value for a in call.args if isinstance(a, ast.Constant)), None) for call in logged]
    return [text for text in texts if isinstance(text, str) and text]


def _raised(source: str) -> Iterator[tuple[ast.Call, str]]:
    """What a module's exceptions say, with a slot for each value."""
    if "Error(" not in source and f"{_CAUSE}(" not in source:
        return
    ours = _public() | _constants(source)
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if (name.endswith("Error") or name in (_CAUSE, _OF_CLASS)) and (text := _said(call.args[0], ours)):
            yield call, f"%s: {text}" if name == _CAUSE else text


@cache
def records_troubles() -> list[tuple[str, Template]]:
    """What a kiosk says that cannot write its records: the kind (records/errors.py) and the sentence of each."""
    sentences = [
        (text, kind)
        for path in sorted((PACKAGE / "records").glob("*.py"))
        for call, text in _raised(path.read_text(encoding="utf-8"))
        if (kind := _kind(call))
    ]
    told = dict(sentences)
    return [(told[text], _template(text)) for text in sorted(told, key=_telling) if _words(text) >= _LEAST_WORDS]


def kind_of_file(said: str) -> str:
    """The kind of what a kiosk says of a file beside its records ("FILE: why"), "" for what no system says."""
    return _of_files().get(said.rpartition(": ")[2], "")


@cache
def _of_files() -> dict[str, str]:
    said = [OSError(number, os.strerror(number)) for number in errno.errorcode]
    return {why(error): of_file(Path(), error).kind for error in said}


def _kind(call: ast.Call) -> str:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if name in ("RecordsError", _CAUSE, _OF_CLASS) and len(call.args) > 1:
        kind = str(call.args[1].value) if isinstance(call.args[1], ast.Constant) else ""
        return "" if kind == "pin" else kind  # one person's
    return {"OutcomeUnknownError": "outcome", _CAUSE: "refused"}.get(name, "")


def _constants(source: str) -> dict[str, str]:
    """A module's own constants that are numbers or texts: they stand in its sentences as they are."""
    return {found[1]: found[2] or found[3] for found in _CONSTANT.finditer(source)}


@cache
def _public() -> dict[str, str]:
    """Those that other modules may import, where a name is of one value."""
    values: dict[str, set[str]] = {}
    for path in sources():
        for name, value in _constants(path.read_text(encoding="utf-8")).items():
            values.setdefault(name, set()).add(value)
    return {name: value for name, (value, *more) in values.items() if not more and not name.startswith("_")}


def _said(node: ast.expr, ours: Mapping[str, str] = MappingProxyType({})) -> str:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else _slot(part, ours) for part in parts)


def _slot(part: ast.expr, ours: Mapping[str, str]) -> str:
    """A number where the source says that it is one: f"{status:d}"."""
    if not isinstance(part, ast.FormattedValue):
        return "%s"
    if part.format_spec is None and isinstance(part.value, ast.Name) and part.value.id in ours:
        return ours[part.value.id]
    form = part.format_spec.values if isinstance(part.format_spec, ast.JoinedStr) else []
    return "%d" if [getattr(one, "value", "") for one in form] == ["d"] else "%s"
