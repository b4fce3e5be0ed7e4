"""Checks a table of pins against what the controller's pins can do. Every clash is one line that says what is right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from stillscan.technician.board_table import Board
from stillscan.technician.pins import CHIP_PINS, PIN, SIGNALS, Need, functions, pwm_output, pwm_slice, units


def remarks(board: Board) -> list[str]:
    """What the check had to leave out, or took for granted."""
    unknown = sorted({signal for signal, _ in board.pins} - set(SIGNALS))
    found = []
    if board.controller is None:
        found.append("only double use is checked: the docstring of board.py names no controller that is known here")
    elif unknown:
        found.append(f"not known here, taken for plain inputs or outputs: {', '.join(unknown)}")
    return found


def clashes(board: Board) -> list[str]:
    """Everything that is wrong with the table, one plain line each; without a known controller only double use."""
    found = [*_twice(board)]
    if board.controller is None:
        return found
    for signal, gpio in board.pins:
        found += _misplaced(board, signal, gpio)
    return found + _pwm(board)


def _twice(board: Board) -> list[str]:
    signals = defaultdict(list)
    pins = defaultdict(list)
    for signal, gpio in board.pins:
        pins[signal].append(gpio)
        signals[gpio].append(signal)
    return [
        *(
            f"{signal} is named {len(where)} times in PINS, on {_gpios(where)}: the last counts, take the others out"
            for signal, where in pins.items()
            if len(where) > 1
        ),
        *(
            f"GPIO {gpio} has {len(whose)} signals, {' and '.join(whose)}: one signal a pin" + _free(board)
            for gpio, whose in signals.items()
            if len(set(whose)) > 1
        ),
    ]


def _misplaced(board: Board, signal: str, gpio: int) -> list[str]:
    """A pin that is not there, that the module keeps for itself, or that lacks the signal's function."""
    controller = board.controller
    assert controller is not None
    need = SIGNALS.get(signal, PIN)
    wanted = units(need, board.units.get(signal, 0))
    anywhere = need.function in ("pin", "PWM")
    right = [n for n, use in controller.inside.items() if use == wanted] or [
        n for n in controller.edge if anywhere or wanted in functions(controller.chip, n)
    ]
    if gpio in right:
        return []
    if gpio not in CHIP_PINS:
        why = f"which the {controller.chip} does not have (it has 0 to {CHIP_PINS[-1]})"
    elif gpio in controller.inside:
        why = f"which the {controller.name} keeps for its {controller.inside[gpio]} and does not lead out"
    else:
        why = f"which has no {wanted}"
    return [f"{signal} is on GPIO {gpio}, {why}" + _right(board, need, right)]


def _right(board: Board, need: Need, right: list[int]) -> str:
    if not right:
        return f": the {board.controller.name if board.controller else 'controller'} has no pin for it"
    if need.function in ("pin", "PWM"):
        return _free(board)
    taken = {gpio: signal for signal, gpio in board.pins}
    return ": right is " + ", ".join(f"GPIO {n}" + (f" (now {taken[n]})" if n in taken else "") for n in right)


def _pwm(board: Board) -> list[str]:
    """Two PWM signals on one output, or of different frequency on one slice."""
    found = []
    signals = [(s, n, board.hz.get(s, SIGNALS[s].hz)) for s, n in board.pins if SIGNALS.get(s, PIN).function == "PWM"]
    for i, (one, at, hz) in enumerate(signals):
        for other, place, other_hz in signals[i + 1 :]:
            if at == place or pwm_slice(at) != pwm_slice(place):
                continue
            both = f"{one} (GPIO {at}, {_hz(one, hz)}) and {other} (GPIO {place}, {_hz(other, other_hz)})"
            if pwm_output(at) == pwm_output(place):
                found.append(f"{both} are one PWM output, {pwm_output(at)}: put one on another pin" + _free(board))
            elif SIGNALS[one].hz is None or SIGNALS[other].hz is None or hz != other_hz:
                used = {pwm_slice(n) for _, n, _ in signals}
                found.append(
                    f"{both} share PWM slice {pwm_slice(at)}, which has one frequency: put one on another slice"
                    + _free(board, used)
                )
    return found


def _hz(signal: str, hz: int | None) -> str:
    return f"{hz} Hz" if hz and SIGNALS[signal].hz is not None else "changing frequency"


def _free(board: Board, slices: Collection[int] = ()) -> str:
    """Pins at the edge that no signal has, without those of some PWM slices."""
    if board.controller is None:
        return ""
    taken = {gpio for _, gpio in board.pins}
    free = [n for n in board.controller.edge if n not in taken and pwm_slice(n) not in slices]
    return f"; free: {_gpios(free)}" if free else "; no other pin is free"


def _gpios(pins: list[int]) -> str:
    return "GPIO " + ", ".join(str(n) for n in pins)
