"""Arrays of any kind to 8-bit grey, and the value at a rank."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.errors import MrzError

_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)
"""Share of red, green and blue in grey (ITU-R BT.601, as Pillow has it)."""
_GREATEST = 2.0**62  # of floats that are taken as integers: what is larger has no meaning as light
BAND_ROWS = 512
"""Rows that are made grey at a time: with 4,000 columns of colours and depths 16 MB. An even number, to be halved."""


def to_grey(array: NDArray[Any]) -> NDArray[np.uint8]:
    """8-bit grey (rows, cols) of an array (rows, cols[, 1, 3 or 4]) of integers or of floats 0..255.

    16-bit values are taken as 0..65535 (a picture of unknown depth is `evened` first). Rows with NaN count as never
    scanned and become 0. MrzError for other arrays.
    """
    _refuse_what_is_none(array)
    return array if array.ndim == 2 and array.dtype == np.uint8 else _by_bands(array, _grey)


def evened_grey(array: NDArray[Any]) -> NDArray[np.uint8]:
    """8-bit grey (rows, cols) of an array (rows, cols[, 1, 3 or 4]) of numbers of any depth (see `evened`).

    MrzError for other arrays.
    """
    _refuse_what_is_none(array)
    if array.dtype == np.uint8:
        return to_grey(array)
    most = max((greatest(array[top : top + BAND_ROWS]) for top in range(0, len(array), BAND_ROWS)), default=0.0)
    return _by_bands(array, lambda band: _grey(evened(band, most)))


def _refuse_what_is_none(array: object) -> None:
    """MrzError for what is no picture: nothing is reckoned with its numbers before."""
    if not isinstance(array, np.ndarray) or array.ndim not in (2, 3) or array.dtype.kind not in "uif":
        raise MrzError("a picture is an array (rows, cols) or (rows, cols, 3) of numbers")
    if array.ndim == 3 and array.shape[2] not in (1, 3, 4):
        raise MrzError("a picture has 1, 3 or 4 values a pixel")


def _by_bands(array: NDArray[Any], grey: Callable[[NDArray[Any]], NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """What `grey` makes of the array, some rows at a time: colours and depths take many times what is left of them."""
    if len(array) <= BAND_ROWS:
        return grey(array)
    found = np.empty(array.shape[:2], np.uint8)
    for top in range(0, len(array), BAND_ROWS):
        found[top : top + BAND_ROWS] = grey(array[top : top + BAND_ROWS])
    return found


def _grey(array: NDArray[Any]) -> NDArray[np.uint8]:
    """See `to_grey`."""
    if array.dtype == np.uint16:
        array = (array >> 8).astype(np.uint8)
    if array.ndim == 3:
        array = array[:, :, 0] if array.shape[2] == 1 else array[:, :, :3] @ _WEIGHTS
    if array.dtype == np.uint8:
        return np.asarray(array, np.uint8)
    if array.dtype.kind != "f":
        return np.asarray(np.clip(array, 0, 255), np.uint8)
    bad = ~np.isfinite(array).all(axis=1)
    return np.asarray(np.rint(np.clip(np.where(bad[:, None], 0.0, array), 0, 255)), np.uint8)


def evened(array: NDArray[Any], most: float | None = None) -> NDArray[np.uint8]:
    """Numbers of any range, of an array of any shape, as 8-bit values.

    Integers keep the eight highest bits that the greatest of them uses, with no fewer than the lowest eight: whoever
    stores 10 bits in 16 uses the lower ones. Floats are 0..1 when none is greater, else 0..255, else as integers.
    Values below 0 are black; rows with anything but numbers (NaN, infinity) are 0. `most`: the greatest of a picture of
    which the array is a part (`greatest`).
    """
    most = greatest(array) if most is None else most
    if array.dtype.kind == "f":
        array = _without_bad_rows(array)
        scale = 255.0 if most <= 1 else 1.0 if most <= 255 else 1 / _excess(int(min(most, _GREATEST)))
        return np.asarray(np.rint(np.clip(array * np.float32(scale), 0, 255)), np.uint8)
    return np.asarray(np.clip(array // _excess(int(most)), 0, 255), np.uint8)


def greatest(array: NDArray[Any]) -> float:
    """The greatest number in an array, 0 if none is greater; rows with anything but numbers do not count."""
    return float((_without_bad_rows(array) if array.dtype.kind == "f" else array).max(initial=0))


def _without_bad_rows(array: NDArray[Any]) -> NDArray[Any]:
    """Floats, rows with anything but numbers as 0."""
    bad = ~np.isfinite(array).all(axis=tuple(range(1, array.ndim)))
    return np.where(bad.reshape(-1, *(1,) * (array.ndim - 1)), 0.0, array) if bad.any() else array


def _excess(most: int) -> int:
    """By what integers are divided whose greatest is ``most``, so that they are below 256: a power of two."""
    return 1 << max(0, most.bit_length() - 8)


def ranked(values: NDArray[Any], share: float) -> float:
    """The value of the array below which `share` (0..1) of them lie: a percentile, without interpolation and fast."""
    return all_ranked(values, share)[0]


def all_ranked(values: NDArray[Any], *shares: float) -> list[float]:
    """The same for each of the `shares`."""
    ranks = [round(share * (values.size - 1)) for share in shares]
    if values.dtype == np.uint8:  # sorted by their value, "stable", bytes take a third of the time of a partition
        ordered = np.sort(values, axis=None, kind="stable")
        return [float(ordered[rank]) for rank in ranks]
    # what many have in common, as the least of ink has, makes a partition seven times as long
    least = values.min()
    more = values[values > least]
    ranks = [rank - (values.size - more.size) for rank in ranks]
    ordered = np.partition(more, [rank for rank in ranks if rank >= 0]) if max(ranks) >= 0 else more
    return [float(ordered[rank] if rank >= 0 else least) for rank in ranks]


def median(values: NDArray[np.uint8]) -> int:
    """The whole part of the median of bytes; 0 of none. Of paper, most of it alike, in a fifth of the time of numpy."""
    ordered = np.sort(values, axis=None, kind="stable")  # see `all_ranked`
    last = len(ordered) - 1
    return (int(ordered[last // 2]) + int(ordered[(last + 1) // 2])) // 2 if len(ordered) else 0
