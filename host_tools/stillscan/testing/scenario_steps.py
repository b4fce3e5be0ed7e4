"""The steps that a scenario may have: what each may say, and what it does to the scanner under test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from kiosk import wire
from stillscan.boards.settings import known
from stillscan.errors import InputError
from stillscan.samples import sample_lines
from stillscan.scanning.result import Result
from stillscan.simulator.dirt import Dirt
from stillscan.simulator.glass import LINE_PX, ZONE_ROWS
from stillscan.simulator.hand import PROFILES
from stillscan.simulator.kiosk import AGEING, FAULTS
from stillscan.simulator.picture import read_page
from stillscan.simulator.trace import load_trace
from stillscan.testing.bounds import fits
from stillscan.testing.documents import FIELDS, passport, printed_lines
from stillscan.testing.scanner import LEAST_MS, LIMIT_MS, Scanner
from stillscan.testing.steps import MOST_G, MOST_MM, MOST_STEP_MS
from stillscan.testing.world import MOST_MS, MOST_TIMES

_SAMPLES = Path(__file__).parents[1] / "samples"
_OUTCOMES = ("verified", "refused", "gave_up", "fault")
_MOST_ATTEMPTS = 255  # a byte on the wire


class Kind(NamedTuple):
    """What a value has to be: in words, and whether one is."""

    words: str
    fits: Callable[[Any], bool]


def number(low: float, high: float, unit: str = "") -> Kind:
    """A number within bounds."""
    words = f"a number {unit}{' ' * bool(unit)}from {low:g} to {high:.12g}"
    return Kind(words, lambda value: fits(value, low, high))


def whole(low: int, high: int) -> Kind:
    """A whole number within bounds."""
    return Kind(f"a whole number from {low} to {high}", lambda value: type(value) is int and low <= value <= high)


def one_of(names: Iterable[str], more: str = "") -> Kind:
    """One of these words."""
    there = tuple(names)
    words = "one of " + ", ".join(there) + more
    return Kind(words, lambda value: isinstance(value, str) and value in there)


def listed(kind: Kind) -> Kind:
    """A list of such values."""
    return Kind(f"a list; each is {kind.words}", lambda value: isinstance(value, list) and all(map(kind.fits, value)))


TEXT = Kind("a text", lambda value: isinstance(value, str))
FLAG = Kind("true or false", lambda value: isinstance(value, bool))
_MS, _STEP_MS = number(0, MOST_MS, "of milliseconds"), number(1, MOST_STEP_MS, "of milliseconds")
_MM = number(-MOST_MM, MOST_MM, "of millimetres")
_UP_MM = number(0, MOST_MM, "of millimetres")
_STATE, _CAUSE, _PART = one_of(wire.STATES), one_of(wire.CAUSES), one_of(wire.PARTS)


def _is_motion(value: object) -> bool:
    return isinstance(value, str) and (value in PROFILES or value.lower().endswith(".csv"))


def _is_dirt(value: object) -> bool:
    try:
        Dirt.profile(str(value), 1)
    except InputError:
        return False
    return isinstance(value, str)


def _is_entered(value: object) -> bool:
    state, colon, cause = value.partition(":") if isinstance(value, str) else ("", "", "")
    return state in wire.STATES and (cause in wire.CAUSES if colon else True)


_MOTION = Kind(f"one of {', '.join(PROFILES)}, or a trace.csv", _is_motion)
_DIRT = Kind("dirt as `stillscan simulate --dirt` takes it", _is_dirt)
_ENTERED = Kind("STATE or STATE:CAUSE, by the names of PROTOCOL.md", _is_entered)
_SEEN = {"state": _STATE, "cause": _CAUSE, "part": _PART}


class Given(NamedTuple):
    """What a step works with: the scanner, and the folder that names of files begin in."""

    scanner: Scanner
    folder: Path


@dataclass(frozen=True)
class Step:
    """``fields``: what the step may say; ``main``: which of them a bare value is; ``must``: without which it cannot be.

    ``open``: what fields of any other name are (names of settings). ``some``: one of these it has to say. ``look`` is
    asked about the whole step before anything runs, and raises InputError for what cannot be meant. ``lies``: only with
    a document on the glass.
    """

    carry_out: Callable[[Given, dict[str, Any]], object]
    fields: Mapping[str, Kind]
    main: str | None = None
    must: tuple[str, ...] = ()
    open: Kind | None = None
    some: tuple[str, ...] = ()
    look: Callable[[Path, dict[str, Any]], object] = lambda folder, said: None
    lies: bool = False


def _document(folder: Path, said: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """What `passport` is asked for, and the motion that the document is laid down with. InputError."""
    if "sample" in said and "picture" in said:
        raise InputError("lay: either sample or picture")
    how = {name: value for name, value in said.items() if name not in ("motion", "sample")}
    motion = said.get("motion", "still")
    if "sample" in said:
        how["picture"] = _SAMPLES / f"{said['sample']}.png"
    elif "picture" in said:
        how["picture"] = folder / said["picture"]
    return how, str(folder / motion) if motion.lower().endswith(".csv") else motion


def _lay(given: Given, said: dict[str, Any]) -> None:
    how, motion = _document(given.folder, said)
    given.scanner.lay(passport(seed=given.scanner.seed, **how), motion)


def _look_at_document(folder: Path, said: dict[str, Any]) -> None:
    how, motion = _document(folder, said)
    picture = how.get("picture")
    printed_lines(how.get("text"), picture, {name: how[name] for name in FIELDS if name in how})
    if picture is not None:
        read_page(picture, LINE_PX, ZONE_ROWS)
    if motion not in PROFILES:
        load_trace(motion)


def _result(given: Given, said: dict[str, Any]) -> None:
    result = given.scanner.result(said.get("within_ms"))
    for name in said.keys() - {"within_ms"}:
        found = _of_result(result, name)
        if found != said[name]:
            raise given.scanner.wrong(f"a result with {name} {said[name]!r}; it is {found!r}")


def _of_result(result: Result, name: str) -> object:
    return [abort.cause for abort in result.aborts] if name == "aborts" else getattr(result, name)


def _expect(given: Given, said: dict[str, Any]) -> None:
    if "state" in said:
        state, _, cause = said["state"].partition(":")
        said = {**said, "state": state, **({"cause": cause} if cause else {})}
    given.scanner.expects(**said)


def _look_at_expectation(folder: Path, said: dict[str, Any]) -> None:
    if ":" in said.get("state", "") and "cause" in said:
        raise InputError(f"expect: the cause is named twice, in '{said['state']}' and as '{said['cause']}'")
    if said.get("not_before_ms", 0) > said.get("within_ms", LIMIT_MS):
        raise InputError(f"expect: not_before_ms is later than within_ms ({said.get('within_ms', LIMIT_MS):g})")


def _look_at_states(folder: Path, said: dict[str, Any]) -> None:
    if not said["states"]:
        raise InputError("sequence: name the states")


def _look_at_settings(folder: Path, said: dict[str, Any]) -> None:
    if not said:
        raise InputError("set: name a setting: { set = { bump = 300 } }")
    known().see(said)


_LIMITS = {"within_ms": _MS, "not_before_ms": _MS}
_DOCUMENT = {
    "sample": one_of(name.removesuffix(".png") for name in sample_lines()),
    "picture": TEXT,
    "text": TEXT,
    "wear": FLAG,
    "dirt": _DIRT,
    "motion": _MOTION,
    **dict.fromkeys(FIELDS, TEXT),
}
_RESULT = {
    "outcome": one_of(_OUTCOMES),
    "reason": TEXT,
    "attempts": whole(0, _MOST_ATTEMPTS),
    "aborts": listed(_CAUSE),
    "sensors": listed(TEXT),
    "within_ms": _MS,
}


def _of_hand(name: str, main: str | None = None, /, **fields: Kind) -> Step:
    some = tuple(field for field in fields if field in ("dx_mm", "dy_mm"))
    return Step(lambda given, said: getattr(given.scanner.hand, name)(**said), fields, main, some=some, lies=True)


def _of_world(name: str, main: str | None, /, **fields: Kind) -> Step:
    must = (main,) if main else ()
    return Step(lambda given, said: getattr(given.scanner.world, name)(**said), fields, main, must)


STEPS: dict[str, Step] = {
    "lay": Step(_lay, _DOCUMENT, "sample", look=_look_at_document),
    "slide": _of_hand("slide", dx_mm=_MM, dy_mm=_MM, over_ms=_STEP_MS),
    "tremble": _of_hand("tremble", "rms_mm", rms_mm=_UP_MM, for_ms=_STEP_MS),
    "lift": _of_hand("lift", "mm", mm=_UP_MM, over_ms=_STEP_MS),
    "lower": _of_hand("lower", "over_ms", over_ms=_STEP_MS),
    "hold": _of_hand("hold", "for_ms", for_ms=_STEP_MS),
    "bump": _of_hand("bump", "peak_g", peak_g=number(0, MOST_G, "of g")),
    "take_away": _of_hand("take_away", "over_ms", over_ms=_STEP_MS),
    "fault": _of_world("fault", "name", name=one_of((*FAULTS, *AGEING)), after_ms=_MS),
    "mend": _of_world("mend", None),
    "light": _of_world("light", "share", share=number(0, 1)),
    "noise": _of_world("noise", "times", times=number(0, MOST_TIMES)),
    "hum": _of_world("hum", "peak_g", peak_g=number(0, MOST_G, "of g")),
    "dirt": _of_world("dirt", "what", what=_DIRT),
    "run": Step(lambda given, said: given.scanner.clock.run(said["ms"]), {"ms": _MS}, "ms", ("ms",)),
    "set": Step(
        lambda given, said: given.scanner.set(**said),
        {},
        open=Kind("a whole number", lambda value: type(value) is int),
        look=_look_at_settings,
    ),
    "letter": Step(
        lambda given, said: given.scanner.judge_for(**said),
        {"recipient": TEXT, "test_mode": FLAG},
        "recipient",
    ),
    "expect": Step(
        _expect, {**_SEEN, "state": _ENTERED, **_LIMITS}, "state", some=tuple(_SEEN), look=_look_at_expectation
    ),
    "sequence": Step(
        lambda given, said: given.scanner.sequence(*said["states"], within_ms=said.get("within_ms")),
        {"states": listed(_ENTERED), "within_ms": _MS},
        "states",
        ("states",),
        look=_look_at_states,
    ),
    "never": Step(
        lambda given, said: given.scanner.never(**said),
        {**_SEEN, "for_ms": number(LEAST_MS, MOST_MS, "of milliseconds")},
        "state",
        ("for_ms",),
        some=tuple(_SEEN),
    ),
    "result": Step(_result, _RESULT, "outcome"),
}
"""By name, as a scenario writes them."""
EXPECTATIONS = ("expect", "sequence", "never", "result")
"""The steps that can fail. A scenario has one of them at least."""
