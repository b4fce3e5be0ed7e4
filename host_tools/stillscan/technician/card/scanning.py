"""The test card on the glass: whoever stands there is asked to lay it down, it is scanned, and judged."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np

from kiosk import wire
from stillscan.link.transport import LinkLostError
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.card.judged import CardScan, card_scan
from stillscan.technician.sliding import again, scanned

_NOTHING = "nothing was scanned within half a minute: lay the test card on the glass and let it lie"


def read_card(at: AtScanner, lay: Callable[[], None], take: Callable[[], None]) -> CardScan:
    """``lay`` and ``take`` ask whoever stands there, and return at once. Nothing of the picture is kept."""
    session = at.session
    session.send(wire.C_SUBSCRIBE, wire.STREAM_EVENTS | wire.STREAM_BANDS)
    try:
        lay()
        first = scanned(at)  # of a document the scanner leaves out the uppermost rows by itself
        whole = None if first is None else again(at, 0.0)
        session.send(wire.C_FINISH, wire.RESULTS.index("verified"))
    except LinkLostError as error:
        return CardScan([], str(error))
    finally:
        with suppress(LinkLostError):
            session.send(wire.C_SUBSCRIBE, wire.STREAM_EVENTS)
        take()
    if whole is None:
        return CardScan([], _NOTHING)
    return card_scan(np.asarray(whole[0]))
