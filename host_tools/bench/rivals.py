"""The readers that `bench` compares, behind one face; those of others only where they are installed."""

import importlib
import os
import shutil
import subprocess
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.errors import MrzError
from stillscan.mrz.formats import SIZES
from stillscan.mrz.pages import read_image
from stillscan.mrz.parse import parse

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
        for language in ("eng", *_trained(program)):
            name = "Tesseract" if language == "eng" else f"Tesseract {language}"
            found.append(Reader(name, partial(_checked, partial(_tesseract, program, language))))
    for name, package, read in (("FastMRZ", "fastmrz", _fastmrz), ("PassportEye", "passporteye", _passporteye)):
        with suppress(ImportError):
            found.append(Reader(name, partial(_checked, partial(read, importlib.import_module(package)))))
    return found


def _trained(program: str) -> list[str]:
    """Tesseract's languages that are models trained for MRZs, by their names."""
    listed = subprocess.run(
        [program, "--list-langs"], capture_output=True, text=True, timeout=_TESSERACT_S, check=False
    )
    return [name for name in listed.stdout.split() if "mrz" in name.lower() or "ocrb" in name.lower()]


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


def _checked(read: Callable[[Path], tuple[str, ...]], path: Path) -> Answer:
    """What a reader that has no word for certainty says: vouched for when all check digits agree."""
    try:
        lines = read(path)
    except Exception:  # whatever it is, the picture was not read
        return Answer((), False)
    try:
        return Answer(lines, parse(lines).valid)
    except MrzError:
        return Answer(lines, False)


def _stillscan(path: Path) -> Answer:
    reading = read_image(path)
    return Answer(reading.lines or (), reading.accepted)


def _tesseract(program: str, language: str, path: Path) -> tuple[str, ...]:
    command = [program, str(path), "stdout", "-l", language, "--psm", "6", "-c", f"tessedit_char_whitelist={ALPHABET}"]
    one_thread = {**os.environ, "OMP_THREAD_LIMIT": "1"}  # seven times faster than its own choice on small pictures
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TESSERACT_S, check=False, env=one_thread)
    return mrz_lines(done.stdout)


def _fastmrz(module: Any, path: Path) -> tuple[str, ...]:
    return mrz_lines(str(module.FastMRZ().get_details(str(path), ignore_parse=True)))


def _passporteye(module: Any, path: Path) -> tuple[str, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own use of scikit-image is dated
        found = module.read_mrz(str(path))
    return mrz_lines(found.aux["text"]) if found is not None else ()
