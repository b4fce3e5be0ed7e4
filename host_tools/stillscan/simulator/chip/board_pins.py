"""What a board's board.py says of its wiring, read without running it: it imports what only MicroPython has."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from stillscan.device_files import boards_folder
from stillscan.errors import InputError
from stillscan.simulator.glass import LINE_PX


@dataclass(frozen=True)
class Wiring:
    """``pins``: signal -> GPIO. ``before_px``, ``after_px``: pixels of the line sensor outside the window."""

    pins: dict[str, int]
    before_px: int
    after_px: int


def wiring(board: str) -> Wiring:
    """The tables PINS and SENSOR_PX of a board. InputError when it has none."""
    module = ast.parse((boards_folder() / board / "board.py").read_text(encoding="utf-8"))
    found = {
        node.targets[0].id: node.value
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    try:
        before, _, after = (_number(node) for node in found["SENSOR_PX"].elts)  # type: ignore[attr-defined]
        return Wiring(ast.literal_eval(found["PINS"]), before, after)
    except (KeyError, ValueError, AttributeError):
        raise InputError(f"board '{board}': no tables PINS and SENSOR_PX in its board.py") from None


def _number(node: ast.expr) -> int:
    return LINE_PX if isinstance(node, ast.Name) else int(ast.literal_eval(node))
