"""Sets of pictures with known text on which the reader is measured: a set is one line of SETS.

None of them is trained on, and only the levels have been tuned on. `lines` None means that nothing there is an MRZ.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from training import devphoto, devprint, devset, devshots, no_mrz, physical

from stillscan.mrz.formats import FORMATS


class Source(NamedTuple):
    """What sets are drawn with."""

    font: Path
    """A cut of OCR-B that training did not use."""
    typefaces: tuple[Path, ...] = ()
    """Fonts that are not OCR-B; the foreign characters that OCR-B lacks are taken from them."""


class Drawn(NamedTuple):
    """The captures of one document, and what is printed in it."""

    pictures: tuple[NDArray[np.uint8] | Path, ...]
    lines: tuple[str, ...] | None


class Set(NamedTuple):
    """A kind of pictures."""

    about: str
    each: int
    """How many are read unless another number is asked for."""
    draw: Callable[[Source, int], Drawn]
    """Number i of the set; the same number gives the same pictures."""
    needs_typefaces: bool = False


def _level(level: int) -> Callable[[Source, int], Drawn]:
    def draw(source: Source, seed: int) -> Drawn:
        drawn = devset.strip(source.font, level, seed)
        return Drawn((drawn.pixels,), drawn.lines)

    return draw


def _photographs(source: Source, seed: int) -> Drawn:
    drawn = devphoto.photo(source.font, list(FORMATS)[seed % len(FORMATS)], seed)
    return Drawn((drawn.pixels,), drawn.lines)


def _worn(source: Source, seed: int) -> Drawn:
    drawn = devphoto.worn(source.font, 3 + seed % 3, seed)
    return Drawn((drawn.pixels,), drawn.lines)


def _distorted(kind: str) -> Callable[[Source, int], Drawn]:
    """Photographs of all formats with one distortion; a negative is never to be accepted."""

    def draw(source: Source, seed: int) -> Drawn:
        drawn = devshots.shot(source.font, kind, seed)
        return Drawn((drawn.pixels,), None if kind == "negative" else drawn.lines)

    return draw


def _physical(*levels: int) -> Callable[[Source, int], Drawn]:
    """Strips of the third set, of these levels in turn."""

    def draw(source: Source, seed: int) -> Drawn:
        drawn = physical.strip(source.font, levels[seed % len(levels)], seed)
        return Drawn((drawn.pixels,), drawn.lines)

    return draw


def _no_mrz(_source: Source, seed: int) -> Drawn:
    kinds = list(no_mrz.KINDS)
    return Drawn((no_mrz.picture(kinds[seed % len(kinds)], seed),), None)


def _print(*kinds: str, captures: int = 1, is_none: bool = True) -> Callable[[Source, int], Drawn]:
    """Strips of levels 0 to 4 in print of these kinds."""

    def draw(source: Source, seed: int) -> Drawn:
        kind, level = kinds[seed % len(kinds)], seed // len(kinds) % 5
        drawn = [
            devprint.strip(kind, source.font, source.typefaces, level, seed, capture) for capture in range(captures)
        ]
        return Drawn(tuple(one.pixels for one in drawn), None if is_none else drawn[0].lines)

    return draw


SETS: dict[str, Set] = {
    **{
        f"level {level}": Set("development strips, from ideal (0) to hardly readable (5)", 60, _level(level))
        for level in range(devset.LEVELS)
    },
    "photographs": Set("development photographs of all formats", 40, _photographs),
    "worn photographs": Set("photographs of passports with strips of levels 3 to 5", 30, _worn),
    **{
        f"photographs, {kind}": Set("photographs of all formats with one distortion", 20, _distorted(kind))
        for kind in devshots.KINDS
    },
    "third set, levels 0 to 3": Set(
        "ink on paper under a lamp, worn by what happens to passports", 40, _physical(*range(4))
    ),
    "third set, level 4": Set("the same", 40, _physical(4)),
    "third set, level 5": Set("the same", 40, _physical(5)),
    "other weights": Set(
        "OCR-B bolder, lighter, taller, lower; levels 0 to 4", 40, _print("weight", "height", is_none=False)
    ),
    "no MRZ": Set("paper, print, typescript, cloth, faces, cards, bar codes", 48, _no_mrz),
    "typefaces": Set("texts of MRZs in other typefaces, levels 0 to 4", 150, _print("fonts"), needs_typefaces=True),
    "foreign characters": Set(
        "one to three characters that no MRZ has in a name, levels 0 to 4", 150, _print("foreign"), needs_typefaces=True
    ),
    "foreign, anywhere": Set(
        "one place in either line: foreign, small, with an accent, two over each other, nothing; levels 0 to 4",
        150,
        _print("single"),
        needs_typefaces=True,
    ),
    "two over each other": Set(
        "one place in either line has two characters, one of them in its place; levels 0 to 4", 60, _print("overprint")
    ),
    "foreign, other scripts": Set(
        "one character in a name, of scripts and ranges that training has not used; levels 0 to 4",
        150,
        _print("kindred"),
        needs_typefaces=True,
    ),
    "foreign, 3 captures": Set(
        "the same, captured three times", 30, _print("foreign", captures=3), needs_typefaces=True
    ),
    "mixed print": Set(
        "one line or a part of one in another typeface, levels 0 to 4",
        60,
        _print("one-line", "part"),
        needs_typefaces=True,
    ),
    "other ways to print": Set(
        "needles, stencils, embossing, outlines of OCR-B",
        60,
        _print("dots", "stencil", "embossed", "hollow", is_none=False),
    ),
}
"""What is measured. A module with a further way to draw adds its line here."""


def of_images(folder: Path, truth: Path) -> Iterator[tuple[str, Drawn]]:
    """(kind, picture) of a folder, by its table (a header, then file, type, line1, line2, line3, parted by tabs)."""
    for row in truth.read_text(encoding="utf-8").splitlines()[1:]:
        name, kind, *rest = row.split("\t")
        yield kind, Drawn((folder / name,), tuple(line for line in rest[:3] if line) or None)


def pictures(drawn: Drawn) -> list[Any]:
    """As `read_captures` takes them."""
    return list(drawn.pictures)
