"""The same checks on the emulated chip and on this computer's MicroPython: ``make bench-chip ARGS='--checks 20'``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rich.table import Table

from bench.motion import truth
from stillscan.commands.world import SAMPLE, scene
from stillscan.simulator.chip.kiosk import ChipKiosk
from stillscan.testing.simulate import Options, simulate

MOTIONS = ("one-slip", "slips", "tremor", "bump", "lift", "drift", "mixed", "restless", "slips-3", "lift-slips")
DOCUMENTS = ("nor-clean.png", "uto-clean.png")
_MOST_S = 30.0
_DEPTH = 4  # bits a pixel of both: the chip's default
_VERDICT = ("outcome", "reason", "mrz", "format")


class Pair(NamedTuple):
    """Two records of one seed: see ``stillscan simulate --json``."""

    seed: int
    motion: str
    document: str
    chip: dict[str, object]
    here: dict[str, object]

    @property
    def equal(self) -> bool:
        """The same verdict, for the same reason, over the same lines."""
        return all(self.chip[key] == self.here[key] for key in _VERDICT)

    @property
    def right(self) -> bool:
        """Whatever the chip read is what stands on the document."""
        return self.chip["mrz"] in (None, truth()[self.document])


def checks(uf2: str, board: str, count: int) -> Iterator[Pair]:
    """Seeds 1 to ``count``; motion and document change with the seed."""
    for seed in range(1, count + 1):
        motion, document = MOTIONS[(seed - 1) % len(MOTIONS)], DOCUMENTS[(seed - 1) // len(MOTIONS) % len(DOCUMENTS)]
        options = Options(most_s=_MOST_S, settings={"depth": _DEPTH})
        worlds = [scene(SAMPLE.with_name(document), None, motion, "clean", seed, _MOST_S) for _ in range(2)]
        chip = simulate(worlds[0], options, switch_on=lambda world: ChipKiosk(world, uf2, board))
        yield Pair(seed, motion, document, chip, simulate(worlds[1], options))


def table(pairs: list[Pair]) -> Table:
    """A row a seed: verdicts, lines, attempts and the moment of the verdict on both."""
    shown = Table(title="checks with movement: emulated chip | this computer")
    for column in ("seed", "motion", "document", "verdict", "the same", "MRZ right", "attempts", "verdict after ms"):
        shown.add_column(column)
    for pair in pairs:
        shown.add_row(
            str(pair.seed),
            pair.motion,
            pair.document.removesuffix(".png"),
            str(pair.chip["outcome"]) if pair.equal else f"{pair.chip['outcome']} | {pair.here['outcome']}",
            "yes" if pair.equal else "NO",
            "-" if pair.chip["mrz"] is None else "yes" if pair.right else "NO",
            f"{pair.chip['attempts']} | {pair.here['attempts']}",
            f"{pair.chip['t_verdict_ms']} | {pair.here['t_verdict_ms']}",
        )
    return shown
