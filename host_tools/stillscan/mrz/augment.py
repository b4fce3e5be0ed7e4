"""Test-time augmentation: two networks see what is in doubt again, moved a little, and what one pass sees by chance the
others do not.

Both see the whole lines once. What they are certain of together is left alone; where they are not, parts of a line are
shown to both again, some characters to each side. Of 300 development strips that are hardly readable by eye (of 70000
to 70099 and 71000 to 71219) one look of both reads 252, five in this way 262, nine at the whole lines, which cost four
times as much, 260.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.character_grid import CharacterGrid, cells
from stillscan.mrz.confusables import CONFUSABLE_OF
from stillscan.mrz.evidence import Evidence
from stillscan.mrz.lines import PITCH_PX
from stillscan.mrz.net import COLUMN_PX, FIRST, SECOND, recognise
from stillscan.mrz.typeface import Print

_MOVES = ((3.0, 0.0, 1.0), (0.0, 2.0, 1.0), (1.5, 0.0, 0.97), (-1.5, -1.0, 0.985))
"""Columns to the right (3 is half a step of the network), rows down, and stretch along the line. With the last two
alone five fewer of the strips above are read, and 26 fewer can be accepted before the first wrong one."""
_SECOND_SHARE = 0.7
"""Weight of the second network: it is the better one where there is doubt. With 0.6 one more of 32 strips of levels 1
and 3 to 5 is accepted; nothing changes up to 0.8."""
_CERTAIN = 0.99
"""Probability of a character, by both networks together, from which it is left alone. With 0.98 three fewer of the
strips above are read, and 36 fewer can be accepted before the first wrong one (with 3.5 characters to each side)."""
_CELL_SHARE, _LEAST_CELL = 0.3, -6.0
"""Weight of the network that sees single characters (`typeface`) beside the two, and the least it may say of one. Of
110 development strips of level 5 (850000 to 850109) 27 are certain without it, 34 with 0.2, 37 with 0.3 (the surest
wrong one then 0.84), 43 with 0.5 (0.94), 50 and a wrong one with 0.8."""
_BESIDE_PX = 8 * PITCH_PX
"""What is shown to each side of a doubtful character. The networks see two characters to each side, but weigh them by
what the whole line looks like: with 3.5 characters 8 fewer of the strips above are read."""


def augment(evidence: Evidence) -> Evidence:
    """The evidence of both networks, and of further passes of them over the parts of its lines that are in doubt.

    The passes of a network are far from independent, and one that sees something else may be the one that is right: its
    probabilities are averaged. Of the two networks, which err apart, it is the log probabilities. Of development strips
    890000 to 892633 of level 5, 30 % can so be accepted before the first wrong one, against 19 % with log probabilities
    throughout. A third network, which sees single characters, has a say in all.
    """
    looks = np.stack([evidence.likelihoods, cells(recognise(evidence.crops, SECOND), evidence.grid)])
    averaged, steady, once = looks.copy(), looks.copy(), _together(looks)
    for line, (crop, columns_px) in enumerate(zip(evidence.crops, evidence.grid.columns_px, strict=True)):
        for doubtful in _neighbours(columns_px, np.exp(once[line].max(axis=1)) < _CERTAIN):
            pictures, grid = _moved(crop, columns_px[doubtful])
            for network, net in enumerate((FIRST, SECOND)):
                seen = np.concatenate([looks[network, line, doubtful][None], cells(recognise(pictures, net), grid)])
                averaged[network, line, doubtful] = np.log(np.exp(seen).mean(axis=0))
                steady[network, line, doubtful] = seen.mean(axis=0)
    likelihoods = _alike(_together(averaged), once) + _CELL_SHARE * _of_cells(evidence.printed)
    likelihoods -= np.log(np.exp(likelihoods).sum(axis=2, keepdims=True))
    return evidence.weighed(likelihoods, _together(steady))


def _of_cells(seen: Print) -> NDArray[np.float32]:
    """Log probabilities (lines, cells, 37) by the characters' own pictures, the likeliest of each cell at 0: O and 0,
    and I and 1, alike, and a single one does not count for too much."""
    own = seen.characters[..., : len(CONFUSABLE_OF)]
    apart = np.arange(len(CONFUSABLE_OF)) != CONFUSABLE_OF
    alike = np.where(apart, np.logaddexp(own, own[..., CONFUSABLE_OF]), own)
    return np.asarray(np.maximum(alike - alike.max(axis=2, keepdims=True), _LEAST_CELL), np.float32)


def _neighbours(columns_px: NDArray[np.float64], doubtful: NDArray[np.bool_]) -> Iterator[NDArray[np.intp]]:
    """The doubtful characters of a line, together those whose surroundings touch."""
    found = np.flatnonzero(doubtful)
    apart = np.flatnonzero(np.diff(columns_px[found]) > 2 * _BESIDE_PX) + 1
    yield from (part for part in np.split(found, apart) if len(part))


def _moved(crop: NDArray[np.uint8], columns_px: NDArray[np.float64]) -> tuple[NDArray[np.uint8], CharacterGrid]:
    """What lies around characters at `columns_px` of a crop, once for each move, and where they stand in it."""
    first, end = columns_px[0] - _BESIDE_PX, columns_px[-1] + _BESIDE_PX
    size = int(np.ceil((end - first) / COLUMN_PX)) * COLUMN_PX, crop.shape[0]
    pictures, places = [], []
    for right, down, stretch in _MOVES:
        aside = right + (1 - stretch) * (first + end) / 2 - first
        matrix = np.array([[stretch, 0, aside], [0, 1, down]])
        pictures.append(cv2.warpAffine(crop, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
        places.append(stretch * columns_px + aside)
    return np.asarray(pictures, np.uint8), CharacterGrid(np.stack(places), PITCH_PX, 1.0)


def _together(by_network: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log probabilities (2, lines, cells, 37) of the two networks as one."""
    mean = np.tensordot((1 - _SECOND_SHARE, _SECOND_SHARE), by_network, axes=1)
    return np.asarray(mean - np.log(np.exp(mean).sum(axis=2, keepdims=True)), np.float32)


def _alike(likelihoods: NDArray[np.float32], once: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log probabilities in which O and 0, and I and 1, are told apart as `once` does, which has seen whole lines.

    A cut's O is judged beside the zeros of its line, and a part of the line may have none.
    """
    both = np.logaddexp(likelihoods, likelihoods[..., CONFUSABLE_OF])
    share = once - np.logaddexp(once, once[..., CONFUSABLE_OF])
    apart = np.arange(len(CONFUSABLE_OF)) != CONFUSABLE_OF
    return np.asarray(np.where(apart, both + share, likelihoods), np.float32)
