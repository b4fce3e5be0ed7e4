"""A book of the office that takes long, as on a network drive: the kiosk's log tells of it, and of nothing in it."""

from __future__ import annotations

import logging
import threading
from unittest.mock import Mock

import pytest

from stillscan.counter.outside_lock import OutsideLock
from stillscan.counter.visit import OfficeBook


@pytest.mark.parametrize(("took_s", "told"), [(0.8, []), (2.3, ["the records took 2300 ms"])])
def test_records_that_take_long_are_told_in_the_log(
    took_s: float, told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    now = [5.0]
    book = Mock(spec=OfficeBook)
    book.letter.side_effect = lambda _: now.__setitem__(0, now[0] + took_s)
    lock = threading.Lock()
    with caplog.at_level(logging.INFO), lock:
        OutsideLock(book, lock, Mock(), clock=lambda: now[0]).letter("RR000000019NO")
    assert [record.getMessage() for record in caplog.records] == told
