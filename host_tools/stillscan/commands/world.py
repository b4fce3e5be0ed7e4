"""Options that describe a simulated world, and the world made of them; shared by the commands that simulate."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from stillscan.boards.files import chip
from stillscan.errors import InputError, MissingPackagesError
from stillscan.mrz.formats import parse_mrz_text
from stillscan.simulator.dirt import Dirt
from stillscan.simulator.glass import Page
from stillscan.simulator.hand import PROFILES, Motion, profile
from stillscan.simulator.scene import Scene
from stillscan.simulator.trace import load_trace
from stillscan.simulator.visitors import QUICK_US, WAIT_US, Visitors

if TYPE_CHECKING:  # of the extra `chip`
    from stillscan.simulator.chip.kiosk import ChipKiosk

SAMPLE = Path(__file__).parents[1] / "samples" / "nor-clean.png"  # an invented person's strip
_VISIT_S = 60.0  # a hand's movements are drawn for so long: twice what a check is waited for by default
UF2_ALONE = "--uf2: goes with --board and a chip that is emulated"
"""What is told of an image that nothing would run."""

DIRT_HELP = (
    "clean, dust, streak, smear, dirty; or single pieces of it, WHERE:KIND:X,Y:SIZE in mm and separated by blanks: "
    "WHERE is glass, strip or sensor (without Y), KIND is spot, streak, haze or scratch (default: clean)"
)


def add_movement(parser: argparse._ActionsContainer) -> None:
    """--motion, --dirt, --seed."""
    parser.add_argument(
        "--motion",
        default="still",
        metavar="PROFILE|TRACE.csv",
        help=f"how hand and kiosk move: {', '.join(PROFILES)}, or a trace (default: still)",
    )
    parser.add_argument("--dirt", default="clean", metavar="PROFILE", help=DIRT_HELP)
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of noise, hand and dirt (default: 1)")


def movement(motion: str, seed: int, most_s: float) -> Motion:
    """A named profile, or a trace file. InputError."""
    if motion not in PROFILES and (motion.lower().endswith(".csv") or Path(motion).exists()):
        return load_trace(motion)
    return profile(motion, seed, most_s)


def scene(
    document: str | PathLike[str] | None, mrz_text: str | None, motion: str, dirt: str, seed: int, most_s: float
) -> Scene:
    """The world of one check. InputError for anything that cannot be used."""
    if seed < 0:
        raise InputError("--seed: a whole number of 0 or more")
    hand = movement(motion, seed, most_s)
    spots = Dirt.profile(dirt, seed)
    page = Page.load(document) if document is not None else _printed(parse_mrz_text(mrz_text or ""))
    return Scene(page, hand, spots, seed)


def chip_kiosk(board: str, uf2: str | None, files: Mapping[str, bytes] | None = None) -> Callable[[Scene], ChipKiosk]:
    """What makes a kiosk whose chip is emulated; ``files`` as ChipKiosk has them. InputError, MissingPackagesError."""
    chip(board)
    if not uf2:
        raise InputError(f"--board {board}: name a MicroPython image for it by --uf2 or STILLSCAN_UF2")
    try:
        from stillscan.simulator.chip.kiosk import ChipKiosk
    except ImportError:
        raise MissingPackagesError(f"--board {board}: no emulator for its chip", "chip") from None
    return lambda world: ChipKiosk(world, uf2, board, files)


def _printed(lines: Sequence[str]) -> Page:
    from stillscan.simulator.printing import strip  # who lays a picture down needs no fonts

    return Page.from_array(strip(lines))


def visitors(motion: str, seed: int, *, quick: bool = False) -> Visitors:
    """One visitor after another, each with another seed."""
    return Visitors(lambda number: movement(motion, seed + number, _VISIT_S), QUICK_US if quick else WAIT_US)
