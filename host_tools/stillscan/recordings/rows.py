"""A message or a command as a row of a recording: numbers and codes of this house, and nothing else.

A row is made by what is let through. No pixel of the glass is: any row of it may show text, whichever way a document
was laid down, so of a band there is its header and how bright its paper is. Ids, nonces, tags, serial numbers and
tracebacks are left out; texts are names of our own table, or empty. ``checked`` holds the same against what was read.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kiosk import wire
from stillscan.boards.files import boards
from stillscan.boards.settings import known
from stillscan.guidance.catalogue import sections
from stillscan.link.messages import (
    PLAIN,
    Band,
    Calibration,
    Counters,
    Health,
    Hello,
    History,
    Identity,
    Installed,
    Line,
    Log,
    Message,
    Setting,
    plain,
)

Row = list[Any]
"""Name, then numbers; names of messages begin with "<" (the scanner said it), of commands with ">"."""

_BUILD = re.compile(r"([0-9a-f]{16})?")
_CODE = re.compile(r"[a-z0-9_-]{1,40}")
_PAPER = 0.85  # the quantile of a row that is paper where there is print: lines of an MRZ cover less than a tenth of it
_STRIP_STEPS = 90
"""From the home switch's edge down to here a line shows the white strip alone: it ends 131 steps below home, and the
lens sees one row beside its own, 4 steps."""
_MOST = 1 << 32  # of a number: counters have 32 bits, and numbers of people are longer
_MOST_IN_ROW = 400  # values: HISTORY's and the longest list of counters have 64 entries of 4
_MOST_SAMPLES = 4096  # of a line: a bar has 1476

_MESSAGES = {number: name for name, number in vars(wire).items() if name.startswith("M_")}
_COMMANDS = {number: name for name, number in vars(wire).items() if name.startswith("C_")}
NUMBERS = {f"<{name[2:].lower()}": number for number, name in _MESSAGES.items()} | {
    f">{name[2:].lower()}": number for number, name in _COMMANDS.items() if number in wire.BODIES
}
"""Number on the wire of every row that stands for a frame."""


def paper_level(pixels: NDArray[np.uint8]) -> int:
    """How bright the paper of these lines is, 0..255."""
    return int(np.quantile(pixels, _PAPER))


def of_message(message: Message) -> Row:
    """What is kept of what the scanner said."""
    name, kept = _KEPT.get(type(message), (_NAMES.get(type(message), ""), list))
    return [f"<{name}", *kept(message)]


_NAMES: dict[type, str] = {type_: _MESSAGES[number][2:].lower() for number, type_ in PLAIN.items()}


def _of_hello(hello: Hello) -> Row:
    board = plain(hello.board)
    return [*hello[:5], board if board in boards() else "", _short(hello.boot_id), *hello[7:14]]


def _of_installed(installed: Installed) -> Row:
    texts = (plain(installed.build), plain(installed.failed))
    builds = (text if _BUILD.fullmatch(text) else "" for text in texts)
    return [installed.slot, installed.trial, *builds, installed.why]


def _of_line(line: Line) -> Row:
    header, samples_ = line
    return [*header, _strip(line) if _shows_strip(header.place) else int(np.median(samples_))]


def _short(boot_id: int | None) -> int | None:
    """Enough of the number of a start to tell it from the next."""
    return None if boot_id is None else boot_id & 0xFFFF


_KEPT: dict[type, tuple[str, Callable[[Any], Row]]] = {
    Band: ("band", lambda band: [*band.header, paper_level(band.pixels)]),
    Hello: ("hello", _of_hello),
    Setting: ("setting", lambda setting: [setting.setting, _value(setting.setting, setting.value)]),
    Installed: ("installed", _of_installed),
    Identity: ("identity", lambda identity: [*identity[2:]]),
    Health: ("health", lambda health: [*health[:-1], _short(health.boot_id)]),
    Log: ("log", lambda log: np.frombuffer(log.entries[: len(log.entries) // 8 * 8], "<u4").tolist()),
    Counters: ("counters", lambda counters: [*counters.values]),
    History: ("history", lambda history: [history.offset]),
    Line: ("line", _of_line),
    Calibration: (
        "calibration",
        lambda found: [*found[:5], *(number for speck in found.specks for number in speck)],
    ),
}
"""Messages of which something is left out, or that hold more than their fields; of all others the fields are kept."""


def of_command(kind: int, body: bytes) -> Row | None:
    """What is kept of a command; None for one that nobody knows. ValueError: its body is too short."""
    if kind not in _COMMANDS or kind not in wire.BODIES:
        return None
    values = [value for value in wire.unpack(kind, body) if not isinstance(value, bytes)]
    if kind == wire.C_SETTING_SET:
        values[1] = _value(int(str(values[0])), int(str(values[1])))
    if kind == wire.C_CALIBRATE:
        values[0] = int(bool(values[0]))  # somebody's moment
    return [f">{_COMMANDS[kind][2:].lower()}", *values]


def checked(row: Any) -> Row | None:
    """The row, if it can be one of a recording; None for whatever else a file holds."""
    if not isinstance(row, list) or not 1 <= len(row) <= _MOST_IN_ROW or not isinstance(row[0], str):
        return None
    name, values = row[0], row[1:]
    if name in _TEXTS:
        fits = _TEXTS[name](values)
    elif name in NUMBERS:
        fits = _fits_format(name, values)
    elif name in _OWN:
        fits = _OWN[name](len(values)) and all(_small(value) for value in values)
    else:
        return None
    return row if fits else None


_MOST_LIGHT = 45  # five numbers of a sweep, and three of each of twelve streaks, with room for some more
_OWN: dict[str, Callable[[int], bool]] = {
    "light": lambda count: 5 <= count <= _MOST_LIGHT and (count - 5) % 3 == 0,
    "damaged": lambda count: count == 2,
    "gap": lambda count: count == 1,
}
"""Rows of numbers that stand for no frame, and how many they have: see light.py and link.py."""


def _small(value: Any) -> bool:
    """Grey values, millimetres, rows, frames: nothing of more digits than a counter of 16 bits."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1 << 16


def _number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _MOST)


def _fits_format(name: str, values: Row) -> bool:
    """As many numbers as the frame has, each in the range of its field: what else is there hides something."""
    if name in ("<setting", ">setting_set"):
        return len(values) == 2 and type(values[0]) is int and values[1] in (None, _value(values[0], values[1]))
    form = _FORMATS_KEPT.get(name) or "<" + re.sub(r"\d+s|<", "", wire.BODIES[NUMBERS[name]])
    if name in _LISTS:
        form += _LISTS[name] * (len(values) - len(form) + 1)
    if name == "<health" and values[-2:] == [None, None]:
        values = [*values[:-2], 0, 0]
    try:
        struct.pack(form, *values)
    except struct.error:
        return False
    return not any(isinstance(value, bool) for value in values)


_FORMATS_KEPT = {
    "<band": wire.BODIES[wire.M_BAND] + "B", "<identity": "<BhHIh", "<log": "<", "<counters": "<", "<history": "<H",
}  # fmt: skip
_LISTS = {"<log": "I", "<counters": "I", "<calibration": "H"}
"""Formats of what is kept where it is not the frame's own, and of what follows in any number."""


def code(text: str) -> str:
    """A text that is made of codes of this house; "other" for any that is not."""
    words = [word for word in re.split(r"[,: ]+", text) if word]
    return text if all(word in codes() for word in words) else "other"


@cache
def codes() -> frozenset[str]:
    """Names of everything that a check's end can say: reasons, causes, parts, faults, qualities, outcomes, formats."""
    told = sections("en")
    names = {name for part in ("state", "cause", "outcome", "reason", "part", "fault", "sensor", "quality", "reading")
             for name in told[part]}  # fmt: skip
    wired = {*wire.STATES, *wire.CAUSES, *wire.PARTS, *wire.FAULTS}
    return frozenset({name for name in names | wired if _CODE.fullmatch(name)} | _FORMATS | {"other", "no_document"})


_FORMATS = {"TD1", "TD2", "TD3", "MRV-A", "MRV-B"}


def _value(setting: int, value: int) -> int | None:
    """A setting's value where it can be one."""
    names = list(known().rows)
    return value if 0 <= setting < len(names) and known().fits(names[setting], value) else None


def _shows_strip(place: int) -> bool:
    return 0 <= place <= _STRIP_STEPS


def _strip(line: Line) -> str:
    return base64.b64encode(zlib.compress(line.samples.tobytes())).decode()


def samples(text: str, width_px: int) -> NDArray[np.uint8] | None:
    """(width_px,) of a line of the white strip; None for a text that holds none."""
    try:
        data = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), _MOST_SAMPLES)
    except (ValueError, binascii.Error, zlib.error):
        return None
    return np.frombuffer(data, np.uint8) if len(data) == width_px else None


def _fits_hello(values: Row) -> bool:
    return len(values) == 14 and values[5] in ("", *boards()) and all(map(_number, values[:5] + values[6:]))


def _fits_installed(values: Row) -> bool:
    texts = values[2:4]
    whole = len(values) == 5 and all(isinstance(text, str) and _BUILD.fullmatch(text) for text in texts)
    return whole and all(map(_number, values[:2] + values[4:]))


def _fits_line(values: Row) -> bool:
    if len(values) != 7 or any(isinstance(value, bool) for value in values):
        return False
    try:
        struct.pack(wire.BODIES[wire.M_LINE], *values[:6])
    except struct.error:
        return False
    place, width_px, level = values[1], values[5], values[6]
    if not isinstance(level, str):
        return width_px <= _MOST_SAMPLES and type(level) is int and 0 <= level <= 255
    return _shows_strip(place) and samples(level, width_px) is not None


def _fits_result(values: Row) -> bool:
    """See visit.result_row."""
    if len(values) != 8:
        return False
    outcome, reason, form, attempts, quality, sensors, *times = values
    texts = (outcome, reason, *(form,) * (form is not None))
    lists = all(
        isinstance(found, list) and all(isinstance(text, str) for text in found) for found in (quality, sensors)
    )
    if not lists or not all(isinstance(text, str) for text in texts):
        return False
    return all(code(text) == text for text in (*texts, *quality, *sensors)) and all(map(_number, (attempts, *times)))


_TEXTS: dict[str, Callable[[Row], bool]] = {
    "<hello": _fits_hello, "<installed": _fits_installed, "<line": _fits_line, "result": _fits_result,
    "not_read": lambda values: len(values) == 1 and isinstance(values[0], str) and code(values[0]) == values[0],
    "lost": lambda values: not values, "full": lambda values: not values,
}  # fmt: skip
"""Rows that hold texts, or that are no frame; every other has numbers alone."""
