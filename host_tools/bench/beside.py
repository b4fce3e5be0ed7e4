"""Compares this reader with others on the same images: `python -m bench.beside` (`make bench-beside`).

Strips and photographs are those of the development sets (`training.devset`, `training.devphoto`); `--images DIR --truth
TSV` adds pictures with known text (a tab-separated table with a header, columns file, type, line1, line2, line3). Other
readers take part when they are installed: the `tesseract` program (with its English model and any whose name holds
mrz or ocrb), and the Python packages fastmrz and passporteye.

exact: all lines right. character errors: edit distance to the truth as a share of its length. false accept: a wrong
text that the reader itself vouches for (ours: `accepted`; the others: all check digits agree).
"""

import argparse
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.progress import track

from bench.rivals import Answer, Reader, installed
from stillscan.mrz.formats import FORMATS
from stillscan.simulator.printing import find_font

_COLOURS = ("#14648c", "#c8502d", "#7a9a01", "#8c6bb1", "#666666", "#d9a400", "#3fb8af")
_PAGE_ROWS = 1039
"""Of a passport's page (88 mm at 300 dpi), whose lowest rows a strip shows."""


class Case(NamedTuple):
    """One image and what is printed in it."""

    group: str
    path: Path
    lines: tuple[str, ...]


class Score(NamedTuple):
    """How one reader did on one group of images."""

    exact: float
    accepted: float
    """Share that is right and vouched for."""
    errors: float
    false_accepts: int
    median_ms: float
    images: int


def strips(folder: Path, count: int, font: Path) -> Iterator[Case]:
    """`count` strips of each of the six levels of the development set, written into `folder`.

    Each is the lower part of an otherwise empty page: the others look for a page.
    """
    from training import devset

    for level in range(devset.LEVELS):
        for seed in range(count):
            drawn = devset.strip(font, level, seed)
            path = folder / f"level-{level}-{seed}.png"
            page = np.full((_PAGE_ROWS, drawn.pixels.shape[1]), np.median(drawn.pixels), np.uint8)
            page[-len(drawn.pixels) :] = drawn.pixels
            Image.fromarray(page).convert("RGB").save(path, dpi=(300, 300))  # some rivals know no grey
            yield Case(f"level {level}", path, drawn.lines)


def photos(folder: Path, count: int, font: Path) -> Iterator[Case]:
    """`count` development photographs of each format, written into `folder`."""
    from training import devphoto

    for form in FORMATS:
        for seed in range(count):
            drawn = devphoto.photo(font, form, seed)
            path = folder / f"photo-{form}-{seed}.png"
            Image.fromarray(drawn.pixels).convert("RGB").save(path)
            yield Case("photographs", path, drawn.lines)


def pictures(folder: Path, truth: Path) -> Iterator[Case]:
    """The images of a truth table."""
    for row in truth.read_text(encoding="utf-8").splitlines()[1:]:
        name, kind, *rest = row.split("\t")
        yield Case(f"images {kind}", folder / name, tuple(line for line in rest[:3] if line))


def score(reader: Reader, cases: Sequence[Case]) -> Score:
    """The reader's figures over `cases`."""
    exact = accepted = false = wrong = length = 0
    times = []
    for case in cases:
        start = time.perf_counter()
        answer: Answer = reader.read(case.path)
        times.append((time.perf_counter() - start) * 1000)
        right = answer.lines == case.lines
        exact += right
        accepted += right and answer.vouched
        false += answer.vouched and not right
        text = "".join(case.lines)
        wrong += min(len(text), distance("".join(answer.lines), text))
        length += len(text)
    count = len(cases)
    return Score(exact / count, accepted / count, wrong / length, false, float(np.median(times)), count)


def distance(one: str, other: str) -> int:
    """Edit distance of two texts (insertions, deletions, substitutions)."""
    row = list(range(len(other) + 1))
    for index, character in enumerate(one, start=1):
        before, row[0] = row[0], index
        for column, wanted in enumerate(other, start=1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (character != wanted))
    return row[-1]


def table(results: dict[str, dict[str, Score]]) -> str:
    """Two Markdown tables of results (reader, group): exact by group, and what each reader does over all of them."""
    ours, *others = results
    groups = list(results[ours])
    rows = [f"| exact | {ours} | right and accepted | {' | '.join(others)} |", "|---" * (len(others) + 3) + "|"]
    for group in groups:
        own = results[ours][group]
        rest = [f" {results[name][group].exact:.0%} |" for name in others]
        rows.append(f"| {group} ({own.images}) | {own.exact:.0%} | {own.accepted:.0%} |" + "".join(rest))
    rows += ["", "| reader | character errors | wrong, but vouched for | median ms by group |", "|---|---|---|---|"]
    for name, scores in results.items():
        images = sum(one.images for one in scores.values())
        errors = sum(one.errors * one.images for one in scores.values()) / images
        false = sum(one.false_accepts for one in scores.values())
        times = [one.median_ms for one in scores.values()]
        rows.append(f"| {name} | {errors:.1%} | {false} of {images} | {min(times):.0f} to {max(times):.0f} |")
    return "\n".join(rows)


def plot(results: dict[str, dict[str, Score]], target: Path) -> None:
    """Bars of the exact-match rate by group and reader, as PNG."""
    groups = list(next(iter(results.values())))
    wide, high, left, top = 34 * len(results) + 30, 300, 60, 60
    picture = Image.new("RGB", (left + wide * len(groups) + 20, high + top + 50), "white")
    pen, font, small = ImageDraw.Draw(picture), ImageFont.load_default(16), ImageFont.load_default(12)
    for share in range(0, 101, 25):
        y = top + high - high * share // 100
        pen.line((left, y, picture.width - 20, y), "#dddddd")
        pen.text((left - 8, y), f"{share} %", "#444444", small, anchor="rm")
    x: float = left
    for index, name in enumerate(results):
        colour = _COLOURS[index % len(_COLOURS)]
        pen.rectangle((x, 18, x + 14, 32), colour)
        pen.text((x + 20, 25), name, "black", font, anchor="lm")
        x += 40 + round(font.getlength(name))
    for place, group in enumerate(groups):
        for index, scores in enumerate(results.values()):
            bar, rate = left + place * wide + 15 + 34 * index, scores[group].exact
            y = top + high - round(high * rate)
            pen.rectangle((bar, y, bar + 28, top + high), _COLOURS[index % len(_COLOURS)])
            pen.text((bar + 14, y - 3), f"{100 * rate:.0f}", "black", small, anchor="mb")
        pen.text((left + place * wide + wide / 2, top + high + 18), group, "black", font, anchor="mm")
    picture.save(target)


def run(readers: Iterable[Reader], cases: Sequence[Case]) -> dict[str, dict[str, Score]]:
    """Figures by reader and group."""
    groups = list(dict.fromkeys(case.group for case in cases))
    return {
        reader.name: {
            group: score(reader, [case for case in cases if case.group == group])
            for group in track(groups, reader.name, console=Console(stderr=True), transient=True)
        }
        for reader in readers
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table; write the plot when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strips", type=int, default=25, help="generated strips of each level (default 25)")
    parser.add_argument("--photos", type=int, default=5, help="generated photographs of each format (default 5)")
    parser.add_argument("--font", type=Path, default=None, help="cut of OCR-B to print them with")
    parser.add_argument("--images", type=Path, default=None, help="folder of pictures with known text")
    parser.add_argument("--truth", type=Path, default=None, help="their table (default: truth.tsv in that folder)")
    parser.add_argument("--plot", type=Path, default=None, metavar="OUT.png")
    options = parser.parse_args(arguments)
    truth = options.truth or (options.images / "truth.tsv" if options.images else None)
    if truth and not options.images:
        parser.error("--truth goes with --images")
    if truth and not truth.is_file():
        parser.error(f"{truth}: no such table")
    if options.strips + options.photos < 1 and not truth:
        parser.error("no pictures: --strips, --photos or --images brings some")
    with tempfile.TemporaryDirectory() as folder:
        font = options.font or find_font()
        cases = [*strips(Path(folder), options.strips, font), *photos(Path(folder), options.photos, font)]
        if truth:
            cases += pictures(options.images, truth)
        results = run(installed(), cases)
    print(table(results))
    if options.plot:
        plot(results, options.plot)


if __name__ == "__main__":
    main()
