"""What was read in a place, and how far its print bears that out."""

from stillscan.mrz.evidence import Evidence
from stillscan.mrz.judge import Reading

_SURE = 0.5
"""More likely right than wrong."""
BORNE_OUT = -0.5
"""Support of a text (mean log probability) above which it is the one that stands there, though not every character be
clear, so that it is seen again (`augment`): the worst development strips that are read have -0.13, print upside down or
a character aside less than -1.8, ordinary print in even distances up to -0.69."""
_PLAIN = -0.02
"""Support of a text whose lines were cut out as they run: bent ones whose ends were missed had -0.3 and less, specimens
with wrong check digits have -0.03."""

Found = tuple[Reading, Evidence | None]
"""What was read, and the evidence it rests on."""


def is_read(reading: Reading) -> bool:
    """Whether a text was read that is more likely right than wrong, and fits its check digits."""
    return reading.valid and reading.confidence > _SURE


def stands_there(reading: Reading, evidence: Evidence | None) -> bool:
    """Whether the text is clearly that of an MRZ in this place, certain or not."""
    return evidence is not None and (is_read(reading) or evidence.support(reading.lines or ()) > BORNE_OUT)


def is_plain(reading: Reading, evidence: Evidence | None) -> bool:
    """Whether a text was read, or stands so plainly there that its lines were followed to their ends."""
    return is_read(reading) or (evidence is not None and evidence.support(reading.lines or ()) > _PLAIN)


def better(one: Found, other: Found) -> Found:
    """What is read goes first, then what the print bears out best."""
    if one[1] is None or other[1] is None:
        return other if one[1] is None else one
    return other if _rank(other[0], other[1]) > _rank(one[0], one[1]) else one


def _rank(reading: Reading, evidence: Evidence) -> tuple[bool, float]:
    """The greater, the better."""
    return is_read(reading), evidence.support(reading.lines or ())
