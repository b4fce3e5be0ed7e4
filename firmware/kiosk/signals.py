"""What the states look and sound like at the glass: ring light and beeper, for people who do not see a screen.

Hands move faster than people follow, so amber comes late, when movement lasts, and white does not take its place
before it was seen. What ends a check shows at once. Nothing here sleeps, and while a sweep runs nothing is sent: its
one colour is set as it begins.
"""

import time

from kiosk import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.drivers.beeper import Beeper
    from kiosk.drivers.ring import Ring
    from kiosk.parts import TicksMs
    from kiosk.settings import Settings

DARK = (0, 0, 0)
GREEN = (0, 255, 0)
AMBER = (255, 90, 0)  # it pulses
WHITE = (255, 255, 255)
RED = (255, 0, 0)

HOLD_MS = 600  # a state that may be over soon shows when it has lasted so long
SEEN_MS = 300  # amber is not taken back by white before
MOVEMENT_APART_MS = 2000  # between two tones about movement

# notes of a tone: Hz (0: a gap), ms, % of the setting `volume`
SILENCE = ()
SOFT = ((2000, 80, 50),)
SHORT = ((1200, 100, 100),)
LOW_TWICE = ((600, 180, 100), (0, 120, 0), (600, 180, 100))

# state, cause (None: any other) -> colour, % of the setting `ring`, ms that the state lasts before it shows, tone
TABLE = {
    (wire.START, None): (DARK, 0, 0, SILENCE),
    (wire.EMPTY, None): (GREEN, 30, 0, SILENCE),
    (wire.PLACED, None): (AMBER, 100, HOLD_MS, SILENCE),
    (wire.STILL, None): (WHITE, 100, 0, SILENCE),
    (wire.SCANNING, None): (WHITE, 100, 0, SILENCE),
    (wire.MOVED, None): (AMBER, 100, HOLD_MS, SILENCE),
    (wire.MOVED, wire.LIFTED): (AMBER, 100, HOLD_MS, SHORT),
    (wire.MOVED, wire.REMOVED): (AMBER, 100, HOLD_MS, SHORT),
    (wire.DONE, None): (GREEN, 100, HOLD_MS, SILENCE),  # the host may want another sweep
    (wire.DONE, wire.FINISHED): (GREEN, 100, 0, SOFT),
    (wire.GAVE_UP, None): (RED, 100, 0, LOW_TWICE),
    (wire.FAULT, None): (RED, 100, 0, LOW_TWICE),
    (wire.SERVICE, None): (AMBER, 40, 0, SILENCE),
}
_PULSE = b"\x64\x5c\x4d\x3c\x2d\x25\x2d\x3c\x4d\x5c"  # amber's brightness in %, from one step to the next
_PULSE_STEP_MS = 200


class Signals:
    def __init__(self, ring: Ring, beeper: Beeper, settings: Settings) -> None:
        self._ring = ring
        self._beeper = beeper
        self._settings = settings
        self._state = wire.START
        self._colour, self._percent, self._wait_ms, _ = TABLE[wire.START, None]
        self._shown = self._colour
        self._held = False  # amber came less than SEEN_MS ago
        self._muted = False  # the last tone about movement began less than MOVEMENT_APART_MS ago
        self._notes: tuple[tuple[int, int, int], ...] = SILENCE
        self._note = 0
        self._entered_ms: TicksMs = 0
        self._shown_ms: TicksMs = 0
        self._note_ms: TicksMs = 0
        self._movement_ms: TicksMs = 0

    def enter(self, state: int, cause: int) -> None:
        """A state was entered, or the host has FINISHed with it."""
        now = time.ticks_ms()
        self._pass(now)
        look = TABLE.get((state, cause)) or TABLE[state, None]
        self._colour, self._percent, self._wait_ms, notes = look
        if state == wire.SCANNING:
            self.silence()
        elif notes is SHORT:
            if not self._muted:
                self._muted = True
                self._movement_ms = now
                self._play(notes, now)
        elif notes and (state != self._state or state == wire.DONE):  # a fault that is met in every turn sounds once
            self._play(notes, now)
        self._state = state
        self._entered_ms = now
        self._light(now)

    def tick(self) -> None:
        """Once a turn of the main loop, except while a sweep runs."""
        now = time.ticks_ms()
        self._pass(now)
        if self._notes and time.ticks_diff(now, self._note_ms) >= self._notes[self._note][1]:
            self._note += 1
            if self._note < len(self._notes):
                self._sound(now)
            else:
                self.silence()
        self._light(now)

    def silence(self) -> None:
        """No tone, at once."""
        self._notes = SILENCE
        self._beeper.off()

    def _pass(self, now: TicksMs) -> None:
        if self._held and time.ticks_diff(now, self._shown_ms) >= SEEN_MS:
            self._held = False
        if self._muted and time.ticks_diff(now, self._movement_ms) >= MOVEMENT_APART_MS:
            self._muted = False

    def _light(self, now: TicksMs) -> None:
        if self._colour is not self._shown:
            if time.ticks_diff(now, self._entered_ms) < self._wait_ms or (self._held and self._colour is WHITE):
                return
            self._shown = self._colour
            self._shown_ms = now
            self._held = self._colour is AMBER
        percent = self._percent
        if self._colour is AMBER:
            percent = _PULSE[time.ticks_diff(now, self._shown_ms) // _PULSE_STEP_MS % len(_PULSE)]
        self._ring.show(self._colour, (percent * self._settings.ring + 99) // 100)

    def _play(self, notes: tuple[tuple[int, int, int], ...], now: TicksMs) -> None:
        self._notes = notes
        self._note = 0
        self._sound(now)

    def _sound(self, now: TicksMs) -> None:
        """Begin the note that is due."""
        hz, _, percent = self._notes[self._note]
        self._note_ms = now
        if hz:
            self._beeper.on(hz, percent * self._settings.volume // 100)
        else:
            self._beeper.off()
