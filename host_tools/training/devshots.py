"""Development photographs with one distortion each, so that it can be told which of them a reader is lost in.

The documents are those of `devphoto`, of all five formats; here a pinhole camera looks at a sheet that may be bent, in
the light and with the hand of somebody who holds both. Apart from what its kind does a picture is well taken.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.formats import FORMATS
from training import devphoto
from training.devphoto import DPI, LINES_MM, Photo

_MM = 25.4
_Floats = NDArray[np.float32]
_Rng = np.random.Generator


@dataclass(frozen=True)
class Shot:
    """How a picture is taken."""

    dpi: float = 250.0
    """In the middle of the sheet."""
    away_mm: float = 300.0
    """From the lens to the sheet."""
    tilt_deg: float = 0.0
    toward_deg: float = 0.0
    """Direction in which the sheet falls away, from that of its lines."""
    roll_deg: float = 0.0
    radius_mm: float = 1e5
    """Of the sheet's bend; below 0 it bulges towards the camera."""
    axis_deg: float = 90.0
    """Direction of what stays straight, from that of the lines: at 90 degrees the lines bend most."""
    margin_mm: tuple[float, float, float, float] = (8.0, 8.0, 8.0, 8.0)
    """Left, top, right, below; negative ones cut the sheet."""
    blur_px: float = 0.6
    noise: float = 2.0
    quality: int = 85
    """Of JPEG."""


def shot(font_file: Path, kind: str, seed: int) -> Photo:
    """Photograph number `seed` with the distortion `kind`; the same arguments give the same picture."""
    rng = np.random.default_rng((918, list(KINDS).index(kind), seed))
    form = list(FORMATS)[seed % len(FORMATS)]
    lines = devphoto.document_lines(form, rng)
    page = devphoto.document(form, lines, font_file, rng)
    usual = Shot(
        dpi=float(rng.uniform(170, 300)),
        tilt_deg=float(rng.uniform(0, 8)),
        toward_deg=float(rng.uniform(0, 360)),
        roll_deg=float(rng.uniform(-6, 6)),
        margin_mm=tuple(rng.uniform(4, 30, 4).tolist()),
        blur_px=float(rng.uniform(0.4, 0.8)),
        noise=float(rng.uniform(1, 4)),
        quality=int(rng.integers(75, 95)),
    )
    taken, light = KINDS[kind](usual, rng)
    if kind == "little margin":
        high = page.shape[0]
        above = high - (LINES_MM[len(lines)][0] + 4.0) * DPI / _MM
        page = page[round(above) :]
    pixels = _taken(page, taken, light, rng)
    return Photo(255 - pixels if kind == "negative" else pixels, lines, taken.dpi)


def _sheet_to_camera(shot: Shot) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(3, 3) from directions of the camera to the sheet's, and where the camera is (mm from the sheet's middle)."""
    toward, tilt, roll = (np.radians(angle) for angle in (shot.toward_deg, shot.tilt_deg, shot.roll_deg))
    turn = _about_z(toward) @ _about_x(tilt) @ _about_z(roll - toward)
    return turn, turn @ np.array([0, 0, -shot.away_mm])


def _about_z(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def _about_x(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0, 0], [0, c, -s], [0, s, c]])


def _on_sheet(shot: Shot, x_mm: NDArray[np.float64], y_mm: NDArray[np.float64]) -> tuple[_Floats, _Floats]:
    """Where on the flattened sheet (mm from its middle) the camera looks that is aimed at x, y of a flat one."""
    turn, at = _sheet_to_camera(shot)
    axis = _about_z(np.radians(shot.axis_deg - 90))  # its second column is the direction that stays straight
    rays = np.stack([x_mm, y_mm, np.full_like(x_mm, shot.away_mm)], axis=-1) @ (axis.T @ turn).T
    u0, v0, z0 = axis.T @ at
    u, v, z = rays[..., 0], rays[..., 1], rays[..., 2]
    # on the cylinder that touches the sheet's middle: (u0 + t u)^2 + (z0 + t z + r)^2 = r^2
    r = shot.radius_mm
    a, b, c = u * u + z * z, u0 * u + (z0 + r) * z, u0 * u0 + z0 * z0 + 2 * z0 * r
    inside = b * b - a * c
    t = np.where(inside > 0, (-b + np.sign(r) * np.sqrt(np.maximum(inside, 0))) / a, np.nan)
    along = r * np.arctan2((u0 + t * u) * np.sign(r), (z0 + t * z + r) * np.sign(r))
    flat = np.stack([along, v0 + t * v], axis=-1) @ axis[:2, :2].T
    flat = np.nan_to_num(flat, nan=1e4)
    return flat[..., 0].astype(np.float32), flat[..., 1].astype(np.float32)


Light = Callable[[_Floats, _Floats, _Floats, _Rng], _Floats]
"""What is seen (rows, cols) and where on the sheet (x, y in mm from the left end of its lines) to what the light
makes of it."""


def _taken(page: _Floats, shot: Shot, light: Light | None, rng: _Rng) -> NDArray[np.uint8]:
    """The picture of a page at 400 dpi."""
    high, wide = (side * _MM / DPI for side in page.shape)
    edge = np.linspace(-0.5, 0.5, 25)
    rim = np.concatenate([[(a, b), (b, a)] for a in (-0.5, 0.5) for b in edge]) * (wide, high)
    seen = _project(shot, rim)
    low, top = seen.min(axis=0) - shot.margin_mm[:2]
    right, below = seen.max(axis=0) + shot.margin_mm[2:]
    step = _MM / shot.dpi
    x, y = np.meshgrid(np.arange(low, right, step), np.arange(top, below, step))
    on_x, on_y = _on_sheet(shot, x, y)
    soft = cv2.GaussianBlur(page, (0, 0), max(0.3, 0.4 * DPI / shot.dpi))
    to_px = np.float32(DPI / _MM)
    columns, rows = (on_x + np.float32(wide / 2)) * to_px, (on_y + np.float32(high / 2)) * to_px
    laid = cv2.remap(soft, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    on_page = (columns > 0) & (rows > 0) & (columns < page.shape[1] - 1) & (rows < page.shape[0] - 1)
    cover = cv2.GaussianBlur(on_page.astype(np.float32), (0, 0), 0.7)
    ground = rng.uniform(10, 130) + 15 * _soft(rng, laid.shape, 11)
    grey = laid * cover + (1 - cover) * ground
    if abs(shot.radius_mm) < 1e4:  # what turns away from the light is darker
        axis = np.radians(shot.axis_deg - 90)
        grey = grey * (1 - 0.3 * np.abs(on_x * np.cos(axis) + on_y * np.sin(axis)) / abs(shot.radius_mm)).clip(0.3, 1)
    if light is not None:
        grey = light(np.asarray(grey, np.float32), on_x + wide / 2, high / 2 - on_y, rng)
    grey = cv2.GaussianBlur(np.asarray(grey, np.float32), (0, 0), shot.blur_px)
    grey = grey + shot.noise * rng.standard_normal(grey.shape)
    out = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, shot.quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def _project(shot: Shot, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (n, 2) of the flattened sheet (mm from its middle) as the camera sees them, in mm of a flat sheet."""
    turn, at = _sheet_to_camera(shot)
    axis = _about_z(np.radians(shot.axis_deg - 90))
    bent = points @ axis[:2, :2]
    u, r = bent[:, 0], shot.radius_mm
    there = np.stack([r * np.sin(u / r), bent[:, 1], r * (np.cos(u / r) - 1)], axis=-1) @ axis.T
    rays = (there - at) @ turn
    return np.asarray(rays[:, :2] * (shot.away_mm / rays[:, 2:]), np.float64)


def _soft(rng: _Rng, shape: tuple[int, ...], size_px: float) -> _Floats:
    """Noise of spread 1 in soft patches of that size."""
    small = rng.standard_normal((int(shape[0] / size_px) + 3, int(shape[1] / size_px) + 3)).astype(np.float32)
    return np.asarray(cv2.resize(small, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _shadows(grey: _Floats, x: _Floats, up: _Floats, rng: _Rng) -> _Floats:
    """One to three edges of shadows across the lines, sharp as in the sun or soft, one of them perhaps along a line."""
    for number in range(int(rng.integers(1, 4))):
        angle = rng.normal(0, 0.12) + (np.pi / 2 if number == 0 and rng.random() < 0.5 else rng.uniform(-1, 1))
        middle_x, middle_y = rng.uniform(15, 75), rng.uniform(6, 18)
        aside = (x - middle_x) * np.cos(angle) + (up - middle_y) * np.sin(angle)
        share = 1 / (1 + np.exp(-np.clip(aside / rng.uniform(0.15, 2.5), -30, 30)))
        grey = grey * (1 - rng.uniform(0.4, 0.75) * share)
    return np.asarray(grey, np.float32)


def _glare(grey: _Floats, x: _Floats, up: _Floats, rng: _Rng) -> _Floats:
    """Lamps in the laminate, over the lines: they lift the print too, until little of it is left below white."""
    for _ in range(int(rng.integers(1, 3))):
        far = np.hypot((x - rng.uniform(15, 75)) / rng.uniform(6, 25), (up - rng.uniform(4, 18)) / rng.uniform(3, 15))
        grey = grey + rng.uniform(70, 170) * np.exp(-(far ** rng.uniform(2, 6)))
    return np.asarray(np.minimum(grey, 255), np.float32)


def _screen(grey: _Floats, x: _Floats, up: _Floats, rng: _Rng) -> _Floats:
    """The pixels of a display, so near to those of the camera that both beat with each other."""
    per_mm = 1 / float(np.median(np.abs(np.diff(x, axis=1))))
    pixel = rng.uniform(0.9, 2.4) / per_mm
    turn, bend = rng.uniform(-0.12, 0.12), rng.uniform(-0.002, 0.002)
    a, b = x + turn * up + bend * (up - 40) ** 2, up - turn * x + bend * (x - 50) ** 2
    strength = rng.uniform(0.12, 0.4)
    grid = (1 + strength * np.cos(2 * np.pi * a / pixel)) * (1 + 0.6 * strength * np.cos(2 * np.pi * b / pixel))
    return np.asarray(grey * grid * 0.85, np.float32)


def _motion(length_px: float, angle: float) -> Light:
    def moved(grey: _Floats, _x: _Floats, _up: _Floats, _rng: _Rng) -> _Floats:
        reach = int(np.ceil(length_px / 2)) + 1
        kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
        for t in np.linspace(-0.5, 0.5, 8 * reach + 1) * length_px:
            at_x, at_y = reach + t * np.cos(angle), reach + t * np.sin(angle)
            left, top = int(at_x), int(at_y)
            for dx in (0, 1):
                for dy in (0, 1):
                    kernel[top + dy, left + dx] += abs(1 - dx - at_x + left) * abs(1 - dy - at_y + top)
        return np.asarray(cv2.filter2D(grey, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE), np.float32)

    return moved


def _dark(grey: _Floats, _x: _Floats, _up: _Floats, rng: _Rng) -> _Floats:
    """Some tens of photons for white, read with noise, and what a telephone does against that."""
    photons, gain = rng.uniform(12, 60), rng.uniform(0.35, 0.9)
    few = rng.poisson(np.maximum(grey, 0) / 255 * photons) + rng.normal(0, 1.2, grey.shape)
    seen = np.asarray(few / photons * 255 * gain, np.float32)
    calm = cv2.bilateralFilter(seen, 5, 60, 1.5)
    return np.asarray(calm * rng.uniform(0.4, 1) + seen * rng.uniform(0, 0.4), np.float32)


Taken = tuple[Shot, Light | None]


def _curved(usual: Shot, rng: _Rng) -> Taken:
    radius, axis = float(rng.choice([-1, 1]) * rng.uniform(70, 220)), float(rng.choice([90, rng.uniform(0, 180)]))
    tilt, toward = float(rng.uniform(10, 32)), float(rng.choice([0, 180]) + rng.uniform(-40, 40))
    return replace(usual, radius_mm=radius, axis_deg=axis, tilt_deg=tilt, toward_deg=toward), None


def _tilted(low: float, high: float) -> Callable[[Shot, _Rng], Taken]:
    def taken(usual: Shot, rng: _Rng) -> Taken:
        tilt, away = float(rng.uniform(low, high)), float(rng.uniform(220, 450))
        return replace(usual, tilt_deg=tilt, away_mm=away, dpi=float(rng.uniform(220, 330))), None

    return taken


def _small(usual: Shot, rng: _Rng) -> Taken:
    """Lines 350 to 500 px long (of 44 characters): 8 to 11.4 px a character."""
    dpi = float(rng.uniform(8, 11.4)) / 0.1
    return replace(usual, dpi=dpi, blur_px=float(rng.uniform(0.3, 0.5)), noise=float(rng.uniform(0.5, 2))), None


def _far(usual: Shot, rng: _Rng) -> Taken:
    """A document that takes a small part of a large picture."""
    rest = rng.dirichlet([2, 2]) * rng.uniform(250, 450), rng.dirichlet([2, 2]) * rng.uniform(180, 330)
    margin = float(rest[0][0]), float(rest[1][0]), float(rest[0][1]), float(rest[1][1])
    return replace(usual, dpi=float(rng.uniform(130, 190)), margin_mm=margin), None


def _little_margin(usual: Shot, rng: _Rng) -> Taken:
    """Nothing but the lines, and a millimetre or two of paper."""
    left, top, right, below = (float(one) for one in -rng.uniform(0.5, 2.5, 4))
    roll = float(rng.uniform(-0.5, 0.5))
    return replace(usual, margin_mm=(left, top, right, below), tilt_deg=0.0, roll_deg=roll), None


def _with(light: Light) -> Callable[[Shot, _Rng], Taken]:
    return lambda usual, _rng: (usual, light)


KINDS: dict[str, Callable[[Shot, _Rng], Taken]] = {
    "tilted to 30 degrees": _tilted(15, 30),
    "tilted to 45 degrees": _tilted(30, 45),
    "curved": _curved,
    "motion": lambda usual, rng: (
        usual,
        _motion(float(rng.uniform(0.3, 0.75)) * usual.dpi / 100 * 2, float(rng.uniform(0, np.pi))),
    ),
    "shadows": _with(_shadows),
    "screen": _with(_screen),
    "dark": _with(_dark),
    "lamps": _with(_glare),
    "strong JPEG": lambda usual, rng: (replace(usual, quality=int(rng.integers(6, 22))), None),
    "small": _small,
    "large": lambda usual, rng: (
        replace(usual, dpi=float(rng.uniform(500, 800)), noise=float(rng.uniform(3, 9))),
        None,
    ),
    "far": _far,
    "little margin": _little_margin,
    "turned": lambda usual, rng: (replace(usual, roll_deg=float(rng.uniform(0, 360))), None),
    "negative": lambda usual, rng: (usual, None),
}
