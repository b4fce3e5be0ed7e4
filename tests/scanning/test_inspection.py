"""What a scanner is set to is looked at once a session, beside the work, and told or put right."""

from __future__ import annotations

import json
from functools import partial
from unittest.mock import patch

import pytest

from kiosk import wire
from stillscan.boards.settings import known
from stillscan.errors import DeviceError
from stillscan.link.messages import Installed, Message, Setting, State
from stillscan.link.session import Session
from stillscan.scanning.inspection import Inspection, set_all
from stillscan.simulator.dirt import Dirt
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.scene import Scene
from stillscan.simulator.visitors import Visitors
from stillscan.testing.simulate import boot

from ..firmware.rig import Filled
from .test_service import PAGE, STILL, Cable, Watcher, serve

NUMBERS = {name: number for number, name in enumerate(known().rows)}


class Sent:
    """In place of a session: notes the commands."""

    def __init__(self) -> None:
        self.commands: list[tuple[int, ...]] = []

    def send(self, kind: int, *values: int) -> None:
        self.commands.append((kind, *values))


def state(number: int) -> State:
    return State(number, 0, 0, 0, 0, 0)


def answers(why: int = 0, **values: int) -> list[Message]:
    """What a scanner says to the questions; ``values`` are those that are not its defaults."""
    settings: list[Message] = [
        Setting(number, values.get(name, row.default), row.default, row.low, row.high, name.encode(), b"")
        for number, (name, row) in enumerate(known().rows.items())
    ]
    return [*settings, Installed(1, 0, b"new", b"old", why)]


def inspected(messages: list[Message], **expected: int) -> tuple[Sent, list[tuple[str, str]]]:
    """The commands that were sent after the questions, and the notices."""
    sent, told = Sent(), []
    inspection = Inspection(sent, expected, lambda text, kind: told.append((text, kind)))  # type: ignore[arg-type]
    for message in (state(wire.EMPTY), *messages, state(wire.EMPTY), *messages):
        inspection.take(message)
    assert sent.commands[:2] == [(wire.C_SETTING_GET, wire.ALL_SETTINGS), (wire.C_INSTALLED,)]
    del sent.commands[:2]
    return sent, told


def test_a_scanner_as_expected_is_not_mentioned() -> None:
    sent, told = inspected(answers())
    assert (sent.commands, told) == ([], [])
    assert inspected(answers(slip=200), slip=200)[1] == []
    assert inspected(answers(ring=0, volume=0, health=500))[1] == [], "comfort is everybody's own"


def test_what_differs_is_told_with_the_command_that_mends_it() -> None:
    sent, told = inspected(answers(slip=900, bump=1984), dwell=200)
    assert sent.commands == [], "and left as it is"
    ((text, kind),) = told
    assert kind == "settings"
    assert "dwell 150 in place of 200, slip 900 in place of 130, bump 1984 in place of 256" in text
    assert text.endswith("stillscan flash --set dwell=200 --set slip=130 --set bump=256")


@pytest.mark.parametrize(
    "values",
    [
        {"dwell": 5000, "time_limit": 1000},
        {"dwell_again": 5000, "time_limit": 3000},
        {"slip": 30, "flow_scale": 600},
        {"line_8": 8000},
        {"squal_min": 255},
        {"line": 20000},
        {"dwell": 5000, "time_limit": 1000, "squal_min": 200, "lamp": 5},
    ],
    ids=str,
)
def test_what_an_older_firmware_takes_and_no_passport_survives_is_put_right(values: dict[str, int]) -> None:
    sent, told = inspected(answers(**values))
    assert [kind for _, kind in told] == ["settings_mended"]
    rows = known().rows
    in_force = dict(values)
    for kind, number, value in sent.commands:
        assert kind == wire.C_SETTING_SET
        in_force[list(rows)[number]] = value
    assert not known().clash(in_force)
    assert all(known().fits(name, value) for name, value in in_force.items())


def test_a_damaged_version_is_told() -> None:
    _, told = inspected(answers(why=wire.DAMAGED))
    ((text, kind),) = told
    assert kind == "version"
    assert "stillscan flash" in text
    assert inspected(answers(why=wire.DEFECT))[1] == []


def test_it_asks_once_and_never_a_scanner_that_is_about_to_scan() -> None:
    sent = Sent()
    inspection = Inspection(sent, {}, lambda text, kind: None)  # type: ignore[arg-type]
    for number in (wire.START, wire.STILL, wire.SCANNING):
        inspection.take(state(number))
    assert sent.commands == []
    for _ in range(10):
        inspection.take(state(wire.EMPTY))
    assert len(sent.commands) == 2 * 3, "an older firmware does not answer: it is left alone"


@pytest.mark.process
@pytest.mark.parametrize(
    ("stored", "kinds"),
    [({}, []), ({"slip": 500}, ["settings"]), ({"ring": 3}, []), ({"dwell": 5000, "time_limit": 1000}, [])],
)
def test_in_a_service(stored: dict[str, int], kinds: list[str]) -> None:
    """A real scanner: the first passport is read as soon as without the look."""
    watcher = Watcher(1)
    files: dict[str, bytes | None] = {"settings.json": json.dumps(stored).encode()}
    with patch("stillscan.simulator.process.tempfile.TemporaryDirectory", partial(Filled, files)):
        kiosk = SimulatedKiosk(Scene(PAGE, STILL, Dirt.profile("clean", 1), 1))
    with kiosk:
        kiosk.visitors = Visitors(lambda number: STILL)
        heard: list[Message] = []
        watcher.on_message = heard.append
        serve(Cable(kiosk), watcher)
        assert [kind for _, kind in watcher.notices] == kinds
        assert sum(isinstance(message, Setting) for message in heard) == len(NUMBERS), "asked once"
        assert watcher.results[0].outcome == "verified"
        assert watcher.results[0].attempts == 1


@pytest.mark.process
def test_settings_are_set_in_an_order_in_which_the_scanner_takes_them() -> None:
    with SimulatedKiosk(Scene(PAGE, STILL, Dirt.profile("clean", 1), 1)) as kiosk:
        session = Session(kiosk)
        session.open()
        boot(session)
        for values in ({"dwell": 5000, "time_limit": 6000}, {"time_limit": 1000, "dwell": 150}):
            set_all(session, values)
            now = {name: setting.value for name, setting in session.settings().items()}
            assert {name: now[name] for name in values} == values
        with pytest.raises(DeviceError, match="clash"):
            set_all(session, {"slip": 200, "dwell": 5000})
        with pytest.raises(DeviceError, match="older"):
            set_all(session, {"hologram": 1})
