"""What a bundle is made of: where things are, and what the sources share while they are asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from stillscan.link.transport import Transport
from stillscan.records.clock import ClockRules
from stillscan.technician.bundle.hidden import Hidden
from stillscan.technician.bundle.office import Office
from stillscan.technician.bundle.plain import Plain
from stillscan.technician.bundle.scanner import Visited, visit


@dataclass(frozen=True)
class Places:
    """What the command line names; None where nothing is named."""

    database: str | None = None
    keys: str | None = None
    kiosk: str | None = None
    rules: ClockRules | None = None
    connect: Callable[[], Transport] | None = None
    """Opens the scanner's port."""
    log: Path | None = None
    configuration: Path | None = None
    recordings: Path | None = None
    """The folder of `stillscan run --record`."""
    service: Path | None = None
    """The folder of `stillscan service`."""
    options: frozenset[str] = field(default_factory=frozenset)
    """Keys that a configuration may have."""
    files: frozenset[str] = field(default_factory=frozenset)
    """Those that name a file or folder which has to be there."""
    refused: str = ""
    """Why `stillscan run` does not take the configuration; "" when it does."""
    seconds: float = 3.0
    """From the first look at the scanner's health to the second."""
    look: bool = False
    """Look at the empty glass too."""


class Ask:
    """Handed to each source."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.hidden = Hidden()
        self.plain = Plain(self.hidden, places.options)
        self.office = Office(places.database, places.keys, places.kiosk, places.rules)

    @cached_property
    def visited(self) -> Visited:
        """The scanner, asked once. Trouble with it is in what is returned."""
        places = self.places
        return visit(places.connect, self.office.admission, places.seconds, self.hidden, look=places.look)

    def close(self) -> None:
        """Give the database back."""
        self.office.close()


Source = Callable[[Ask], Any]
"""A part of the bundle: what JSON can hold, or a text, of which each line has passed the gate; None: there is none."""
