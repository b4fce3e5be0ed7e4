"""What characters look like: in OCR-B, in other typefaces, and those that no MRZ has, as subspaces of small pictures.

`python -m training.typefaces`, which `make train` ends with, writes `weights/typeface.npz`: with it the module
`stillscan.mrz.typeface` compares print. A subspace holds what the pictures of a character have in common (their mean)
and how they differ most (cut, weight, slant, sharpness).
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from stillscan.mrz import typeface
from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.typeface import COLUMNS, PATCH_COLUMNS, PATCH_ROWS, ROWS, plain
from training import glyphs

OWN, OTHER, FOREIGN = 6, 5, 2
"""Directions kept of a character's pictures. With 12, 12 and 5 development strips are parted no better."""
_SAMPLES = 400  # pictures of a character: ten for each value of a subspace's strongest directions
_STEPS = 31
"""Of a value, to each side of 0: 0.1 % of a direction is lost, and a file of them takes two thirds of what 127 take."""
WEIGHTS = Path(typeface.__file__).with_name("weights")
FOREIGN_CHARACTERS = (
    "!\"#$%&'()*+,-./:;=>?@[\\]^_`{|}~abcdefghijkmnopqrtuvwxyz"
    "£§°µ¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâäåæçèéêíñóöøúüþ"
    "ĄĆČĎĐĘĚĞİŁŃŇŐŒŘŚŞŠŤŮŰŹŻŽąćęğłńőœśşšźżž€†•"
    "ΓΔΘΛΞΠΣΦΨΩαβγδλπσφωБГДЖЗИЙЛПУФЦЧШЩЫЭЮЯ"
)
"""Characters that somebody may print in a name: ASCII, Latin, what else European keyboards have, Greek, Cyrillic. Left
out are those that look like one of the 37 (small l, s; Greek and Cyrillic capitals that are Latin ones)."""
OWN_FONTS = ("OCRB.otf", "OCRBS.otf")
OTHER_FONTS = ("DejaVuSansMono*.ttf", "LiberationMono-*.ttf")
"""Debian's fonts-ocr-b; fonts-dejavu-core, fonts-dejavu-extra and fonts-liberation."""


def directions(fonts: Sequence[Path], others: Sequence[Path], seed: int) -> dict[str, NDArray[np.int8]]:
    """The three kinds of subspaces as 8-bit arrays (characters, directions, values): own, other, foreign."""
    tables = [glyphs.font_distances(font) for font in fonts]
    strange = [distances(font, ALPHABET) for font in others]

    def own(rng: np.random.Generator) -> glyphs.Cut:
        if rng.random() < 0.5:
            return glyphs.drawn_cut(rng)
        return glyphs.bent_font(tables[int(rng.integers(len(tables)))], rng)

    def other(rng: np.random.Generator) -> glyphs.Cut:
        return glyphs.bent_font(strange[int(rng.integers(len(strange)))], rng)

    found = {"own": _subspaces(own, OWN, (seed, 0)), "other": _subspaces(other, OTHER, (seed, 1))}
    parts: list[NDArray[np.float64]] = []
    done = set[str]()
    for fonts_of in (tuple(fonts), tuple(others[:1])):
        there = [one for one in dict.fromkeys(FOREIGN_CHARACTERS) if one not in done and has(fonts_of[0], one)]
        done.update(there)
        drawn = [distances(font, there) for font in fonts_of]

        def cut(rng: np.random.Generator, drawn: list[NDArray[np.float32]] = drawn) -> glyphs.Cut:
            return glyphs.bent_font(drawn[int(rng.integers(len(drawn)))], rng)

        parts.append(_subspaces(cut, FOREIGN, (seed, 2, len(parts)), 60))
    found["foreign"] = np.concatenate(parts)
    return {name: np.rint(values * _STEPS / np.abs(values).max()).astype(np.int8) for name, values in found.items()}


def _subspaces(
    cut: Callable[[np.random.Generator], glyphs.Cut], kept: int, seed: tuple[int, ...], samples: int = _SAMPLES
) -> NDArray[np.float64]:
    """(characters, kept, values): orthonormal directions of the pictures of each character of the drawn cuts."""
    pictures = np.stack([_picture(cut, np.random.default_rng((*seed, index))) for index in range(samples)], axis=1)
    norms = np.linalg.norm(pictures, axis=2, keepdims=True)
    return np.stack([np.linalg.svd(one, full_matrices=False)[2][:kept] for one in pictures / np.maximum(norms, 1e-3)])


def _picture(cut: Callable[[np.random.Generator], glyphs.Cut], rng: np.random.Generator) -> NDArray[np.float32]:
    """(characters, values): one cut printed with a weight, size, slant and sharpness of its own."""
    table = cut(rng)
    weight, soft = rng.normal(0, 0.5), rng.uniform(0.5, 1.2)
    ink = np.clip((weight - table) / (2 * soft) + 0.5, 0, 1).astype(np.float32)
    middle = np.array([(glyphs.CELL_COLUMNS - 1) / 2, (glyphs.CELL_ROWS - 1) / 2])
    turn = np.array([[rng.normal(1, 0.025), rng.normal(0, 0.03)], [0, rng.normal(1, 0.025)]])
    change = np.column_stack([turn, middle - turn @ middle + rng.uniform(-0.7, 0.7, 2)]).astype(np.float32)
    blur = rng.uniform(0.6, 1.7)
    rows = slice((glyphs.CELL_ROWS - PATCH_ROWS) // 2, (glyphs.CELL_ROWS + PATCH_ROWS) // 2)
    columns = slice((glyphs.CELL_COLUMNS - PATCH_COLUMNS) // 2, (glyphs.CELL_COLUMNS + PATCH_COLUMNS) // 2)
    size = glyphs.CELL_COLUMNS, glyphs.CELL_ROWS
    drawn = [cv2.GaussianBlur(cv2.warpAffine(one, change, size), (0, 0), blur)[rows, columns] for one in ink]
    small = np.stack(drawn).reshape(-1, ROWS, 2, COLUMNS, 2).mean(axis=(2, 4)).reshape(len(drawn), -1)
    return plain(np.asarray(small, np.float32))


def has(font: Path, character: str) -> bool:
    """Whether a font draws this character, and not only its sign for what it lacks."""
    drawn = ImageFont.truetype(str(font), 60)
    lacking, own = drawn.getmask("\ue123"), drawn.getmask(character)
    return own.getbbox() is not None and (own.size, bytes(own)) != (lacking.size, bytes(lacking))


def distances(font: Path, characters: Sequence[str]) -> NDArray[np.float32]:
    """As `glyphs.font_distances`, of any characters."""
    fine = 4
    probe = ImageFont.truetype(str(font), 1000)
    drawn = ImageFont.truetype(str(font), round(1000 * 30 * fine / probe.getlength("0")))
    _, top, _, bottom = drawn.getbbox("H", anchor="ls")
    rows, columns = glyphs.CELL_ROWS * fine, glyphs.CELL_COLUMNS * fine
    table = []
    for character in characters:
        cell = Image.new("L", (columns, rows), 0)
        place = (glyphs.CELL_COLUMNS - 30) / 2 * fine, rows / 2 - (top + bottom) / 2
        ImageDraw.Draw(cell).text(place, character, fill=255, font=drawn, anchor="ls")
        inside = (np.asarray(cell) > 127).astype(np.uint8)
        outer, inner = (cv2.distanceTransform(part, cv2.DIST_L2, 5) for part in (1 - inside, inside))
        table.append((outer - inner) / fine)
    return np.asarray(np.stack(table), np.float32)


def main() -> int:
    """Command line: write the subspaces and their card."""
    parser = argparse.ArgumentParser(prog="python -m training.typefaces", description=__doc__)
    parser.add_argument(
        "--fonts", type=Path, default=Path("/usr/share/fonts"), help="folder of fonts (/usr/share/fonts)"
    )
    parser.add_argument("--seed", type=int, default=5, help="of the drawn cuts (5)")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder of the weights (the package's)")
    args = parser.parse_args()
    own, other = (
        [font for name in names for font in sorted(args.fonts.rglob(name))] for names in (OWN_FONTS, OTHER_FONTS)
    )
    if len(own) < len(OWN_FONTS) or not other:
        parser.error("install Debian's fonts-ocr-b, fonts-dejavu-core and fonts-liberation, or name a folder: --fonts")
    found = directions(own, other, args.seed)
    np.savez_compressed(args.out / "typeface.npz", **found)  # type: ignore[arg-type]
    card = {
        "what": "subspaces of pictures of characters, 20 x 15 values each: see training/typefaces.py",
        "own": [font.name for font in own],
        "other": [font.name for font in other],
        "foreign": len(found["foreign"]),
        "seed": args.seed,
    }
    (args.out / "typeface.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
