"""Which chip model stands for a part: those of this package, or what a board brings with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillscan.boards.files import board_folder, board_models, wrong_entry
from stillscan.errors import InputError
from stillscan.own_python import loaded, run_python
from stillscan.simulator.accelerometer import Accelerometer
from stillscan.simulator.flow import Flow
from stillscan.simulator.line_sensor import LineSensor
from stillscan.simulator.presence import Presence
from stillscan.simulator.scene import Scene

GROUP = "stillscan.models"
"""Of entry points: each is the class of a chip model."""


@dataclass(frozen=True)
class Models:
    """Of each part what makes it over a scene; the class that stands here says what a model has, and each is made from
    it. An accelerometer answers at the address of ours."""

    flow: Callable[[Scene], Flow] = Flow
    accelerometer: Callable[[Scene], Accelerometer] = Accelerometer
    line_sensor: Callable[[Scene], LineSensor] = LineSensor
    presence: Callable[[Scene], Presence] = Presence


OURS = Models()


def models_of(board: str) -> Models:
    """Those of a board: its board.toml names them in [models], as FILE.py:CLASS from its folder, or as the name of an
    entry point. InputError with file and line."""
    named = board_models(board)
    return Models(**{part: _found(board, part, name) for part, name in named.items()}) if named else OURS


def _found(board: str, part: str, name: str) -> Callable[[Scene], Any]:
    file, colon, kind = name.rpartition(":")
    if not colon:
        return _registered(board_folder(board), part, name)
    if not Path(file).is_file():
        raise _wrong(board_folder(board), part, f"{file}: no such file")
    return _checked(run_python(Path(file)).get(kind), f"{file}: has no class '{kind}' that", part)


def _wrong(folder: Path, part: str, says: str) -> InputError:
    """The error to raise about an entry of [models]."""
    return wrong_entry(folder / "board.toml", f"[models] {part}: {says}", "models", part)


def _checked(found: Any, what: str, part: str) -> Callable[[Scene], Any]:
    base: type = getattr(OURS, part)
    if not (isinstance(found, type) and issubclass(found, base)):
        raise InputError(f"{what} is made from {base.__module__}.{base.__qualname__}")
    return found


def _registered(folder: Path, part: str, name: str) -> Callable[[Scene], Any]:
    from importlib.metadata import entry_points  # 15 ms of a start, and few boards come from outside

    known = {point.name: point for point in entry_points(group=GROUP)}
    if name not in known:
        raise _wrong(folder, part, f"'{name}' is no FILE.py:CLASS, and no package has registered it under {GROUP}")
    return _checked(loaded(known[name]), f"{folder / 'board.toml'}: [models] {part}: '{name}' is no class that", part)
