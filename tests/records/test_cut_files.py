"""Files beside the database that are empty or cut in half: one clear line with the way out, and nothing is lost."""

import pytest
from desk import GOOD, Place, tracking

from stillscan.records.errors import RecordsError
from stillscan.records.keyring import Keyring
from stillscan.records.release import Desk
from stillscan.records.verification import verify


def check(place: Place, number: int) -> str:
    """By a program that begins anew."""
    desk = Desk(place.database, Keyring(place.keyring.folder, "kiosk-1"), "1473 Oppsal")
    return desk.finish(tracking(number), GOOD, place.clerk).verdict


FILES = {
    "kiosk-1.head": "cut off or damaged: this is no note of where the audit chain ended; move it away, .*written anew",
    "kiosk-1.clock": "cut off or damaged: this is no note of the time; remove it",
    "kiosk-1.pub": "is no Ed25519 public key in PEM form; move it away and put it back: 'stillscan keys restore'",
    "kiosk-1.key": "is no Ed25519 key in PEM form; put a backup back",
    "secret": "is not the secret of 32 bytes that was written there; move it away and put a backup back",
}
NOTES = ("kiosk-1.head", "kiosk-1.clock")


@pytest.mark.parametrize("name", FILES)
def test_half_of_it(place: Place, name: str) -> None:
    assert check(place, 0) == "release"
    path = place.keyring.folder / name
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    before = place.path.read_bytes()
    with pytest.raises(RecordsError, match=f"{name}: .*{FILES[name]}") as told:
        check(place, 1)
    assert "\n" not in str(told.value)
    assert place.path.read_bytes() == before
    if name in NOTES:
        path.unlink()
    else:
        path.write_bytes(whole)
    assert check(place, 1) == "release"
    assert verify(place.database, place.keyring).findings == []


@pytest.mark.parametrize("name", FILES)
def test_nothing_of_it(place: Place, name: str) -> None:
    """A note that is empty says nothing, as after a power cut in its first moment, and is written anew."""
    assert check(place, 0) == "release"
    path = place.keyring.folder / name
    whole = path.read_bytes()
    path.write_bytes(b"")
    if name in NOTES:
        assert check(place, 1) == "release"
        assert path.stat().st_size == len(whole)
        return
    with pytest.raises(RecordsError, match=f"{name}: .*{FILES[name]}"):
        check(place, 1)
    path.write_bytes(whole)
    assert check(place, 1) == "release"
