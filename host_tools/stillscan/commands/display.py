"""What the kiosk's terminal shows: a live picture for people, plain lines elsewhere. Scanned text only if asked for."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from kiosk import wire
from stillscan.errors import DeviceTrouble
from stillscan.guidance import say, say_or_name, say_reason
from stillscan.guidance.findings import say_finding
from stillscan.link.identity import ScannerIdentity
from stillscan.link.messages import Abort, Band, Hello, Message, State, SweepBegin, named
from stillscan.scanning.inspection import NoticeKind
from stillscan.scanning.result import Result
from stillscan.scanning.service import Display

_COLOURS = {"verified": "bold green", "refused": "bold red", "gave_up": "bold yellow", "fault": "bold red"}
_REFRESH_HZ = 12  # pictures a second: some ten of a sweep, which lasts about a second
READ_S = 1.2  # a sentence stays so long: hands move faster than people read

_MINUTE_S = 60.0  # a minute, of _MOST_A_MINUTE
_MOST_A_MINUTE = 300
"""Lines of one kind: 60 sweeps (the setting ``attempts``) of each of five documents, more than hands can lay down. A
scanner that talks without end fills no journal."""


def verdict_text(result: Result, language: str) -> list[str]:
    """What to tell people at the end of a check: outcome first, then each reason, without personal data."""
    if result.outcome == "fault":
        part, _, fault = result.reason.partition(": ")
        return [
            say("state.fault", language),
            say_or_name("part", part, language),
            say_or_name("fault", fault, language),
        ]
    if result.reason == "reading_other":  # the check that is open goes on with the document before it
        return [say_reason(result.reason, language)]
    head = "state.gave_up" if result.outcome == "gave_up" else f"outcome.{result.outcome}"
    return [
        say(head, language),
        *([say_reason(result.reason, language)] if result.outcome == "gave_up" else _reasons(result, language)),
        *_advice(result, language),
        *(say_or_name("sensor", sensor, language) for sensor in result.sensors),
    ]


def _reasons(result: Result, language: str) -> list[str]:
    return [say_or_name("reason", reason, language) for reason in result.reason.split(",")]


def _advice(result: Result, language: str) -> list[str]:
    """What to do about the picture, when that is why the check gave up."""
    if not result.reason.startswith("mrz_"):
        return []
    return [say_finding(finding, language) for finding in result.quality]


def state_text(state: State, language: str) -> str:
    """What to do in this state. DONE without a verdict yet means: the strip is being read, do not take the passport."""
    reading = state.state == wire.DONE and state.cause == wire.NO_CAUSE
    return say_or_name("state", "reading" if reading else named(wire.STATES, state.state), language)


class PlainLines:
    """One line an event, with the seconds since the start."""

    def __init__(self, language: str, show_lines: bool, out: ConsoleOut) -> None:
        self._language = language
        self._show_lines = show_lines
        self._out = out
        self._began_s = self._minute_s = time.monotonic()
        self._said: Counter[str] = Counter()

    def _say(self, kind: str, text: str) -> None:
        now_s = time.monotonic()
        if now_s - self._minute_s >= _MINUTE_S:
            self._minute_s, self._said = now_s, Counter()
        self._said[kind] += 1
        if self._said[kind] <= _MOST_A_MINUTE:
            self._out.line(f"{now_s - self._began_s:8.2f} s  {kind:<9} {text}")

    def connected(self, hello: Hello, identity: ScannerIdentity) -> None:
        paired = f"scanner {identity.scanner}" if identity.scanner else "not paired"
        spoken = f"protocol {hello.major}.{hello.minor}"
        self._say("connected", f"{hello.board_name}, firmware {hello.firmware}, {spoken}, {paired}")

    def message(self, message: Message) -> None:
        if isinstance(message, State):
            self._say(named(wire.STATES, message.state), state_text(message, self._language))
        elif isinstance(message, SweepBegin):
            self._say("sweep", f"{message.attempt}, rows {message.first_row}-{message.last_row}")
        elif isinstance(message, Abort):
            cause = named(wire.CAUSES, message.cause)
            slide = (message.dx_um**2 + message.dy_um**2) ** 0.5 / 1000
            where = f"row {message.row}, {slide:.2f} mm, stopped after {message.latency_us / 1000:.1f} ms"
            self._say("abort", f"{cause} ({where}): {say_or_name('cause', cause, self._language)}")

    def result(self, result: Result) -> None:
        self._say(result.outcome, " ".join(verdict_text(result, self._language)))
        if self._show_lines and result.lines:
            for line in result.lines:
                self._say("mrz", line)

    def not_read(self, reason: str) -> None:
        self._say("not read", say_reason(reason, self._language))

    def trouble(self, text: str, kind: DeviceTrouble) -> None:
        self._say("trouble", f"{text}: {say(f'device.{kind}', self._language)}")

    def notice(self, text: str, kind: NoticeKind) -> None:
        self._say("notice", f"{text}: {say(f'notice.{kind}', self._language)}")


class LinkLines:
    """The terminal beside a page: a line when the link is lost and when it is back, and what is not as expected.

    See service.Display.
    """

    def __init__(self, lines: PlainLines) -> None:
        self._lines = lines
        self._lost = False
        self.notice = lines.notice

    def connected(self, hello: Hello, identity: ScannerIdentity) -> None:
        if self._lost:
            self._lines.connected(hello, identity)
        self._lost = False

    def message(self, message: Message) -> None:
        """For the page."""

    def not_read(self, reason: str) -> None:
        """For the page."""

    def result(self, result: Result) -> None:
        """For the page."""

    def trouble(self, text: str, kind: DeviceTrouble) -> None:
        self._lost = True
        self._lines.trouble(text, kind)


class FirstNews:
    """Calls ``tell`` once, as soon as a scanner is there, or is known to be waited for. See service.Display.

    A scanner that may not be used at all ends a kiosk that starts, before anything is told.
    """

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell: Callable[[], None] | None = tell

    def _news(self) -> None:
        tell, self._tell = self._tell, None
        if tell is not None:
            tell()

    def connected(self, hello: Hello, identity: ScannerIdentity) -> None:
        self._news()

    def message(self, message: Message) -> None:
        """No news."""

    def not_read(self, reason: str) -> None:
        """No news."""

    def result(self, result: Result) -> None:
        """No news."""

    def trouble(self, text: str, kind: DeviceTrouble) -> None:
        self._news()

    def notice(self, text: str, kind: NoticeKind) -> None:
        """No news."""


class Both:
    """Two displays, the first told first. See service.Display."""

    def __init__(self, first: Display, second: Display) -> None:
        self._displays = first, second

    def connected(self, hello: Hello, identity: ScannerIdentity) -> None:
        for display in self._displays:
            display.connected(hello, identity)

    def message(self, message: Message) -> None:
        for display in self._displays:
            display.message(message)

    def not_read(self, reason: str) -> None:
        for display in self._displays:
            display.not_read(reason)

    def result(self, result: Result) -> None:
        for display in self._displays:
            display.result(result)

    def trouble(self, text: str, kind: DeviceTrouble) -> None:
        for display in self._displays:
            display.trouble(text, kind)

    def notice(self, text: str, kind: NoticeKind) -> None:
        for display in self._displays:
            display.notice(text, kind)


class LivePicture:
    """What to do now, how far the sweep is, what happened before."""

    def __init__(self, language: str, show_lines: bool, rows: int, console: Console) -> None:
        self._log = PlainLines(language, show_lines, ConsoleOut(console))
        self._language = language
        self._rows = rows
        self._row = 0
        self._attempt = 0
        self._now = Text(say("state.start", language), style="bold")
        self._next: Text | None = None
        self._said_s = 0.0
        self._live = Live(self._draw(), console=console, refresh_per_second=_REFRESH_HZ, transient=True)
        self._live.start()

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._live.stop()

    def _draw(self) -> Panel:
        bar = Table.grid(padding=(0, 1))
        bar.add_row(f"#{self._attempt}" if self._attempt else "", ProgressBar(self._rows, self._row, width=48))
        return Panel(Group(self._now, bar), title="stillscan", width=78)

    def connected(self, hello: Hello, identity: ScannerIdentity) -> None:
        self._log.connected(hello, identity)

    def message(self, message: Message) -> None:
        if isinstance(message, Band):
            self._row = message.header.row + message.header.lines
        else:
            self._log.message(message)
        if isinstance(message, State):
            self._next = Text(state_text(message, self._language), style="bold")
            if message.state == wire.EMPTY:
                self._row = self._attempt = 0
        elif isinstance(message, SweepBegin):
            self._attempt, self._row = message.attempt, 0
        self._speak(time.monotonic())
        self._live.update(self._draw())

    def _speak(self, now_s: float) -> None:
        """The newest sentence takes over when people have had the time to read the one before."""
        if self._next is not None and now_s - self._said_s >= READ_S:
            self._now, self._next, self._said_s = self._next, None, now_s

    def result(self, result: Result) -> None:
        self._next = None
        self._now = Text(" ".join(verdict_text(result, self._language)), style=_COLOURS[result.outcome])
        self._log.result(result)
        self._live.update(self._draw())

    def not_read(self, reason: str) -> None:
        self._next = Text(say_reason(reason, self._language), style="bold")
        self._log.not_read(reason)

    def trouble(self, text: str, kind: DeviceTrouble) -> None:
        self._now = Text(say(f"device.{kind}", self._language), style="bold red")
        self._log.trouble(text, kind)
        self._live.update(self._draw())

    def notice(self, text: str, kind: NoticeKind) -> None:
        self._log.notice(text, kind)


class ConsoleOut:
    """A rich console as the place for PlainLines: above a live picture, or recorded."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def line(self, text: str) -> None:
        """One line, unwrapped, without markup."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)
