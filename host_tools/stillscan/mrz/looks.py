"""Several looks at one document joined to one reading: noise, dust and glare change from look to look, print stays."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.errors import MrzError
from stillscan.mrz.evidence import Evidence
from stillscan.mrz.judge import Reading, judge
from stillscan.mrz.read import as_grey, examine, is_strip
from stillscan.mrz.twins import TWIN_OF

_SURE = np.log(0.97)
_MOST_DISAGREEING = 4
"""Characters that two looks may be sure of and yet see differently, before they must be of different documents."""
_SHARED = 0.7
"""What looks have in common (wear, print) does not average out: n of them weigh as n to the power of 1 less this."""


def read_looks(sources: Sequence[str | Path | NDArray[Any]]) -> Reading:
    """One reading of several pictures (files or arrays, strips or others) of the same document.

    Chances of each character are multiplied over the looks. Refuses, with a reason, pictures that clearly show
    different documents. MrzError when there is no picture or one cannot be loaded.
    """
    if not sources:
        raise MrzError("there is no picture to read")
    pictures = [as_grey(source) for source in sources]
    start = time.perf_counter()
    seen = [examine(grey, is_strip=is_strip(grey)) for grey in pictures]
    reading = _joined([(own, evidence) for own, evidence in seen if evidence is not None], seen[0][0])
    return replace(reading, ms=round((time.perf_counter() - start) * 1000, 2))


def _joined(seen: list[tuple[Reading, Evidence]], otherwise: Reading) -> Reading:
    if len(seen) < 2:
        return seen[0][0] if seen else otherwise
    # a comb on the wrong cells or of the wrong length would spoil the rest: most looks decide the size
    sizes = [evidence.likelihoods.shape for _, evidence in seen]
    size = max(
        sizes, key=lambda one: sum(evidence.fit + 4 for _, evidence in seen if evidence.likelihoods.shape == one)
    )
    usable = [(own, evidence) for own, evidence in seen if evidence.likelihoods.shape == size]
    stack = np.stack([evidence.likelihoods for _, evidence in usable])
    best = max((own for own, _ in usable), key=lambda own: (own.accepted, own.valid, own.confidence))
    if _disagree(stack):
        return replace(best, accepted=False, reason="the pictures show different documents")
    joined = judge(join(stack))
    if joined is None:
        return best
    if joined.accepted and any(evidence.goes_on for _, evidence in usable):
        return replace(joined, accepted=False, reason="the text goes on beyond what was read", quality=best.quality)
    if joined.accepted and any(fault.code == "two-mrzs" for own, _ in usable for fault in own.quality):
        return replace(joined, accepted=False, reason="a picture shows two MRZs", quality=best.quality)
    return replace(joined, quality=best.quality)


def join(stack: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log probabilities (looks, lines, cells, 37) to those of all looks together, (lines, cells, 37).

    Between letters and digits that a cut prints alike, many looks tell no more than one: all mistake them the same way.
    """
    mean = stack.mean(axis=0)
    summed = mean * np.float32(len(stack) ** (1 - _SHARED))
    both = np.logaddexp(summed, summed[..., TWIN_OF])
    apart = np.logaddexp(0, mean[..., TWIN_OF] - mean)  # how much less one of two twins is than both together
    joined = np.where(np.arange(len(TWIN_OF)) == TWIN_OF, summed, both - apart)
    top = joined.max(axis=-1, keepdims=True)
    return np.asarray(joined - top - np.log(np.exp(joined - top).sum(axis=-1, keepdims=True)), np.float32)


def _disagree(stack: NDArray[np.float32]) -> bool:
    """Whether two looks are sure of different characters in too many places."""
    best, sure = stack.argmax(axis=-1), stack.max(axis=-1) > _SURE
    for first in range(len(stack)):
        for other in range(first):
            differs = (best[first] != best[other]) & (TWIN_OF[best[first]] != best[other])
            if int((differs & sure[first] & sure[other]).sum()) > _MOST_DISAGREEING:
                return True
    return False
