"""Checks a table of pins against what the controller's pins can do. Every clash is one line that says what is right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import combinations

from kiosk import wire
from stillscan.boards.files import boards
from stillscan.boards.new import NAME
from stillscan.boards.pins import CHIP_PINS, PIN, SIGNALS, Need, functions, pwm_output, pwm_slice, units
from stillscan.boards.settings import known
from stillscan.boards.table import UNKNOWN, Board, find_board
from stillscan.errors import InputError
from stillscan.simulator.glass import LINE_PX

_ALL = wire.CAN_INFRARED | wire.CAN_DEPTH4 | wire.CAN_DEPTH8 | wire.CAN_CALIBRATE
_ROW0_STEPS = range(1, 14_001)
"""From home to row 0: the way along a page of A4, 297 mm, at 47 steps a mm. No kiosk is longer."""
_SENSOR_PX = (range(1, 1025), range(LINE_PX, LINE_PX + 1), range(1, 2049))
"""Pixels before, in and after the window, as `Lines` of boards/rp2/engines.py counts them."""


def remarks(board: Board) -> list[str]:
    """What the check had to leave out, or took for granted."""
    unknown = sorted({signal for signal, _ in board.pins} - set(board.needs))
    found = []
    if board.controller is None:
        found.append("only double use is checked: board.toml names no controller that is known here")
    elif unknown:
        found.append(f"not known here, taken for plain inputs or outputs: {', '.join(unknown)}")
    name = board.said.get("name")
    if name in boards() and board.name != name:
        found.append(f"it says that it is '{name}', a board of the package: with releases of that it gets its firmware")
    return found


def clashes(board: Board) -> list[str]:
    """Everything that is wrong with the table, one plain line each that begins with that of board.py; without a known
    controller only double use."""
    found = [*_twice(board)]
    lines = [*wrong_values(board, board.said)]
    if board.wired:
        lines += [
            (board.table_line, f"PINS lacks '{signal}', which every kiosk has")
            for signal in SIGNALS
            if signal not in dict(board.pins)
        ]
    lines += [
        (board.table_line, f"PINS lacks '{signal}', of which [signals] of board.toml says what it needs")
        for signal in board.needs
        if signal not in SIGNALS and signal not in dict(board.pins)
    ]
    if board.controller is not None:
        for signal, gpio in board.pins:
            found += [(signal, clash) for clash in _misplaced(board, signal, gpio)]
        found += _pwm(board)
    lines += [(board.lines.get(signal, 1), clash) for signal, clash in found]
    return [f"line {line}: {clash}" for line, clash in lines]


def refuse(name: str) -> None:
    """InputError for the first clash of a board from outside the package: it would harm what it is put on."""
    if name in boards():
        return
    board = find_board(name)
    for clash in clashes(board):
        raise InputError(f"{board.folder / 'board.py'}: {clash}")


def wrong_values(board: Board, said: Mapping[str, object]) -> Iterator[tuple[int, str]]:
    """What a board says of itself (CONSTANTS, OF_CLASS) and no kiosk can have; with lines."""
    for what, value in said.items():
        if what == "settings":
            yield from _settings(board, value)
        elif wrong := _OF_VALUES[what](board, value):
            yield line_of(board, what), wrong


def line_of(board: Board, what: str) -> int:
    """Where board.py says this, or else where its class begins."""
    return board.said_at.get(what, board.said_at[""])


def _name(board: Board, value: object) -> str | None:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        return f"{value!r:.40} is no board's name: small letters, digits and _, a letter first, 16 at most"
    return None


def _capabilities(board: Board, value: object) -> str | None:
    if value is UNKNOWN or (type(value) is int and 0 <= value <= _ALL):
        return None
    return f"capabilities is a sum of wire.CAN_..., a whole number from 0 to {_ALL}, and not {value!r:.40}"


def _row0(board: Board, value: object) -> str | None:
    if type(value) is int and value in _ROW0_STEPS:
        return None
    least, most = _ROW0_STEPS[0], _ROW0_STEPS[-1]
    return f"ROW0_STEPS is a whole number of steps from {least} to {most}, and not {value!r:.40}"


def _sensor(board: Board, value: object) -> str | None:
    if isinstance(value, tuple) and len(value) == len(_SENSOR_PX):
        each = zip(value, _SENSOR_PX, strict=True)
        if all(one is UNKNOWN or (type(one) is int and one in known) for one, known in each):
            return None
    before, window, after = _SENSOR_PX
    return (
        f"SENSOR_PX is the line sensor's pixels before, in and after the window: {before[0]} to {before[-1]}, WIDTH_PX "
        f"({window[0]}), {after[0]} to {after[-1]}"
    )


_OF_VALUES: dict[str, Callable[[Board, object], str | None]] = {
    "name": _name, "capabilities": _capabilities, "ROW0_STEPS": _row0, "SENSOR_PX": _sensor
}  # fmt: skip


def _settings(board: Board, value: object) -> Iterator[tuple[int, str]]:
    """Each setting by itself, then those that do not go together."""
    if not isinstance(value, dict):
        yield line_of(board, "settings"), f"settings is a table of names and numbers, and not {value!r:.40}"
        return
    found = {name: one for name, one in value.items() if UNKNOWN not in (name, one)}
    for name, one in found.items():
        try:
            known().see({name: one})
        except InputError as error:
            yield line_of(board, f"settings.{name}"), str(error)
            return
    if together := known().clash(found):
        yield line_of(board, "settings"), f"settings that let no passport through together: {', '.join(together)}"


def _need(board: Board, signal: str) -> Need:
    """From the one table; a signal that is not in it is a PWM when the board's code makes one of it."""
    return board.needs.get(signal) or (Need("PWM", board.hz[signal]) if signal in board.hz else PIN)


def _twice(board: Board) -> list[tuple[str, str]]:
    signals = defaultdict(list)
    pins = defaultdict(list)
    for signal, gpio in board.pins:
        pins[signal].append(gpio)
        signals[gpio].append(signal)
    return [
        *(
            (
                signal,
                f"{signal} is named {len(where)} times in PINS, on {_gpios(where)}: the last counts, "
                "take the others out",
            )
            for signal, where in pins.items()
            if len(where) > 1
        ),
        *(
            (whose[-1], f"GPIO {gpio} has {len(whose)} signals, {' and '.join(whose)}: one signal a pin" + _free(board))
            for gpio, whose in signals.items()
            if len(set(whose)) > 1
        ),
    ]


def _misplaced(board: Board, signal: str, gpio: int) -> list[str]:
    """A pin that is not there, that the module keeps for itself, or that lacks the signal's function."""
    controller = board.controller
    assert controller is not None
    need = _need(board, signal)
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


def _pwm(board: Board) -> list[tuple[str, str]]:
    """Two PWM signals on one output, or of different frequency on one slice."""
    found = []
    signals = [
        (signal, gpio, board.hz.get(signal, need.hz) if need.hz else None)
        for signal, gpio in board.pins
        if (need := _need(board, signal)).function == "PWM"
    ]
    for (one, at, hz), (other, place, other_hz) in combinations(signals, 2):
        if at == place or pwm_slice(at) != pwm_slice(place):
            continue
        both = f"{one} (GPIO {at}, {_hz(hz)}) and {other} (GPIO {place}, {_hz(other_hz)})"
        if pwm_output(at) == pwm_output(place):
            clash = f"{both} are one PWM output, {pwm_output(at)}: put one on another pin" + _free(board)
            found.append((other, clash))
        elif hz is None or hz != other_hz:
            clash = f"{both} share PWM slice {pwm_slice(at)}, which has one frequency: put one on another slice"
            found.append((other, clash + _free(board, {pwm_slice(gpio) for _, gpio, _ in signals})))
    return found


def _hz(hz: int | None) -> str:
    return "changing frequency" if hz is None else f"{hz} Hz"


def _free(board: Board, slices: Collection[int] = ()) -> str:
    """Pins at the edge that no signal has, without those of some PWM slices."""
    if board.controller is None:
        return ""
    taken = {gpio for _, gpio in board.pins}
    free = [n for n in board.controller.edge if n not in taken and pwm_slice(n) not in slices]
    return f"; free: {_gpios(free)}" if free else "; no other pin is free"


def _gpios(pins: list[int]) -> str:
    return "GPIO " + ", ".join(str(n) for n in pins)
