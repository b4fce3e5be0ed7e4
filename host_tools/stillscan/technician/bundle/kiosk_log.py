"""The kiosk's log, line by line through the gate: times, levels, modules, our own words and numbers of five digits."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from stillscan import errors
from stillscan.log import FILES_KEPT
from stillscan.technician.bundle.plain import Plain, plausible
from stillscan.technician.bundle.templates import Matched, matched, sentence
from stillscan.technician.bundle.vocabulary import PACKAGE, sources

MOST_LINES = 4000
"""The newest: three days of a counter with 200 checks a day, and 300 kB, which a zip makes a tenth of."""
_TAIL_BYTES = 1_000_000  # of each file: more than so many lines take
_LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (DEBUG|INFO|WARNING|ERROR|CRITICAL) +([\w.]+): (.*)")
_PLACE = re.compile(r"    (.+):(\d{1,5}) in (\w+|<\w+>)")
_ERROR = re.compile(r"  (\w+)(?:: (.*))?")
_NO_TIME = "0000-00-00T00:00:00.000Z"  # of a clock that was wrong by years, or of no log at all
_MOST_MESSAGE = 1000  # letters: what the log writes is shorter, and a line without end costs no time
_LIBRARIES = ("asyncio", "sqlalchemy", "uvicorn", "PIL", "serial", "warnings", "root")


class KioskLog:
    """``lines`` of a log, cleaned."""

    def __init__(self, plain: Plain) -> None:
        self._plain = plain
        self.strange = 0
        """Lines that are none of stillscan's log: they were left out."""

    def lines(self, file: Path) -> list[str]:
        """Oldest first. OSError."""
        found: list[str] = []
        for path in (file, *(Path(f"{file}.{number}") for number in range(1, FILES_KEPT + 1))):
            if path != file and not path.is_file():
                break
            found = [*_tail(path), *found]
            if len(found) >= MOST_LINES:
                break
        return list(self._cleaned(found[-MOST_LINES:]))

    def _cleaned(self, lines: list[str]) -> Iterator[str]:
        for line in lines:
            clean = self._line(line.rstrip("\n"))
            if clean is None:
                self.strange += 1
            else:
                yield clean

    def _line(self, line: str) -> str | None:
        found = _LINE.search(line)
        if found is not None:
            time, level, module, message = found.groups()
            time = time if plausible(time) else _NO_TIME
            return f"{time} {level:<7} {self._module(module)}: {self.message(message)}"
        place = _PLACE.search(line)
        if place is not None:
            return f"    {_place(*place.groups())}"
        error = _ERROR.fullmatch(line)
        if error is not None and _is_error(error[1]):
            return f"  {error[1]}" + (f": {self._sentence(error[2])}" if error[2] else "")
        return None

    def _module(self, name: str) -> str:
        return name if name in _modules() else self._plain.text(name)

    def message(self, message: str) -> str:
        """Our own words, numbers where our own source puts a number, and stand-ins for the rest."""
        message = message[:_MOST_MESSAGE]
        found = matched(message)
        return self._sentence(message) if found is None else self._filled(found)

    def _filled(self, found: Matched) -> str:
        shown = ""
        for literal, kind, slot in zip(found.template.literals, found.template.kinds, found.slots, strict=False):
            shown += literal + (slot if kind == "d" else self._slot(slot))
        shown += found.template.literals[-1]
        return shown + (f" (repeated lines that were left out: {found.left_out})" if found.left_out else "")

    def _slot(self, slot: str) -> str:
        lead = slot[: len(slot) - len(slot.lstrip())]
        return lead + (_took(slot) or self._sentence(slot.strip()))

    def _sentence(self, text: str) -> str:
        """What an exception of ours says, or a foreign text; of "FILE: why" each part by itself."""
        found = sentence(text)
        if found is not None:
            return self._filled(found)
        first, parted, rest = text.partition(": ")
        return f"{self._plain.text(first)}: {self._sentence(rest)}" if parted else self._plain.text(text)


_TOOK = re.compile(r"\d{1,3} sweeps?(?:, \d{1,5} ms after it lay still)?|\d{1,3}\.\d{1,3}\.\d{1,3}(?:\+[0-9a-f]{16})?")
"""What the log of a check says of times, and a firmware's version."""


def _took(slot: str) -> str | None:
    return slot.strip() if _TOOK.fullmatch(slot.strip()) else None


def _tail(file: Path) -> list[str]:
    with open(file, "rb") as opened:
        size = opened.seek(0, 2)
        opened.seek(max(0, size - _TAIL_BYTES))
        text = opened.read(_TAIL_BYTES).decode("utf-8", "replace")
    lines = text.split("\n")[1 if size > _TAIL_BYTES else 0 :]
    return [line for line in lines if line.strip()]


@cache
def _modules() -> frozenset[str]:
    """Names of loggers: our modules, and libraries that are known here."""
    inside = (path.relative_to(PACKAGE.parent).with_suffix("") for path in sources())
    return frozenset({".".join(path.parts) for path in inside} | {"stillscan.kiosk", *_LIBRARIES})


def _place(path: str, line: str, function: str) -> str:
    """Where in stillscan's own source; no other folder is told, because people are called like folders."""
    _, found, inside = path.replace("\\", "/").rpartition("/stillscan/")
    file = PACKAGE / inside
    if not found or file not in _all_sources():
        return "(a place in another program)"
    known = function == "<module>" or f"def {function}(" in file.read_text(encoding="utf-8")
    return f"stillscan/{inside}:{line} in {function if known else '(another function)'}"


@cache
def _all_sources() -> frozenset[Path]:
    return frozenset(sources())


def _is_error(name: str) -> bool:
    found = getattr(builtins, name, None) or getattr(errors, name, None)
    return isinstance(found, type) and issubclass(found, BaseException)
