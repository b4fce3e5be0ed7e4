"""Grey picture to ink: what is darker than the paper around it, free of shading, dust columns and missing rows."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_BLOCK = (16, 18)
_SPOT = (4, 6)
_NO_PAPER = 0.35
"""A block or column with less than this share of the page's white is beside the document (dark lid), not print."""


def ink(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Share of light that the print takes away, 0 (paper) to 1, for a grey picture (rows, cols) of any 8-bit white."""
    grey = picture.astype(np.float32)
    # dust on the line sensor darkens whole columns: the paper of each column is seen in most of its rows
    columns = np.ascontiguousarray(picture[::3].T)
    bright = columns.shape[1] * 3 // 4
    paper = np.partition(columns, bright, axis=1)[:, bright].astype(np.float32)
    white = float(np.percentile(paper, 80))
    if white < 1:
        return np.zeros_like(grey)
    on_page = paper > _NO_PAPER * white
    relative = (grey / np.where(on_page, paper, white)).astype(np.float32)
    shade = _shade(relative)
    taken = np.clip(1 - relative / np.maximum(shade, _NO_PAPER), 0, 1)
    taken[:, ~on_page] = 0
    taken[shade < _NO_PAPER] = 0
    taken[np.ptp(picture, axis=1) <= 1] = 0  # a row of one value was never scanned
    return taken.astype(np.float32)


def _shade(relative: NDArray[np.float32]) -> NDArray[np.float32]:
    """Brightness of the paper under the print: the brightest spot of each block and its neighbours, smoothed."""
    rows, columns = (max(1, -(-size // block)) for size, block in zip(relative.shape, _BLOCK, strict=True))
    padded = np.pad(
        relative,
        ((0, rows * _BLOCK[0] - relative.shape[0]), (0, columns * _BLOCK[1] - relative.shape[1])),
        mode="edge",
    )
    thin = padded.reshape(-1, _SPOT[0], padded.shape[1]).sum(axis=1)
    spots = thin.reshape(-1, _SPOT[1]) @ np.full(_SPOT[1], 1 / (_SPOT[0] * _SPOT[1]), np.float32)
    brightest = spots.reshape(rows, _BLOCK[0] // _SPOT[0], columns, _BLOCK[1] // _SPOT[1]).max(axis=(1, 3))
    around = np.pad(brightest, 1, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(around, (3, 3))
    closed = np.pad(windows.max(axis=(2, 3)), 1, mode="edge")
    smooth = np.lib.stride_tricks.sliding_window_view(closed, (3, 3)).mean(axis=(2, 3)).astype(np.float32)
    large = Image.fromarray(smooth).resize((padded.shape[1], padded.shape[0]), Image.Resampling.BILINEAR)
    return np.asarray(large, np.float32)[: relative.shape[0], : relative.shape[1]]
