"""On which line of a TOML file each value stands: who wrote it is told where to look.

Only for text that `tomllib` has taken: what is no TOML is not looked for again.
"""

from __future__ import annotations

import re
import tomllib

Path = tuple[str | int, ...]
"""Keys, and numbers of elements from 0: ("steps", 2, "slide", "over_ms")."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.S)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN = re.compile(r"[^,\]}#\n]+")


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, of every table, array and value."""
    walk = _Walk(text)
    walk.document()
    return walk.lines


def line_at(lines: dict[Path, int], path: Path) -> int:
    """The line of this value, or of the nearest one around it that stands in the file; 1 for the whole."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


class _Walk:
    """From the beginning to the end; ``at`` is the place that is looked at."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counted, self._line = 0, 1
        self._arrays: dict[Path, int] = {}  # tables so far, by [[header]]
        self.lines: dict[Path, int] = {}

    def document(self) -> None:
        base: Path = ()
        while self._blank():
            if not self._is("["):
                self._pair(base)
                continue
            array = self._is("[[")
            self._at += 1 + array
            base = self._entered(self._keys(), array)
            self._at += 1 + array

    def _entered(self, keys: list[str], array: bool) -> Path:
        """The table that a header names; in an array of tables the newest, or one more."""
        path: Path = ()
        for number, key in enumerate(keys):
            path = (*path, key)
            if array and number == len(keys) - 1:
                self._arrays[path] = self._arrays.get(path, 0) + 1
            if path in self._arrays:
                self._note(path)
                path = (*path, self._arrays[path] - 1)
            self._note(path)
        return path

    def _pair(self, base: Path) -> None:
        path = base
        for key in self._keys():
            path = (*path, key)
            self._note(path)
        self._at += 1  # the sign "="
        self._value(path)

    def _keys(self) -> list[str]:
        found: list[str] = []
        while True:
            self._blank()
            match = _BARE.match(self._text, self._at) or _STRING.match(self._text, self._at)
            assert match is not None
            self._at = match.end()
            found.append(next(iter(tomllib.loads(f"{match[0]} = 0"))))
            self._blank()
            if not self._is("."):
                return found
            self._at += 1

    def _value(self, path: Path) -> None:
        self._blank()
        if self._is("["):
            self._inside("]", path)
        elif self._is("{"):
            self._inside("}", path)
        else:
            match = _STRING.match(self._text, self._at) or _PLAIN.match(self._text, self._at)
            assert match is not None
            self._at = match.end()

    def _inside(self, end: str, path: Path) -> None:
        """An array or a table within braces."""
        self._at += 1
        number = 0
        while self._blank() and not self._is(end):
            if self._is(","):
                self._at += 1
            elif end == "}":
                self._pair(path)
            else:
                self._note((*path, number))
                self._value((*path, number))
                number += 1
        self._at += 1

    def _blank(self) -> bool:
        """Go to what is no blank and no remark; whether there is any."""
        match = _BLANK.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        return self._at < len(self._text)

    def _is(self, sign: str) -> bool:
        return self._text.startswith(sign, self._at)

    def _note(self, path: Path) -> None:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        self.lines.setdefault(path, self._line)
