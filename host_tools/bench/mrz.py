"""How far the reader can be relied on, set by set: `python -m bench.mrz` (`make bench-mrz`).

The limit of acceptance was chosen on strips of the levels (`judge.MIN_CONFIDENCE`); every other set shows whether it
holds there. exact: all lines right. accepted: right and accepted. wrong: accepted and not what is printed, with the
greatest share that is likely (95 %, Clopper and Pearson). surest wrong: how certain the reader was of a wrong text that
only this limit kept from acceptance.
"""

import argparse
import json
import math
import multiprocessing
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.progress import track

from bench.sets import SETS, Drawn, Source, of_images
from stillscan.mrz.captures import read_captures
from stillscan.mrz.judge import MIN_CONFIDENCE, UNCERTAIN
from stillscan.simulator.printing import find_font

_ROOT = Path(__file__).parents[2]
_DOCS = _ROOT / "host_tools" / "docs"
RESULTS, PLOT = _DOCS / "calibration.json", _DOCS / "calibration.png"
README, READING = _ROOT / "README.md", _DOCS / "reading.md"
_BEGIN, _END = "<!-- made by make bench-mrz ARGS=--update -->", "<!-- end -->"
_BINS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999, 1.0000001)
"""Of a text's certainty."""


class Outcome(NamedTuple):
    """What the reader made of one document."""

    group: str
    right: bool
    accepted: bool
    confidence: float
    held: bool
    """Whether nothing but the limit of certainty kept it from acceptance."""
    is_mrz: bool


class Figures(NamedTuple):
    """What came of a set; shares of all its pictures."""

    pictures: int
    exact: int
    accepted: int
    wrong: int
    bound: float
    surest_wrong: float


def bound(wrong: int, of: int) -> float:
    """The greatest share that is likely (95 %) where `wrong` of `of` were seen; about 3 / `of` where none was."""
    if wrong >= of:
        return 1.0
    low, high = wrong / of, 1 - 1e-12
    for _ in range(60):
        middle = (low + high) / 2
        seen = sum(math.exp(_log_chance(k, of, middle)) for k in range(wrong + 1))
        low, high = (middle, high) if seen > 0.05 else (low, middle)
    return high


def _log_chance(k: int, of: int, share: float) -> float:
    """Logarithm of the chance of `k` in `of` draws."""
    ways = math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1)
    return ways + k * math.log(share) + (of - k) * math.log1p(-share)


def judged(group: str, drawn: Drawn) -> Outcome:
    """Read the captures of one document."""
    reading = read_captures(list(drawn.pictures))
    right = drawn.lines is not None and reading.lines == drawn.lines
    held = not reading.accepted and reading.valid and reading.reason == UNCERTAIN
    return Outcome(group, right, reading.accepted, reading.confidence, held, drawn.lines is not None)


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """The figures of one set."""
    wrong = sum(one.accepted and not one.right for one in outcomes)
    doubts = [one.confidence for one in outcomes if one.held and not one.right]
    return Figures(
        len(outcomes),
        sum(one.right for one in outcomes),
        sum(one.right and one.accepted for one in outcomes),
        wrong,
        round(bound(wrong, len(outcomes)), 5),
        max(doubts, default=0.0),
    )


def table(results: dict[str, Figures]) -> str:
    """Markdown: a row a set."""
    rows = ["| set | pictures | exact | accepted | wrong and accepted | surest wrong |", "|---|---|---|---|---|---|"]
    for name, one in results.items():
        shares = [f"{share / one.pictures:.1%}" for share in (one.exact, one.accepted)]
        is_mrz = one.exact > 0
        surest = f"{one.surest_wrong:.3f}" if one.surest_wrong else ""
        rows.append(
            f"| {name} | {one.pictures:,} | {shares[0] if is_mrz else ''} | {shares[1] if is_mrz else ''} |"
            f" {one.wrong} (at most {one.bound:.2%}) | {surest} |"
        )
    return "\n".join(rows)


def reliability(outcomes: Iterable[Outcome]) -> list[tuple[float, int, int]]:
    """Of texts that are MRZs, by how certain they were said to be: (mean certainty, how many, how many right)."""
    found = [one for one in outcomes if one.is_mrz and one.confidence >= _BINS[0]]
    place = np.digitize([one.confidence for one in found], _BINS)
    rows = []
    for index in range(1, len(_BINS)):
        mine = [one for one, where in zip(found, place, strict=True) if where == index]
        if mine:
            rows.append((float(np.mean([one.confidence for one in mine])), len(mine), sum(one.right for one in mine)))
    return rows


def reliability_text(rows: Iterable[tuple[float, int, int]]) -> str:
    """A line for each step of certainty, with a bar of what was right."""
    lines = ["said      right       texts"]
    lines += [
        f"{said:7.2%} {right / count:8.2%}  {count:8,}  {'#' * round(40 * right / count)}"
        for said, count, right in rows
    ]
    return "\n".join(lines)


def plot(rows: Sequence[tuple[float, int, int]], target: Path) -> None:
    """Share of what is right against certainty, both as odds, so that what is nearly certain is told apart."""
    side, edge = 420, 60
    picture = Image.new("RGB", (side + 2 * edge, side + 2 * edge), "white")
    pen, small = ImageDraw.Draw(picture), ImageFont.load_default(12)
    marks = (0.5, 0.9, 0.99, 0.999, 0.9999)

    def at(share: float) -> float:
        odds = math.log10(max(share, 1e-9) / max(1 - share, 10**-4.3))
        return min(max(odds / 4.3, 0.0), 1.0) * side

    for mark in marks:
        x, y = edge + at(mark), edge + side - at(mark)
        pen.line((x, edge, x, edge + side), "#dddddd")
        pen.line((edge, y, edge + side, y), "#dddddd")
        pen.text((x, edge + side + 14), f"{mark:.2%}".replace(".00%", "%"), "#444444", small, anchor="mm")
        pen.text((edge - 6, y), f"{mark:.2%}".replace(".00%", "%"), "#444444", small, anchor="rm")
    pen.line((edge, edge + side, edge + side, edge), "#999999")
    limit = edge + at(MIN_CONFIDENCE)
    pen.line((limit, edge, limit, edge + side), "#c8502d")
    pen.text((limit + 4, edge + 8), f"accepted from {MIN_CONFIDENCE:.0%}", "#c8502d", small, anchor="lm")
    for said, count, right in rows:
        worst = 1 - bound(count - right, count)
        x = edge + at(said)
        pen.line((x, edge + side - at(worst), x, edge + side - at(right / count)), "#14648c", 2)
        y, size = edge + side - at(right / count), 3 + min(5, round(math.log10(count) * 2))
        pen.ellipse((x - size, y - size, x + size, y + size), fill="#14648c")
        pen.text((x, y - size - 4), f"{count}", "#14648c", small, anchor="mb")
    pen.text((edge + side / 2, 22), "texts: how certain, and how many of them right", "black", small, anchor="mm")
    pen.text(
        (edge + side / 2, side + 2 * edge - 16),
        "certainty; lines reach down to what is likely at worst (95 %)",
        "black",
        small,
        anchor="mm",
    )
    picture.save(target)


def badge(results: dict[str, Any]) -> str:
    """The lines of README between its marks."""
    sets = {name: Figures(*one.values()) for name, one in results["sets"].items()}
    read = [one for one in sets.values() if one.exact]
    none = [one for one in sets.values() if not one.exact]
    count, wrong = sum(one.pictures for one in sets.values()), sum(one.wrong for one in sets.values())
    right = sum(one.accepted for one in read) / max(1, sum(one.pictures for one in read))
    return (
        f"**Wrong and accepted: {wrong} of {count:,}** in {len(sets)} sets ({results['date']};"
        f" at most {bound(wrong, count):.2%} with 95 %):\n"
        f"{sum(one.pictures for one in read):,} MRZs from ideal to hardly readable, {right:.0%} of them right and"
        f" accepted, and {sum(one.pictures for one in none):,} pictures\n"
        "without an MRZ, in other print, or with characters that no MRZ has."
        " [Set by set](host_tools/docs/reading.md#set-by-set)"
    )


def set_by_set(results: dict[str, Any]) -> str:
    """The table of the page on reading, and the plot."""
    rows = table({name: Figures(*one.values()) for name, one in results["sets"].items()})
    return f"{rows}\n\n![how certain, and how many of them right](calibration.png)"


def between_marks(text: str, lines: str) -> str:
    """A document with these lines between its marks."""
    head, rest = text.split(_BEGIN)
    return f"{head}{_BEGIN}\n{lines}\n{_END}{rest.split(_END)[1]}"


def _one(which: tuple[str, int], source: Source) -> Outcome:
    name, seed = which
    return judged(name, SETS[name].draw(source, seed))


def _begin() -> None:
    cv2.setNumThreads(1)


def measure(source: Source, names: Sequence[str], each: float, first: int, workers: int) -> list[Outcome]:
    """Read all pictures of these sets, `each` times their usual number."""
    wanted = [(name, first + at) for name in names for at in range(max(1, round(SETS[name].each * each)))]
    with multiprocessing.get_context("spawn").Pool(workers, _begin) as pool:
        found = pool.imap(partial(_one, source=source), wanted, chunksize=2)
        shown = track(found, "reading", total=len(wanted), console=Console(stderr=True), transient=True)
        return list(shown)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables; write results, plot and README when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=None, help="which sets (default all)")
    parser.add_argument("--times", type=float, default=1.0, help="times the usual number of each (1)")
    parser.add_argument("--first", type=int, default=0, help="number of the first picture of each")
    parser.add_argument("--font", type=Path, default=None, help="cut of OCR-B that training did not use")
    parser.add_argument(
        "--typefaces", type=Path, default=None, metavar="DIR", help="folder of fonts that are not OCR-B"
    )
    parser.add_argument("--images", type=Path, default=None, metavar="DIR", help="also pictures with known text")
    parser.add_argument("--truth", type=Path, default=None, help="their table (default: truth.tsv in that folder)")
    parser.add_argument("--workers", type=int, default=2, help="processes (2)")
    parser.add_argument("--plot", type=Path, default=None, metavar="OUT.png", help="write the reliability plot")
    parser.add_argument("--update", action="store_true", help="write results, plot and the lines of README and docs")
    options = parser.parse_args(arguments)
    truth = options.truth or (options.images / "truth.tsv" if options.images else None)
    if truth and (not options.images or not truth.is_file()):
        parser.error(f"--images and --truth go together, and {truth} has to be there")
    faces = tuple(sorted(options.typefaces.iterdir())) if options.typefaces and options.typefaces.is_dir() else ()
    names = [name for name in options.sets or SETS if faces or not SETS[name].needs_typefaces]
    if left := [name for name in options.sets or SETS if name not in names]:
        print(f"left out, --typefaces names no folder of fonts: {', '.join(left)}")
    if options.update and left:
        parser.error("--update is for all sets: name a folder of fonts with --typefaces")
    if options.update and options.sets:
        parser.error("--update is for all sets: figures of two states of the reader say nothing together")
    source = Source(options.font or find_font(), faces)
    outcomes = measure(source, names, options.times, options.first, options.workers)
    if truth:
        outcomes += [judged(f"images {kind}", drawn) for kind, drawn in of_images(options.images, truth)]
    results = {
        group: figures([one for one in outcomes if one.group == group])
        for group in dict.fromkeys(one.group for one in outcomes)
    }
    rows = reliability(outcomes)
    print(table(results), reliability_text(rows), sep="\n\n")
    if options.plot:
        plot(rows, options.plot)
    if options.update:
        own = {name: one._asdict() for name, one in results.items() if name in SETS}
        kept = {
            "date": datetime.now(UTC).date().isoformat(),
            "font": source.font.name,
            "first": options.first,
            "sets": own,
        }
        RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        plot(rows, PLOT)
        for document, lines in ((README, badge(kept)), (READING, set_by_set(kept))):
            document.write_text(between_marks(document.read_text(encoding="utf-8"), lines), encoding="utf-8")


if __name__ == "__main__":
    main()
