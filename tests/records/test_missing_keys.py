"""A key or secret that somebody took away: never made anew in silence, and each line leads back or on."""

import shutil
from pathlib import Path

import pytest
from desk import CLERK, GOOD, Place, tracking

from stillscan.records import wrapping
from stillscan.records.audit import reading_chain
from stillscan.records.backup import backup, contents, restore
from stillscan.records.errors import RecordsError
from stillscan.records.exchanging import rotate
from stillscan.records.keyring import Keyring
from stillscan.records.release import Desk
from stillscan.records.verification import verify

WHO = {"staff": "s-1", "role": "supervisor"}
PASSPHRASE = "correct horse battery"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stretching that costs a test nothing."""
    monkeypatch.setattr(wrapping, "_SCRYPT", {"n": 2**4, "r": 8, "p": 1})


def anew(place: Place) -> Keyring:
    """The same folder, opened by another program."""
    return Keyring(place.keyring.folder, "kiosk-1")


def check(place: Place, number: int, keyring: Keyring) -> str:
    return Desk(place.database, keyring, "1473 Oppsal").finish(tracking(number), GOOD, CLERK).verdict


def findings(place: Place, keyring: Keyring | None = None) -> list[str]:
    return [str(one) for one in verify(place.database, keyring or anew(place)).findings]


BACKUP = Path("keys.backup")


def files(place: Place) -> dict[str, bytes]:
    return {name: content for name, content in contents(place.keyring.folder).items() if not name.endswith(".clock")}


@pytest.mark.parametrize("use", ["check", "public key", "rotate"])
@pytest.mark.parametrize("name", ["kiosk-1.key", "secret"])
@pytest.mark.parametrize("also", [(), ("kiosk-1.head",), ("kiosk-1.head", "kiosk-1.checkpoint")])
def test_what_is_missing_is_never_made_anew_in_silence(
    place: Place, name: str, use: str, also: tuple[str, ...]
) -> None:
    if name == "secret" and use != "check":
        return  # is not needed there
    place.finish(0)
    kept = backup(place.keyring, PASSPHRASE)
    for one in (name, *also):
        (place.keyring.folder / one).unlink(missing_ok=True)
    before = files(place)
    uses = {
        "check": lambda: check(place, 1, anew(place)),
        "public key": lambda: anew(place).public_pem(),
        "rotate": lambda: rotate(place.database, anew(place), WHO),
    }
    with pytest.raises(RecordsError, match=rf"{name}: is missing; put it back: 'stillscan keys restore FILE'.*--kiosk"):
        uses[use]()
    assert {one: files(place).get(one) for one in before} == before
    assert name not in files(place)
    assert name in restore(anew(place), BACKUP, kept, PASSPHRASE).written
    assert check(place, 1, anew(place)) == "release"
    assert findings(place) == []


def test_a_kiosk_whose_keys_are_gone_but_for_its_note_makes_none(place: Place) -> None:
    for name in ("kiosk-1.key", "kiosk-1.pub"):
        (place.keyring.folder / name).unlink()
    with pytest.raises(RecordsError, match=r"kiosk-1.key: is missing"):
        anew(place).public_pem()
    (place.keyring.folder / "kiosk-1.head").unlink()
    with pytest.raises(RecordsError, match=r"'kiosk-1', which is this one, is not in .*keys restore"):
        check(place, 0, anew(place))
    assert not (place.keyring.folder / "kiosk-1.key").exists()


@pytest.mark.slow
def test_without_a_backup_a_kiosk_goes_on_under_another_name(place: Place, tmp_path: Path) -> None:
    place.finish(0)
    (place.keyring.folder / "kiosk-1.key").unlink()
    other = Keyring(place.keyring.folder, "kiosk-2")
    assert check(place, 1, other) == "release"
    (place.keyring.folder / "secret").unlink()
    with pytest.raises(RecordsError, match=r"secret: is missing"):
        backup(other, PASSPHRASE)
    for kiosk in ("kiosk-2", "kiosk-3"):
        with pytest.raises(RecordsError, match=r"secret: is missing"):
            check(place, 2, Keyring(place.keyring.folder, kiosk))
    assert not (place.keyring.folder / "kiosk-3.key").exists()
    new = Keyring(tmp_path / "new", "kiosk-3")
    for kiosk in ("kiosk-1", "kiosk-2"):
        new.trust(kiosk, (place.keyring.folder / f"{kiosk}.pub").read_bytes())
    assert check(place, 2, new) == "release"
    assert findings(place, new) == []


def test_who_only_read_before_makes_its_first_key_all_the_same(place: Place, tmp_path: Path) -> None:
    other = Keyring(tmp_path / "other", "kiosk-2")
    other.trust("kiosk-1", place.keyring.public_pem())
    with reading_chain(place.database, other):
        pass
    assert other.head.read_bytes()
    assert check(place, 0, Keyring(tmp_path / "other", "kiosk-2")) == "release"


def test_a_key_beside_another_ones_public_key_is_told_without_harm(place: Place, tmp_path: Path) -> None:
    kept = backup(place.keyring, PASSPHRASE)
    stranger = Keyring(tmp_path / "s", "kiosk-1")
    stranger.public_pem()
    shutil.copy(stranger.folder / "kiosk-1.key", place.keyring.folder)
    with pytest.raises(RecordsError, match=r"kiosk-1.key: is not the key .* move it away") as told:
        check(place, 0, anew(place))
    assert "remove" not in str(told.value)
    (place.keyring.folder / "kiosk-1.key").rename(tmp_path / "away")
    restore(anew(place), BACKUP, kept, PASSPHRASE)
    assert check(place, 0, anew(place)) == "release"
