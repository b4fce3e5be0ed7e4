"""How a check is gone about: every idea that it rests on, each with a switch.

The product uses ``Policy()``. ``RESTART_ONLY`` is the scanner that people know: any movement starts over. The benches
switch ideas off one by one to show what each is worth.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """What a check may do. ``captures`` whole captures of a document that lay still and could not be read with
    certainty are enough: then it gives up (three: with the evidence of three, 95 % of hardly readable strips are read,
    a fourth adds less than one in a hundred)."""

    captures: int = 3
    salvage: bool = True
    """Lines that came before an abort are kept, and the next sweep goes on from the row that is missing."""
    straighten: bool = True
    """Lines are put where the displacement says that they belong."""
    register: bool = True
    """Sweeps are laid on each other by what they show; a flow sensor that counts backwards is found out."""
    read_early: bool = True
    """The text is read as soon as its rows are there, while the sweep goes on."""
    keep_evidence: bool = True
    """What former captures of the document showed counts in the reading of the next."""


RESTART_ONLY = Policy(salvage=False, register=False, read_early=False, keep_evidence=False)
