"""A scanner that goes away again and again: its power, or the line alone?"""

from __future__ import annotations

import logging
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from kiosk import wire
from stillscan.commands.watched import Watched
from stillscan.link.messages import Error
from stillscan.technician.bundle.findings import findings
from stillscan.technician.bundle.hidden import Hidden
from stillscan.technician.bundle.kiosk_log import KioskLog
from stillscan.technician.bundle.opened import Bundle
from stillscan.technician.bundle.plain import Plain

_GONE = "/dev/ttyACM0: the scanner went away (input/output error)"


def log_of(caplog: pytest.LogCaptureFixture, starts: list[int]) -> list[str]:
    """What a kiosk writes while a scanner comes and goes, under these names of its starts; past the gate."""
    kiosk = Watched(Mock(), Mock())
    identity = SimpleNamespace(scanner=None, firmware="0.2.0")
    with caplog.at_level(logging.INFO, "stillscan.kiosk"):
        for start in starts:
            hello = SimpleNamespace(board_name="simulator", major=1, minor=4, boot_id=start)
            kiosk.connected(hello, identity)  # type: ignore[arg-type]
            kiosk.trouble(_GONE, "gone")
    gate = KioskLog(Plain(Hidden()))
    said = [gate.message(record.getMessage()) for record in caplog.records]
    return [f"2026-11-28T10:00:00.000Z INFO    stillscan.kiosk: {line}" for line in said]


@pytest.mark.parametrize(
    ("starts", "name"), [([7, 8, 9, 10], "power_lost"), ([7, 7, 7, 7], "link_lost"), ([7, 8, 8, 8], "link_lost")]
)
def test_a_scanner_that_starts_anew_each_time_loses_its_power(
    starts: list[int], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    found = findings(Bundle({}, {"kiosk-log.txt": log_of(caplog, starts)}, "", ""))
    assert found[0].name == name


def test_what_happens_once_is_no_finding(caplog: pytest.LogCaptureFixture) -> None:
    assert findings(Bundle({}, {"kiosk-log.txt": log_of(caplog, [7, 8])}, "", "")) == []


@pytest.mark.parametrize(
    ("code", "level"),
    [
        (wire.E_WRONG_STATE, logging.INFO),
        (wire.E_NOT_SUBSCRIBED, logging.INFO),  # the scanner has ended the subscription, which is told by itself
        (wire.E_MALFORMED, logging.WARNING),
    ],
)
def test_a_command_that_crossed_a_change_of_state_is_no_warning(
    code: int, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "stillscan.kiosk"):
        Watched(Mock(), Mock()).message(Error(code, 4))
    assert [record.levelno for record in caplog.records] == [level]
