"""A technician scans a document of their own while the kiosk runs: what is passed on, and how it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.guidance import languages, service_texts
from stillscan.link.messages import Band, BandHeader, SweepBegin, parse
from stillscan.link.transport import LinkLostError
from stillscan.technician.hands import AskedHands
from stillscan.technician.lease import Lease
from stillscan.technician.relay import GONE_S, MOST_SCAN_S

from .relayed import Kiosk, command, heard, serve


@pytest.fixture
def kiosk() -> Kiosk:
    return Kiosk()


BAND = Band(BandHeader(1, 7, 3, 1, 4, 90, -2, 0, 80, 255, 4), np.arange(4, dtype=np.uint8).reshape(1, 4))


def scan(kiosk: Kiosk, lease: Lease) -> None:
    """The technician takes the scanner for a scan, and the kiosk leaves its check."""
    asking = threading.Thread(target=lease.write, args=(command(wire.C_SUBSCRIBE, 3),))
    asking.start()
    while not kiosk.relay.scans:
        kiosk.turn()
    asking.join()
    kiosk.port.sent.clear()


def test_a_document_of_the_technicians_own_is_scanned_and_told(kiosk: Kiosk) -> None:
    with kiosk.relay.lease("tor") as lease:
        scan(kiosk, lease)
        lease.read(0)
        kiosk.state(wire.PLACED)
        kiosk.say(SweepBegin(1, 1, 0, 9, 0, 0))
        kiosk.say(BAND)
        found = heard(lease)
        assert [frame.kind for frame in found] == [wire.M_STATE, wire.M_SWEEP_BEGIN, wire.M_BAND]
        band = parse(wire.M_BAND, found[-1].body)
        assert isinstance(band, Band)
        assert (band.header._replace(depth_bits=4), band.pixels.tolist()) == (BAND.header, BAND.pixels.tolist())
        lease.write(command(wire.C_CREDIT, 1, 96) + command(wire.C_SWEEP, 0, 9) + command(wire.C_FINISH, 0))
        assert kiosk.sends() == [wire.C_SWEEP, wire.C_FINISH], "credit is the kiosk's own, and granted"
        lease.write(command(wire.C_SUBSCRIBE, 1))
        kiosk.turn()
        assert not kiosk.relay.scans
        lease.read(0)
        kiosk.say(BAND)
        assert heard(lease) == []
        with pytest.raises(DeviceError, match="its own"):
            lease.write(command(wire.C_SWEEP, 0, 9))


@pytest.mark.parametrize("state", [*range(wire.START, wire.SERVICE + 1)])
@pytest.mark.parametrize("served", [True, False])
def test_it_is_lent_over_an_empty_glass_while_nobody_is_served(kiosk: Kiosk, state: int, *, served: bool) -> None:
    if state == wire.EMPTY and not served:
        return
    with kiosk.relay.lease("tor") as lease:
        kiosk.state(state)
        kiosk.served = served
        refused: list[str] = []

        def ask() -> None:
            try:
                lease.write(command(wire.C_SUBSCRIBE, 3))
            except DeviceError as error:
                refused.append(str(error))

        asking = threading.Thread(target=ask)
        asking.start()
        while asking.is_alive():
            kiosk.turn()
            kiosk.now_s += 1.0
            lease.heard_s = kiosk.now_s
        assert len(refused) == 1
        assert not kiosk.relay.scans


def served(kiosk: Kiosk, _: list[bool]) -> None:
    kiosk.served = True


def signed_out(_: Kiosk, present: list[bool]) -> None:
    present[0] = False


def too_long(kiosk: Kiosk, _: list[bool]) -> None:
    kiosk.now_s += MOST_SCAN_S + 1


@pytest.mark.parametrize(
    ("happens", "why"), [(served, "being served"), (signed_out, "signed out"), (too_long, "more than 180 s")]
)
def test_it_ends_by_itself(kiosk: Kiosk, happens: Callable[[Kiosk, list[bool]], None], why: str) -> None:
    present = [True]
    with kiosk.relay.lease("tor", present=lambda: present[0]) as lease:
        scan(kiosk, lease)
        lease.read(0)
        happens(kiosk, present)
        lease.heard_s = kiosk.now_s  # its program still asks
        kiosk.turn()
        assert not kiosk.relay.scans
        assert kiosk.relay.who is None
        with pytest.raises(LinkLostError, match=why):
            lease.read(0)
        with pytest.raises(LinkLostError, match=why):
            lease.write(command(wire.C_SWEEP, 0, 9))
        lease.write(command(wire.C_SUBSCRIBE, 1))


@pytest.mark.parametrize("how", ["gone", "link", "close", "another"])
def test_it_ends_with_whoever_had_it(kiosk: Kiosk, how: str) -> None:
    lease = kiosk.relay.begin("tor")
    scan(kiosk, lease)
    if how == "gone":
        kiosk.now_s += GONE_S + 1
    elif how == "link":
        kiosk.relay.turn(None)
        assert not kiosk.relay.scans
    elif how == "close":
        lease.close()
    else:
        with pytest.raises(DeviceError, match="tor is at the scanner"):
            kiosk.relay.begin("ragna")
        lease.close()
        kiosk.relay.begin("ragna")
    kiosk.turn()
    assert not kiosk.relay.scans


def test_who_measures_is_not_asked_whether_they_are_there(kiosk: Kiosk) -> None:
    """A test of all parts takes two minutes, in which a phone may sleep."""
    with kiosk.relay.lease("tor", present=lambda: False) as lease:
        serve(kiosk, lease)
        kiosk.turn()
        assert kiosk.relay.who == "tor"


@pytest.mark.parametrize("language", languages())
def test_whoever_stands_there_is_asked_in_their_language(language: str) -> None:
    told: list[str] = []
    hands = AskedHands(told.append, service_texts(language))
    for ask in (hands.lay, hands.lay_card, hands.slide, hands.take):
        ask()
    english: list[str] = []
    others = AskedHands(english.append)
    for ask in (others.lay, others.lay_card, others.slide, others.take):
        ask()
    assert (told == english) == (language == "en")
    assert len(set(told)) == 4
