"""Settings of the kiosk: one table with unit, default and range, which both ends read; kept as JSON in one small file.

Numbers are whole: fractions are avoided by the unit. What the file holds beyond its range, or of another version, is
left out and the default stays, so a damaged file never stops a kiosk. Nor does one whose values are in range each and
let no passport through together (``clash``): tests/firmware/test_combinations.py tries them in the simulator.
"""

import json
import os

# name, unit, default, low, high. The index is the number on the wire: append only.
TABLE = (
    ("dwell", "ms", 150, 50, 5000),  # quiet before a sweep starts
    ("attempts", "", 60, 1, 200),  # sweeps of one document
    ("time_limit", "ms", 15000, 1000, 120000),  # of one document, from its placing
    ("slip", "um", 130, 30, 5000),  # displacement within 50 ms that aborts a sweep
    ("bump", "mg", 256, 32, 1984),  # acceleration that aborts a sweep; steps of 16 mg
    (
        "flow_scale",
        "cnt/dm",
        2000,
        500,
        20000,
    ),  # optical flow, UNCONFIRMED for each mounting height; one count is 0.2 mm at most
    ("squal_min", "", 25, 1, 80),  # flow quality below which the document is not on the glass; paper has 95 to 110
    ("lamp", "%", 100, 40, 100),  # with less the white strip is too dark to calibrate by
    ("infrared", "", 1, 0, 1),  # 1: near infrared, 0: white
    ("depth", "bit", 8, 4, 8),  # 4 or 8 bits a pixel on the wire
    ("stall", "ms", 500, 50, 10000),  # without credit or without a reader
    ("removed", "ms", 1500, 100, 10000),  # absence that ends a check
    ("health", "ms", 1000, 100, 60000),  # between two HEALTH messages
    # One line; 2 us a pixel of the ADC is the least. Above 9 ms the way to the first line outlasts the sensor's 200 ms.
    ("line", "us", 2950, 2950, 8000),
    ("dwell_again", "ms", 40, 10, 5000),  # quiet before a sweep that goes on after movement
    ("restart_only", "", 0, 0, 1),  # 1: any movement and any bump restart the sweep from its first row
    ("ring", "%", 40, 0, 100),  # brightness of the ring light; 0: dark
    ("volume", "%", 50, 0, 100),  # of the beeper; 0: silent
    ("bump_times", "", 4, 1, 20),  # a bump is also at least so many times the noise of the empty glass
    ("slip_times", "", 4, 1, 20),  # and so is a slip
    ("line_8", "us", 2950, 2950, 8000),  # one line at a depth of 8 bits, if that is longer than `line`
    ("first_row", "rows", 48, 0, 56),  # of a new document: text begins at row 56 when it was laid 1.5 mm too high
)
NAMES = tuple(row[0] for row in TABLE)

_MOST_LINE_US = TABLE[NAMES.index("line")][4]
_SWEEP_MS = 800  # what a document needs beside the waiting: the carriage's way, and a sweep of 0.7 s
_ONE_COUNT = 100000  # um x counts/dm: below one count of the flow sensor its noise alone is a slip
_EXPOSURES = 2  # the lamp is dimmed for a longer line, in whole percents: beyond twice, the calibration does not hold


def clash(values: dict[str, int]) -> tuple[str, ...]:
    """Names of settings that are in range each, and together let no passport through; () when all ``values`` agree."""
    if values["dwell"] + values["dwell_again"] + _SWEEP_MS > values["time_limit"]:
        return ("dwell", "dwell_again", "time_limit")
    if values["slip"] * values["flow_scale"] < _ONE_COUNT:
        return ("slip", "flow_scale")
    if values["line_8"] > values["line"] * _EXPOSURES:
        return ("line", "line_8")
    return ()


def fits(number: int, value: object) -> bool:
    """Is ``value`` a whole number that setting ``number`` can have?"""
    name, _, _, low, high = TABLE[number]
    if type(value) is not int:
        return False
    return value in (4, 8) if name == "depth" else low <= value <= high


class ClashError(Exception):
    """The value is in range and does not go with those of other settings."""


class Settings:
    """Values by name as attributes (``settings.dwell``)."""

    dwell: int
    attempts: int
    time_limit: int
    slip: int
    bump: int
    flow_scale: int
    squal_min: int
    lamp: int
    infrared: int
    depth: int
    stall: int
    removed: int
    health: int
    line: int
    dwell_again: int
    restart_only: int
    ring: int
    volume: int
    bump_times: int
    slip_times: int
    line_8: int
    first_row: int

    def __init__(self, path: str = "settings.json", of_board: dict[str, int] | None = None) -> None:
        """``of_board``: defaults in which a board differs from TABLE."""
        self._path = path
        self._of_board = of_board or {}
        values = {NAMES[number]: self.default(number) for number in range(len(TABLE))}
        for name, value in self._stored().items():
            if isinstance(value, int) and name in NAMES and fits(NAMES.index(name), value):
                values[name] = value
        while together := clash(values):
            for name in together:
                values[name] = self.default(NAMES.index(name))
        for name, value in values.items():
            setattr(self, name, value)

    def _stored(self) -> dict[str, object]:
        try:
            with open(self._path) as file:
                stored = json.load(file)
        except (OSError, ValueError):
            return {}
        return stored if isinstance(stored, dict) else {}

    def default(self, number: int) -> int:
        return self._of_board.get(NAMES[number], TABLE[number][2])

    def get(self, number: int) -> int:
        value: int = getattr(self, NAMES[number])
        return value

    @property
    def line_us(self) -> int:
        """Time of one line at the depth in force."""
        return self.line if self.depth == 4 else max(self.line, self.line_8)

    @property
    def slowest_us(self) -> int:
        """Time of the longest line that the calibration holds for, and the carriage's way to it."""
        return min(_MOST_LINE_US, self.line * _EXPOSURES)

    def set(self, number: int, value: int) -> None:
        """Takes effect at once and is stored. Nothing is set on ValueError (out of range), ClashError, OSError."""
        if not fits(number, value):
            raise ValueError
        name = NAMES[number]
        if clash(self._values() | {name: value}):
            raise ClashError
        in_force = self._values()
        stored = {key: kept for key, kept in self._stored().items() if in_force.get(key, kept) == kept}
        stored[name] = value
        spare = self._path + ".new"
        with open(spare, "w") as file:
            json.dump(stored, file)
        os.rename(spare, self._path)  # power lost before here leaves the old file whole
        setattr(self, name, value)

    def _values(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in NAMES}
