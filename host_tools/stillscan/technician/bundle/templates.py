"""The lines that stillscan's own source writes into its log, as patterns: what is ours, and what was filled in."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import NamedTuple

from stillscan.technician.bundle.vocabulary import sources

_CALLS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
_SLOT = re.compile(r"%([sdr])")
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
    ranked = sorted(found, key=lambda text: (-len(_SLOT.sub("", text)), text))
    return [_template(text) for text in ranked]


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
