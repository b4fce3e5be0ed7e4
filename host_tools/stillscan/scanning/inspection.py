"""What a scanner is set to, and which of its versions runs: asked once a session, beside the work, and held against
what is expected. Nobody waits for it: the answers are messages like others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from kiosk import wire
from stillscan.boards.settings import known
from stillscan.errors import DeviceError
from stillscan.link.messages import Installed, Message, Setting, State, plain
from stillscan.link.session import Session

NoticeKind = Literal["settings", "settings_mended", "version"]
"""What people should know about a scanner that works; each has a sentence in the guidance (``notice.KIND``)."""
Notice = Callable[[str, NoticeKind], None]

COMFORT = frozenset({"ring", "volume", "health"})
"""Settings that no check depends on."""
_BUSY = (wire.START, wire.STILL, wire.SCANNING)
"""A scanner that starts answers late, and one that is about to scan, or does, has better things to do."""
_MOST_ASKED = 3
"""An answer may be lost on the line; a scanner that gives none to so many questions is older than they are."""


class Inspection:
    """``take`` every message of a session; ``notice`` gets what is not as expected: a line for a log, and its kind."""

    def __init__(self, session: Session, expected: Mapping[str, int], notice: Notice) -> None:
        """``expected``: settings by name in which this kiosk is meant to differ from the scanner's defaults."""
        self._session = session
        self._expected = expected
        self._notice = notice
        self._asked = 0
        self._found: dict[str, Setting] | None = {}

    def take(self, message: Message) -> None:
        """LinkLostError when the scanner is gone."""
        if self._found is None:
            return
        if isinstance(message, Setting):
            self._found[plain(message.name)] = message
        elif isinstance(message, Installed) and self._found:  # else it answers somebody else's question
            found, self._found = self._found, None
            self._judge_version(message)
            self._judge_settings(found)
        elif isinstance(message, State) and message.state not in _BUSY and self._asked < _MOST_ASKED:
            self._asked += 1
            self._session.send(wire.C_SETTING_GET, wire.ALL_SETTINGS)
            self._session.send(wire.C_INSTALLED)  # answered last

    def _judge_version(self, installed: Installed) -> None:
        if installed.why == wire.DAMAGED:
            self._notice(
                f"its version {plain(installed.failed)} is damaged and another runs: stillscan flash puts it right",
                "version",
            )

    def _judge_settings(self, found: Mapping[str, Setting]) -> None:
        wanted = {name: self._expected.get(name, setting.default) for name, setting in found.items()}
        differ = [name for name, setting in found.items() if setting.value != wanted[name]]
        beyond = _deadly({name: setting.value for name, setting in found.items()})
        deadly = [name for name in differ if name in beyond]
        if deadly:
            for name in (*deadly, *deadly):  # one may be refused as long as another is as it was
                self._session.send(wire.C_SETTING_SET, found[name].setting, wanted[name])
            self._notice(f"settings with which no passport comes through: {_told(deadly, found, wanted)}; they are put "
                         "right", "settings_mended")  # fmt: skip
        if left := [name for name in differ if name not in deadly and name not in COMFORT]:
            mend = " ".join(f"--set {name}={wanted[name]}" for name in left)
            self._notice(
                f"settings are not as expected: {_told(left, found, wanted)}; mended by: stillscan flash {mend}",
                "settings",
            )


def _told(names: Iterable[str], found: Mapping[str, Setting], wanted: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {found[name].value} in place of {wanted[name]}" for name in names)


def _deadly(values: Mapping[str, int]) -> set[str]:
    """Settings beyond what this package's firmware takes, alone or together: an older one has taken them."""
    ours = known()
    mine = {name: value for name, value in values.items() if name in ours.rows}
    deadly = {name for name, value in mine.items() if not ours.fits(name, value)}
    while together := ours.clash({name: value for name, value in mine.items() if name not in deadly}):
        deadly |= set(together)
    return deadly


def set_all(session: Session, values: Mapping[str, int]) -> None:
    """Change settings by name, in an order in which the scanner takes them. DeviceError: it does not take all."""
    numbers = {name: setting.setting for name, setting in session.settings().items()}
    left = [name for name in values if name in numbers]
    if len(left) < len(values):
        raise DeviceError("the scanner has no setting of that name: its firmware is older", "protocol")
    refusal: DeviceError | None = None
    while left:
        refused = []
        for name in left:
            try:
                session.set(numbers[name], values[name])
            except DeviceError as error:
                refusal = error
                refused.append(name)
        if refusal is not None and refused == left:
            raise refusal
        left = refused
