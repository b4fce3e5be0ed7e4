"""What somebody typed and has not sent yet, and what they were told about what they sent: it stays until they act."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Draft:
    """Of one browser. It is about one question (`Visit.about`), and lives with the visit: in memory, and in no log."""

    about: str = ""
    fields: dict[str, str] = field(default_factory=dict, repr=False)
    """What stands in the fields, by their names; ``at``: in which of them somebody types."""
    told: dict[str, Any] = field(default_factory=dict)
    """Why what was sent was not taken, as the page's templates have it."""
