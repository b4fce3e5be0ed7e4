"""Sample images of invented people, and how they are made.

`truth.tsv` beside them tells what each shows: file, format, lines (joined by |), what is special about it. Every
number, name and date is made up; numbers of the Norwegian samples start ZZZ, which is not in use.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stillscan.mrz.compose import compose
from stillscan.simulator import printing

_AASE: dict[str, Any] = {"primary": "OESTENBYEN", "secondary": "AASE", "birth": "910517", "sex": "F"}
_ANNA: dict[str, Any] = {"primary": "ERIKSSON", "secondary": "ANNA<MARIA", "birth": "740812", "sex": "F"}
_NOR: dict[str, Any] = {"issuer": "NOR", "nationality": "NOR"}
_UTO: dict[str, Any] = {"issuer": "UTO", "nationality": "UTO"}
_KNUT: dict[str, Any] = {"primary": "FJELLVANG<DAL", "secondary": "KNUT<OLAV", "birth": "620228", "sex": "M"}


def sample_lines() -> dict[str, tuple[tuple[str, ...], str]]:
    """File name -> (MRZ lines, what is special)."""
    return {
        "nor-clean.png": (compose("TD3", code="P", number="ZZZ000101", expiry="310101", **_NOR, **_AASE), "clean"),
        "uto-clean.png": (compose("TD3", code="P", number="L898902C3", expiry="320415", **_UTO, **_ANNA), "specimen"),
        "nor-worn.png": (
            compose("TD3", code="PP", number="ZZZ000202", expiry="330228", **_NOR, **_KNUT),
            "worn print, dust and noise",
        ),
        "nor-page.png": (compose("TD3", code="P", number="ZZZ000303", expiry="300630", **_NOR, **_AASE), "whole page"),
        "nor-expired.png": (compose("TD3", code="P", number="ZZZ000404", expiry="190412", **_NOR, **_AASE), "expired"),
        "nor-id-card.png": (
            compose("TD1", code="ID", number="ZZZ000505", expiry="310101", **_NOR, **_AASE),
            "identity card, not a passport",
        ),
        "uto-id-td2.png": (
            compose("TD2", code="I", number="D23145890", expiry="320415", **_UTO, **_ANNA),
            "identity card, not a passport",
        ),
        "uto-visa.png": (
            compose("MRV-A", code="V", number="L8988901C", expiry="320415", **_UTO, **_ANNA, optional=("6ZE184226B",)),
            "visa, not a passport",
        ),
    }


def wear(picture: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """A worn copy of a strip (rows, cols): ink rubbed thin in patches, dust columns, noise; 8-bit grey."""
    rng = np.random.default_rng(seed)
    rows, columns = picture.shape
    coarse = rng.uniform(0.35, 1.0, (rows // 24 + 2, columns // 24 + 2)).astype(np.float32)
    patches = Image.fromarray(coarse).resize((columns, rows), Image.Resampling.BICUBIC)
    kept = np.clip(np.asarray(patches), 0.3, 1.0)
    grey = printing.PAPER - (printing.PAPER - picture.astype(np.float32)) * kept
    for column in rng.integers(0, columns, 6):
        grey[:, column : column + 2] *= rng.uniform(0.5, 0.8)
    return np.asarray(np.clip(np.rint(grey + rng.normal(0, 4, grey.shape)), 0, 255), np.uint8)


def sample_picture(name: str, lines: Sequence[str]) -> NDArray[np.uint8]:
    """The picture of one sample (rows, cols), 300 dpi."""
    if name.endswith("-page.png"):
        return printing.page(lines)
    clean = printing.strip(lines)
    return wear(clean, seed=7) if "worn" in name else clean


def write_samples(folder: Path) -> None:
    """Write all samples and truth.tsv to `folder`; InputError when there is no OCR-B font."""
    folder.mkdir(parents=True, exist_ok=True)
    table = ["file\tformat\tlines\tnote"]
    for name, (lines, note) in sample_lines().items():
        Image.fromarray(sample_picture(name, lines)).save(folder / name, dpi=(300, 300), optimize=True)
        kind = {44: "TD3", 36: "TD2", 30: "TD1"}[len(lines[0])]
        table.append("\t".join((name, "MRV-A" if lines[0][0] == "V" else kind, "|".join(lines), note)))
    (folder / "truth.tsv").write_text("\n".join(table) + "\n", encoding="utf-8")
