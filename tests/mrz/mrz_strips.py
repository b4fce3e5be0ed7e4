"""Strips of invented people with six levels of damage, drawn by other code than training and development sets are.

`python tests/mrz/mrz_strips.py [COUNT] [FONT]` reads COUNT strips of each level with `read_strip` and prints how many
were read, right and accepted; FONT should be a cut of OCR-B that training did not use.
"""

import random
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from stillscan.mrz.alphabet import DIGITS, LETTERS
from stillscan.mrz.codes import ISO_CODES
from stillscan.mrz.compose import compose
from stillscan.simulator import printing

LEVELS = range(6)
_CODES = [*sorted(ISO_CODES - {"DEU"}), "D", "RKS", "XXA", "GBD"]


def person(seed: int, form: str = "TD3") -> tuple[str, ...]:
    """MRZ lines of a random invented person."""
    rng = random.Random(seed)

    def word(low: int, high: int) -> str:
        return "".join(rng.choices(LETTERS, k=rng.randint(low, high)))

    number = rng.choice(
        (
            word(1, 1) + "".join(rng.choices(DIGITS, k=8)),
            word(3, 3) + "".join(rng.choices(DIGITS, k=6)),
            "".join(rng.choices(DIGITS + LETTERS, k=rng.randint(6, 9))),
        )
    )
    issuer = rng.choice(_CODES + ["NOR"] * 60)
    return compose(
        form,
        code={"TD3": rng.choice(("P", "PP", "PV")), "TD1": "ID", "TD2": "I"}.get(form, "V"),
        issuer=issuer,
        primary="<".join(word(2, 10) for _ in range(rng.choice((1, 1, 1, 2)))),
        secondary="<".join(word(2, 8) for _ in range(rng.choice((1, 1, 2, 3)))),
        number=number,
        nationality=rng.choice((issuer, issuer, rng.choice(_CODES))),
        birth=f"{rng.randrange(100):02d}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}",
        sex=rng.choice("MF<"),
        expiry=f"{rng.randint(20, 36):02d}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}",
        optional=("".join(rng.choices(DIGITS, k=rng.choice((0, 0, 5, 11, 14)))),),
    )


def _worn(picture: Image.Image, level: int, rng: np.random.Generator) -> Image.Image:
    """The print (white on black) with ink that spread, wore off, and was rubbed away."""
    width = picture.width
    if level:  # ink that spread or wore off at its edges
        spread = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 1.2)))
        cut = rng.uniform(70, 70 + 18 * level)
        picture = spread.point(lambda value: int(np.clip((value - cut) * 4 + 128, 0, 255)))
    if level >= 2:  # abrasion: ink lost in spots and along strokes
        mask = Image.new("L", picture.size, 255)
        pen = ImageDraw.Draw(mask)
        for _ in range(rng.poisson(30 * (level - 1) ** 2)):
            x, y, size = rng.uniform(0, width), rng.uniform(60, 210), rng.uniform(0.5, 1 + 0.7 * level)
            pen.ellipse((x - size, y - size, x + size, y + size), fill=int(rng.uniform(0, 140)))
        for _ in range(rng.poisson(1.5 * level)):
            x, y = rng.uniform(0, width), rng.uniform(60, 210)
            end = (x + rng.normal(0, 60), y + rng.normal(0, 25))
            pen.line(((x, y), end), fill=int(rng.uniform(20, 150)), width=int(rng.integers(1, 3)))
        picture = ImageChops.multiply(picture, mask.filter(ImageFilter.GaussianBlur(0.6)))
    return picture


def _soil(light: NDArray[np.float64], level: int, rng: np.random.Generator) -> None:
    """Dust on the line sensor, stains and security print, in place."""
    height, width = light.shape
    if level >= 1:  # specks of dust on the line sensor
        for column in rng.integers(0, width, rng.poisson(1.5 * level)):
            light[:, column : column + int(rng.integers(1, 4))] *= rng.uniform(0.4, 0.8)
    if level >= 3:  # stains and printed background
        for _ in range(rng.poisson(level)):
            x, y = rng.uniform(0, width), rng.uniform(0, height)
            reach = ((np.arange(width) - x) / rng.uniform(20, 90)) ** 2 + (
                (np.arange(height)[:, None] - y) / rng.uniform(10, 50)
            ) ** 2
            light *= 1 - rng.uniform(0.1, 0.12 * level) * np.exp(-(reach**3))
        light *= 1 - 0.02 * level * (
            np.sin(np.arange(width) / rng.uniform(2, 9) + 3 * np.sin(np.arange(height)[:, None] / 17)) > 0.3
        )


def scan(lines: tuple[str, ...], level: int, seed: int, font: Path | None = None) -> NDArray[np.uint8]:
    """A scan of the strip: 0 is clean but displaced, 5 hardly readable. About (274, 1476), sometimes fewer rows."""
    rng = np.random.default_rng([seed, level])
    picture = ImageChops.invert(Image.fromarray(printing.strip(lines, font)))
    picture = picture.point(lambda value: max(0, value - 30) * 255 // 195)  # ink as white on black
    width, height = picture.size
    picture = _worn(picture, level, rng)
    shift = rng.uniform(-17, 17, 2)
    skew = np.tan(np.radians(rng.uniform(-1, 1)))
    affine = (1, skew, shift[0] - skew * height / 2, -skew, 1, shift[1] + skew * width / 2)
    picture = picture.transform(picture.size, Image.Transform.AFFINE, affine, Image.Resampling.BICUBIC)
    picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.5 + 0.22 * level)))
    taken = np.asarray(picture, np.float64) / 255
    contrast = rng.uniform(0.6, 0.9) * (1 - 0.11 * max(0, level - 1) * rng.random())
    ramp = (
        np.linspace(1, 1 - 0.08 * level * rng.random(), width)
        * np.linspace(1, 1 - 0.05 * level * rng.random(), height)[:, None]
    )
    light = rng.uniform(150, 225) * ramp * (1 - contrast * taken)
    _soil(light, level, rng)
    electrons = rng.poisson(np.clip(light, 0, None) * 40 / (1 + level)) * (1 + level) / 40
    grey = np.clip(np.rint(electrons + rng.normal(0, 0.8 + 0.9 * level, light.shape)), 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        grey = (grey >> 4) * np.uint8(17)
    if rng.random() < 0.3:
        grey = grey[int(rng.integers(0, 25)) : height - int(rng.integers(0, 25))]
    return grey


def main(count: int, font: Path | None) -> None:
    """Print the table of levels."""
    from stillscan.mrz import read_strip

    print("level  right  accepted  wrong accepted  wrong but valid  median ms")
    for level in LEVELS:
        right = accepted = wrong = silent = 0
        times = []
        for seed in range(count):
            form = ("TD3", "TD3", "TD3", "TD3", "TD3", "TD3", "TD1", "TD2", "MRV-A", "MRV-B")[seed % 10]
            lines = person(seed + 100_000 * level, form)
            picture = scan(lines, level, seed, font)
            start = time.perf_counter()
            reading = read_strip(picture)
            times.append(time.perf_counter() - start)
            same = reading.lines == lines
            right += same
            accepted += same and reading.accepted
            silent += bool(reading.valid and not same)
            if reading.accepted and not same:
                wrong += 1
                print("wrong:", form, seed, reading.confidence, *(reading.lines or ()), *lines, sep="\n  ")
        share = [f"{100 * value / count:5.1f} %" for value in (right, accepted)]
        print(f"{level:5}  {share[0]}  {share[1]}  {wrong:14}  {silent:15}  {np.median(times) * 1000:9.1f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
