"""What the benchmark's figures are held against: the committed baseline and the targets."""

from __future__ import annotations

import json
from pathlib import Path

from rich.table import Table

from bench.chip.measure import Figure
from bench.chip.movements import INT1, SLIDE
from stillscan.errors import InputError

BASELINE = Path(__file__).with_name("baseline.json")
TARGETS = {
    "line, sustained, 4 bit": 3000.0,
    "sweep of 274 lines, 4 bit": 900.0,
    INT1: 200.0,
    SLIDE: 15_000.0,
    "heap free, lowest": 100_000.0,
    "line loop of a sweep: allocated": 0.0,
    "boot to HELLO": 1000.0,
}
_MOMENTARY = (INT1, SLIDE)
_WORSE = 1.02
_CYCLES_PER_US = 125


def compare(figures: list[Figure], baseline: dict[str, float]) -> list[str]:
    """Names of the figures that are worse than the baseline by more than 2 %, or than a target that takes its place."""
    worse = []
    for figure in figures:
        known = baseline.get(figure.name)
        if figure.name in _MOMENTARY:
            worse += missed([figure])
        elif known is not None:
            now, then = (known, figure.value) if figure.more_is_better else (figure.value, known)
            if now > then * _WORSE:
                worse.append(figure.name)
    return worse


def absent(figures: list[Figure], baseline: dict[str, float]) -> list[str]:
    """Names of the baseline's figures that were not measured."""
    return [name for name in baseline if name not in {figure.name for figure in figures}]


def missed(figures: list[Figure]) -> list[str]:
    """Names of the figures that do not reach what they should."""
    found = []
    for figure in figures:
        target = TARGETS.get(figure.name)
        if target is not None and (figure.value < target if figure.more_is_better else figure.value > target):
            found.append(figure.name)
    return found


def stored(path: Path) -> tuple[str, dict[str, float]]:
    """Digest of the image of the baseline, and its figures. InputError when the file is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return str(content["image"]), {str(name): float(value) for name, value in content["figures"].items()}
    except FileNotFoundError:
        return "", {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path.name}: no baseline: {error!r}; make it anew with --update") from None


def store(path: Path, image: str, figures: list[Figure]) -> None:
    """Make these figures the baseline."""
    content = {"image": image, "figures": {figure.name: figure.value for figure in figures}}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def table(figures: list[Figure], baseline: dict[str, float]) -> Table:
    """Measured, in microseconds and cycles where it is a time of the chip, beside baseline and target."""
    shown = Table()
    for column in ("figure", "measured", "", "cycles", "baseline", "target", ""):
        shown.add_column(column, justify="left" if column in ("figure", "") else "right")
    worse, short = compare(figures, baseline), missed(figures)
    for figure in figures:
        target, known = TARGETS.get(figure.name), baseline.get(figure.name)
        sign = ">=" if figure.more_is_better else "<="
        shown.add_row(
            figure.name,
            f"{figure.value:.10g}",
            figure.unit,
            f"{figure.value * _CYCLES_PER_US:.0f}" if figure.unit == "us" else "",
            "" if known is None else f"{known:.10g}",
            "" if target is None else f"{sign} {target:.10g}",
            "worse" if figure.name in worse else "short of the target" if figure.name in short else "",
        )
    return shown
