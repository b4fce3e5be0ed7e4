"""Runs the trained networks over straightened lines (see `training` for how they are made)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# From its import on onnxruntime reports its use to its makers and keeps a device's id in the user's folder, whatever
# its own switch says; only this variable keeps it from both. Set here, it holds where the package is a library too.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

from stillscan.mrz import effort

QUICK, FIRST, SECOND = "quick", "lines", "second"
"""A small network that is asked first, a thorough one for what is not plain, and one that learned from worse damage for
what is in doubt even then."""
TYPEFACE, WORN_TYPEFACE = "typeface", "worn-typeface"
"""What tells whether print is that of travel documents: a quick one, and a thorough one for print that is worn."""
COLUMN_PX = 6
"""A network answers once every 6 px; answer j belongs to column 6 j of the line."""


_CROP_COLUMNS = 1476
"""Width of a line to which the costs of a network apply."""


class Seen(NamedTuple):
    """What the network sees in each line, every COLUMN_PX pixels."""

    log_probabilities: NDArray[np.float32]
    """(lines, columns, 37)."""
    centres: NDArray[np.float32]
    """(lines, columns): chance that the centre of a character is here."""


@cache
def session(net: str) -> onnxruntime.InferenceSession:
    """A network on one thread, loaded once."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    weights = Path(__file__).with_name("weights") / f"{net}.onnx"
    return onnxruntime.InferenceSession(weights.read_bytes(), options, providers=["CPUExecutionProvider"])


Known = dict[bytes, Seen]
"""What the quick network has seen in lines of 1476 columns, each by itself, by their pixels."""

_known: ContextVar[Known | None] = ContextVar("known", default=None)


@contextmanager
def knowing(known: Known) -> Iterator[None]:
    """Inside the `with` block of this thread the quick network is not shown again what it has seen there."""
    token = _known.set(known)
    try:
        yield
    finally:
        _known.reset(token)


def recognise(crops: NDArray[np.uint8], net: str = FIRST) -> Seen:
    """What a network sees in `crops` (lines, 48, width), 8-bit grey, letters about 29 px high and 30 px apart.

    The width must be a multiple of 6.
    """
    known = _known.get() if net == QUICK else None
    if not known:
        return _shown(crops, net)
    each = [known.get(crop.tobytes()) for crop in crops]
    new = [line for line, seen in enumerate(each) if seen is None]
    if len(new) == len(each):
        return _shown(crops, net)
    if new:
        rest = _shown(crops[new], net)
        for line, *seen in zip(new, *rest, strict=True):
            each[line] = Seen(*(one[None] for one in seen))
    return Seen(*(np.concatenate(one) for one in zip(*filter(None, each), strict=True)))


def _shown(crops: NDArray[np.uint8], net: str) -> Seen:
    effort.spend(net, crops.shape[0] * crops.shape[2] / _CROP_COLUMNS)
    log_probabilities, centres = session(net).run(None, {"lines": np.ascontiguousarray(crops)})
    return Seen(log_probabilities, centres)
