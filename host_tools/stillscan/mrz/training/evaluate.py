"""Reports on the development set: `python -m stillscan.mrz.training.evaluate --font OCRB7.ttf [--strips 50]`.

Per level: strips with every character right (greedy, no check digits, no grammar), character error rate, strips whose
comb is off, calibration of the characters, and the time of the network and the comb for one strip.
"""

import argparse
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.comb import cells, combs
from stillscan.mrz.net import look as see
from stillscan.mrz.training import devset

_BINS = np.array([0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0000001])


class Look(NamedTuple):
    """What the network made of one strip."""

    log_probabilities: NDArray[np.float32]
    """(2, 44, 37)."""
    truth: NDArray[np.intp]
    """(2, 44) class numbers."""
    ms: float


def look(font_file: Path, level: int, seed: int) -> Look:
    """Read one development strip; cells that were not found give equal chances to all characters."""
    one = devset.strip(font_file, level, seed)
    lines = devset.crops(one, seed)
    start = time.perf_counter()
    seen = see(lines)
    found = [comb for comb in combs(seen.centres) if comb.count == 44]
    uniform = np.full((2, 44, len(ALPHABET)), -np.log(len(ALPHABET)), np.float32)
    read = cells(seen, found[0]) if found else uniform
    ms = (time.perf_counter() - start) * 1000
    truth = np.array([[ALPHABET.index(character) for character in line] for line in one.lines])
    return Look(read, truth, ms)


def calibration_error(log_probabilities: NDArray[np.float32], truth: NDArray[np.intp]) -> float:
    """Expected calibration error: mean gap between certainty and share of right characters over the bins.

    `log_probabilities` (..., 37), `truth` (...).
    """
    certain = np.exp(log_probabilities.max(axis=-1)).ravel()
    right = (log_probabilities.argmax(axis=-1) == truth).ravel()
    bins = np.digitize(certain, _BINS) - 1
    gaps = [
        float((bins == index).mean()) * abs(float(certain[bins == index].mean() - right[bins == index].mean()))
        for index in np.unique(bins)
    ]
    return sum(gaps)


def report(font_file: Path, strips: int) -> str:
    """The table."""
    rows = ["level  exact  characters wrong  comb off     ECE  ms a strip"]
    for level in range(devset.LEVELS):
        looks = [look(font_file, level, seed) for seed in range(strips)]
        wrong = np.array([(one.log_probabilities.argmax(axis=2) != one.truth).sum() for one in looks])
        calibration = calibration_error(
            np.stack([one.log_probabilities for one in looks]), np.stack([one.truth for one in looks])
        )
        rows.append(
            f"{level:5d} {np.mean(wrong == 0):6.1%} {wrong.sum() / (88 * strips):17.3%} {np.mean(wrong > 30):9.1%}"
            f" {calibration:7.4f} {np.median([one.ms for one in looks]):11.1f}"
        )
    return "\n".join(rows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--font", type=Path, required=True, help="a cut of OCR-B that training did not use")
    parser.add_argument("--strips", type=int, default=50, help="per level")
    options = parser.parse_args()
    print(report(options.font, options.strips))


if __name__ == "__main__":
    main()
