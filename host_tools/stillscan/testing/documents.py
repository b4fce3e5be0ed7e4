"""Documents to lay on the glass: an invented passport, one with fields of one's own, or a picture; worn and dirty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from os import PathLike, fspath
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stillscan.errors import InputError
from stillscan.mrz.compose import compose
from stillscan.mrz.formats import format_of, parse_mrz_text
from stillscan.samples import wear as worn
from stillscan.simulator.dirt import Dirt
from stillscan.simulator.glass import LINE_PX, ZONE_ROWS, Page, row_y_mm
from stillscan.simulator.picture import read_page
from stillscan.simulator.printing import find_font, strip

_SAMPLE = Path(__file__).parents[1] / "samples" / "nor-clean.png"
_DRAWN = 32  # pictures of 0.4 MB that are kept: more than the documents of one test module
_PERSON = {
    "code": "P", "issuer": "NOR", "primary": "OESTENBYEN", "secondary": "AASE", "number": "ZZZ000101",
    "birth": "910517", "sex": "F", "expiry": "310101",
}  # fmt: skip
"""Of the sample: an invented person."""
FIELDS = (*_PERSON, "nationality")
"""What of a document can be one's own."""


@dataclass(frozen=True)
class Document:
    """``name`` says what it is in a failure's text, never what is printed on it."""

    name: str
    page: Page
    lines: tuple[str, ...] | None = field(default=None, repr=False)
    """What is printed on it; None for a picture."""


def passport(
    text: str | Sequence[str] | None = None,
    *,
    picture: str | PathLike[str] | None = None,
    wear: bool = False,
    dirt: str = "clean",
    seed: int = 1,
    **fields: str,
) -> Document:
    """A passport: of an invented person; with this ``text`` (lines, or both as 'L1|L2'); with these fields, the others
    the invented person's; or a ``picture`` file (a strip of 1476 x 274 px, or a whole page).

    Fields: code, issuer, nationality, primary, secondary, number, birth, sex, expiry, as they stand in an MRZ; check
    digits are worked out. ``wear``: rubbed thin. ``dirt``: on the page, as `stillscan simulate --dirt`. Text of one's
    own needs an OCR-B font on this computer. InputError, MrzError.
    """
    lines = printed_lines(text, picture, fields)
    name, grey = _printed(lines, text, picture, fields)
    if wear:
        name, grey = f"{name}, worn", worn(grey, seed)
    if dirt != "clean":
        name, grey = f"{name}, {dirt}", _dirty(grey, Dirt.profile(dirt, seed))
    return Document(name, Page.from_array(grey), lines)


def printed_lines(
    text: str | Sequence[str] | None, picture: str | PathLike[str] | None, fields: Mapping[str, str]
) -> tuple[str, ...] | None:
    """What is printed on a document of ``passport``; None for a picture. No font is needed. InputError, MrzError."""
    if sum((text is not None, picture is not None, bool(fields))) > 1:
        raise InputError("passport: either text, or picture, or fields")
    if picture is not None:
        return None
    if text is None:
        return _composed(fields)
    lines = tuple(parse_mrz_text(text)) if isinstance(text, str) else tuple(text)
    format_of(lines)
    return lines


def _printed(
    lines: tuple[str, ...] | None,
    text: str | Sequence[str] | None,
    picture: str | PathLike[str] | None,
    fields: Mapping[str, str],
) -> tuple[str, NDArray[np.uint8]]:
    """Name and picture of a document as it was made."""
    if lines is None:
        named = fspath(picture or "")
        return Path(named).name, read_page(named, LINE_PX, ZONE_ROWS)
    if text is None and not fields:
        return "passport", _sample()
    name = "passport of this text" if text is not None else f"passport with its own {', '.join(fields)}"
    return name, _drawn(lines, find_font())


@cache
def _sample() -> NDArray[np.uint8]:
    return _kept(read_page(_SAMPLE, LINE_PX, ZONE_ROWS))


@lru_cache(maxsize=_DRAWN)
def _drawn(lines: tuple[str, ...], font: Path) -> NDArray[np.uint8]:
    return _kept(strip(lines, font))


def _kept(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """For all tests to come: nobody changes it."""
    picture.setflags(write=False)
    return picture


def _composed(fields: Mapping[str, str]) -> tuple[str, ...]:
    """Two lines with right check digits."""
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise InputError(f"passport: no field '{min(unknown)}'; there are: {', '.join(FIELDS)}")
    for name, value in fields.items():
        if not isinstance(value, str):
            raise InputError(f"passport: {name} is a text, as it stands in an MRZ, not {type(value).__name__}")
    whole = {**_PERSON, **fields}
    return compose("TD3", **{"nationality": whole["issuer"], **whole})  # type: ignore[arg-type]


def _dirty(grey: NDArray[np.uint8], dirt: Dirt) -> NDArray[np.uint8]:
    """The picture with dirt on its zone, which moves with the page."""
    soiled = grey.astype(np.float32)
    width = min(grey.shape[1], LINE_PX)
    for row in range(ZONE_ROWS):
        at = grey.shape[0] - ZONE_ROWS + row
        if at >= 0:
            passed = np.broadcast_to(dirt.column_transmission * dirt.glass_transmission(row_y_mm(row)), LINE_PX)
            soiled[at, :width] *= passed[:width]
    return np.rint(soiled).astype(np.uint8)
