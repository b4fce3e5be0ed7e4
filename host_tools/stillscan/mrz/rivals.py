"""The readers that `bench` compares, behind one face; those of others only where they are installed."""

import importlib
import os
import shutil
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.errors import MrzError
from stillscan.mrz.formats import SIZES
from stillscan.mrz.parse import parse
from stillscan.mrz.read import read_image

_TESSERACT_S = 60


class Answer(NamedTuple):
    """What a reader says about one image."""

    lines: tuple[str, ...]
    vouched: bool
    """Whether it says that the text may be relied on."""


class Reader(NamedTuple):
    """A reader of MRZs."""

    name: str
    read: Callable[[Path], Answer]


def installed() -> list[Reader]:
    """This reader and those of others that are here."""
    found = [Reader("stillscan", _stillscan)]
    if program := shutil.which("tesseract"):
        found.append(Reader("Tesseract", lambda path: _checked(_tesseract(program, path))))
    try:
        passporteye = importlib.import_module("passporteye")
    except ImportError:
        return found
    found.append(Reader("PassportEye", lambda path: _checked(_passporteye(passporteye, path))))
    return found


def mrz_lines(text: str) -> tuple[str, ...]:
    """The lines of recognised text that look most like an MRZ: the last two or three of about a format's length."""
    kept = []
    for line in text.upper().splitlines():
        clean = "".join(character for character in line.replace("«", "<<") if character in ALPHABET)
        if len(clean) >= 26:
            kept.append(clean)
    for rows, columns in sorted(SIZES, reverse=True):
        if len(kept) >= rows and all(abs(len(line) - columns) <= 2 for line in kept[-rows:]):
            return tuple(kept[-rows:])
    return tuple(kept[-2:])


def _checked(lines: tuple[str, ...]) -> Answer:
    """Text of a reader that has no word for certainty: vouched for when all check digits agree."""
    try:
        return Answer(lines, parse(lines).valid)
    except MrzError:
        return Answer(lines, False)


def _stillscan(path: Path) -> Answer:
    reading = read_image(path)
    return Answer(reading.lines or (), reading.accepted)


def _tesseract(program: str, path: Path) -> tuple[str, ...]:
    command = [program, str(path), "stdout", "--psm", "6", "-c", f"tessedit_char_whitelist={ALPHABET}"]
    one_thread = {**os.environ, "OMP_THREAD_LIMIT": "1"}  # seven times faster than its own choice on small pictures
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TESSERACT_S, check=False, env=one_thread)
    return mrz_lines(done.stdout)


def _passporteye(module: Any, path: Path) -> tuple[str, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own use of scikit-image is dated
        found = module.read_mrz(str(path))
    return mrz_lines(found.aux["text"]) if found is not None else ()
