"""Evidence to a reading: the text, how sure it is, and whether it may be relied on."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import codes, effort
from stillscan.mrz.alphabet import ALPHABET, FILLER
from stillscan.mrz.confusables import undecided, weighed
from stillscan.mrz.decode import Decoded, decode
from stillscan.mrz.finding import QualityFinding
from stillscan.mrz.parse import Mrz, parse

MIN_CONFIDENCE = 0.98
"""Probability of a text that is accepted. Chosen on development strips of level 5: after all passes the surest wrong
one of 890000 to 892633 had 0.953, of 900000 to 901553 0.970."""
MIN_CHARACTER = 0.02
"""Probability that every single print has for the character it is taken for, whatever its place and the sums say.
Nothing changes between 0.005 and 0.05, 32 strips of levels 1 and 3 to 5."""
SHARPNESS = 1.2
"""Print of a cut that the network was not trained on leaves it too modest: its log odds are stretched by this, measured
on development strips 30000 to 41599."""
_CONFUSABLES_UNDECIDED = -6.0
"""Log odds of a confusable, after all passes, that leave it in doubt, and with it all that are not far from that."""
CHECK = "a check digit does not agree"
UNCLEAR = "a character is not clear"
UNCERTAIN = "some characters are not certain"
KIND = "the kind of document is unknown"
STATE = "the code of a state is unknown"
NAME = "the name is not formed as names are"
EXPIRY = "the date of expiry is no date"
CONFUSED = "O and 0, or I and 1, cannot be told apart"
SEX_X = "X is printed as sex, where an MRZ has < instead"
DOUBTS = (CHECK, UNCLEAR, UNCERTAIN, CONFUSED)
"""Reasons that lie in the print, or may: what print it is may be the better one."""
SURE_CHARACTER = 0.97
"""Characters less probable than this are named as unsure."""
_CLEAR = -0.001
"""Log probability of a character that the decoder has nothing to weigh about."""
_NATIONAL_KINDS = {("TD1", "USA", "B1")}
"""Kinds beyond those of Doc 9303-5: the border crossing card of the United States (C1 is a resident's)."""
_FIRST_LETTERS = {"TD1": "ACI", "TD2": "ACI", "TD3": "P", "MRV-A": "V", "MRV-B": "V", "FRA-ID": "I", "CHE-DL": "F"}


class Correction(NamedTuple):
    """A character that the rules of the format overruled. Places count from 1."""

    line: int
    position: int
    seen: str
    taken: str


@dataclass(frozen=True, repr=False)
class Reading:
    """What was read. `lines` is the best text even when it is not `accepted`; only an accepted one may be relied on.

    `valid`: all check digits agree and characters are of the right kind. `accepted`: valid, and so certain that it may
    decide something. `confidence`: probability 0..1 that all characters are right. `characters`: probability of each
    character, one tuple a line. `reason`: why it was not read or not accepted. `corrections`: where check digits or the
    format decided against the likeliest character. `unsure`: (line, position) of doubtful characters, from 1.
    `quality`: what is wrong with the picture. `ms`: time it took. `effort_ms`: what its
    steps cost on the reference (see `effort`): the same for the same picture.
    """

    format: str | None = None
    lines: tuple[str, ...] | None = None
    valid: bool = False
    accepted: bool = False
    checks: dict[str, bool] = field(default_factory=dict)
    confidence: float = 0.0
    characters: tuple[tuple[float, ...], ...] = ()
    reason: str | None = None
    ms: float = 0.0
    effort_ms: float = 0.0
    corrections: tuple[Correction, ...] = ()
    unsure: tuple[tuple[int, int], ...] = ()
    quality: tuple[QualityFinding, ...] = ()

    def __repr__(self) -> str:
        """Without personal data, because objects end up in logs and tracebacks."""
        return f"Reading(format={self.format!r}, accepted={self.accepted}, reason={self.reason!r})"


def judge(likelihoods: NDArray[np.float32], *, once: bool = False) -> Reading | None:
    """The reading of log probabilities (lines, cells, 37); accepted only when it is certain in every respect.

    `once` tells whether the print was seen in one pass only, which is not enough for characters that look alike. None
    when no format has that size, or no text of a format fits at all.
    """
    clear = int((likelihoods.max(axis=2) > _CLEAR).sum())
    effort.spend("decode")
    effort.spend("decode-unclear", likelihoods[..., 0].size - clear)
    sharp = likelihoods * np.float32(SHARPNESS)
    sharp = weighed(sharp - np.log(np.exp(sharp).sum(axis=2, keepdims=True)))
    decoded = decode(sharp)
    if decoded is None:
        return None
    mrz = parse(decoded.lines)
    confidence = float(np.exp(min(0.0, decoded.log_best - decoded.log_all)))
    # where one is in doubt, so are its fellows: a cut whose O is like its 0 deceives in every place
    doubt = once or any(odds > _CONFUSABLES_UNDECIDED for odds in decoded.confusables.values())
    confusables = doubt and undecided(decoded.form, decoded.lines, list(decoded.confusables))
    reason = _doubt(mrz, confidence, decoded, confusables=confusables)
    greedy = sharp.argmax(axis=2)
    return Reading(
        format=mrz.format,
        lines=decoded.lines,
        valid=mrz.valid,
        accepted=reason is None,
        checks=mrz.checks,
        confidence=round(confidence, 6),
        characters=tuple(map(tuple, np.round(decoded.characters.astype(np.float64), 4).tolist())),
        reason=reason,
        corrections=tuple(
            Correction(row + 1, column + 1, ALPHABET[greedy[row, column]], decoded.lines[row][column])
            for row, column in decoded.changed
        ),
        unsure=_unsure(decoded),
    )


def _unsure(decoded: Decoded) -> tuple[tuple[int, int], ...]:
    """Places of characters that are not certain."""
    return tuple((int(row) + 1, int(column) + 1) for row, column in np.argwhere(decoded.characters < SURE_CHARACTER))


def _doubt(mrz: Mrz, confidence: float, decoded: Decoded, *, confusables: bool) -> str | None:
    """Why a text is not to be relied on, None when it is."""
    if not all(mrz.checks.values()):
        return CHECK
    if not mrz.valid:  # of all characters that could break their field's kind, only this one is ever read
        return SEX_X
    if decoded.plainest < MIN_CHARACTER:
        return UNCLEAR
    if confusables:
        return CONFUSED
    if confidence < MIN_CONFIDENCE or decoded.formed:
        return UNCERTAIN
    national = (mrz.format, mrz.issuer, mrz.document_code) in _NATIONAL_KINDS
    if mrz.document_code[:1] not in _FIRST_LETTERS[mrz.format] and not national:
        return KIND
    if not (codes.is_known(mrz.issuer) and codes.is_known(mrz.nationality)):
        return STATE
    if not _name_well_formed(mrz):
        return NAME
    if mrz.expiry and mrz.expiry_date() is None:
        return EXPIRY
    return None


def _name_well_formed(mrz: Mrz) -> bool:
    """A primary or a secondary identifier or both, each of words with single fillers between them."""
    return mrz.primary + mrz.secondary != "" and all(FILLER * 2 not in part for part in (mrz.primary, mrz.secondary))
