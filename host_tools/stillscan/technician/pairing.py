"""Pairs a board at its prompt with this kiosk, in such an order that the power may go at any moment.

The key lies in the kiosk's folder before the board has it, and the board has it before the audit chain says so:
whatever is missing at the end is added by pairing again, and nothing counts before the chain says it.
"""

from __future__ import annotations

from typing import NamedTuple

from stillscan.errors import DeviceError
from stillscan.link.pairing import BOARD_FILE, Pairing
from stillscan.records.admission import SIMULATED
from stillscan.records.scanners import Scanners
from stillscan.technician.prompt import Prompt


class Paired(NamedTuple):
    """What pairing came to. ``new`` is False for a scanner that was paired here before; ``replaces`` the id that the
    board had until now."""

    scanner: str
    board: str
    new: bool
    test: bool
    replaces: str | None = None


def pair_board(prompt: Prompt, scanners: Scanners, board: str, *, test: bool, staff: str | None = None) -> Paired:
    """The board is paired with this kiosk when this returns. DeviceError, RecordsError: the same again completes it.

    ``staff``: who has signed in for it.
    """
    there = Pairing.read(prompt.read(BOARD_FILE))
    if there is not None and scanners.kept(there.scanner) == there:
        known = scanners.all().get(there.scanner)
        if known is None:  # it was interrupted before the chain said so
            scanners.note_pairing(there, board, test=test, staff=staff)
            return Paired(there.scanner, board, True, test)
        if scanners.standing(known) == "paired" and known.test == test:
            return Paired(there.scanner, board, False, test)
    pairing = Pairing.new()
    scanners.keep(pairing)
    prompt.replace(BOARD_FILE, pairing.written())
    if prompt.read(BOARD_FILE) != pairing.written():
        raise DeviceError("the board's flash does not keep what is written: the board is worn out or damaged")
    replaces = there.scanner if there is not None else None
    scanners.note_pairing(pairing, board, test=test, replaces=replaces, staff=staff)
    return Paired(pairing.scanner, board, True, test, replaces)


def pair_simulated(scanners: Scanners, staff: str | None = None) -> tuple[Pairing, Paired]:
    """A pairing for a simulated scanner, which counts in test mode only."""
    pairing = Pairing.new()
    scanners.keep(pairing)
    scanners.note_pairing(pairing, SIMULATED, test=True, staff=staff)
    return pairing, Paired(pairing.scanner, SIMULATED, True, True)
