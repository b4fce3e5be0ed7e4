"""Keys in one file under a passphrase, and back: nothing is overwritten, and no note goes back in time."""

import shutil
from pathlib import Path

import pytest
from desk import CLERK, GOOD, Place, tracking

from stillscan.records import wrapping
from stillscan.records.backup import backup, contents, restore
from stillscan.records.errors import RecordsError
from stillscan.records.keyring import Keyring
from stillscan.records.release import Desk
from stillscan.records.verification import verify

PASSPHRASE = "correct horse battery"
OTHER = "another long passphrase"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stretching that costs a test nothing; the file says how much was used."""
    monkeypatch.setattr(wrapping, "_SCRYPT", {"n": 2**4, "r": 8, "p": 1})


def anew(place: Place) -> Keyring:
    """The same folder, opened by another program."""
    return Keyring(place.keyring.folder, "kiosk-1")


def check(place: Place, number: int, keyring: Keyring) -> str:
    return Desk(place.database, keyring, "1473 Oppsal").finish(tracking(number), GOOD, CLERK).verdict


def findings(place: Place) -> list[str]:
    return [str(one) for one in verify(place.database, anew(place)).findings]


@pytest.fixture
def kept(place: Place, tmp_path: Path) -> Path:
    place.finish(0)
    scanners = place.keyring.folder / "scanners"
    scanners.mkdir(mode=0o700)
    (scanners / "a1.json").write_text("{}", encoding="utf-8")
    (scanners / "a1.json").chmod(0o600)
    (place.keyring.folder / "browsers.json").touch(mode=0o600)  # of the moment: no backup brings it back
    file = tmp_path / "keys.backup"
    file.write_bytes(backup(anew(place), PASSPHRASE))
    return file


def test_a_backup_brings_a_lost_folder_back(place: Place, kept: Path, tmp_path: Path) -> None:
    assert b"PRIVATE" not in kept.read_bytes()
    shutil.move(place.keyring.folder, tmp_path / "lost")
    done = restore(anew(place), kept, kept.read_bytes(), PASSPHRASE)
    assert sorted(done.written) == sorted(
        ["kiosk-1.clock", "kiosk-1.head", "kiosk-1.key", "kiosk-1.pub", "scanners/a1.json", "secret"]
    )
    lost = contents(tmp_path / "lost")
    assert lost.pop("browsers.json") == b""
    assert contents(place.keyring.folder) == lost
    assert check(place, 1, anew(place)) == "release"
    assert findings(place) == []


def test_nothing_is_overwritten_and_no_note_goes_back(place: Place, kept: Path) -> None:
    place.finish(1)
    head = place.keyring.head.read_bytes()
    done = restore(anew(place), kept, kept.read_bytes(), PASSPHRASE)
    assert (done.written, done.kept) == ([], ["kiosk-1.head"])
    assert place.keyring.head.read_bytes() == head
    (place.keyring.folder / "secret").write_bytes(bytes(32))
    place.keyring.head.unlink()
    with pytest.raises(RecordsError, match="secret: is there and differs"):
        restore(anew(place), kept, kept.read_bytes(), PASSPHRASE)
    assert not place.keyring.head.exists()


def test_a_bad_backup_is_one_line(place: Place, kept: Path) -> None:
    whole = kept.read_bytes()
    for content, passphrase, told in (
        (whole, OTHER, "this is not its passphrase"),
        (whole[: len(whole) // 2], PASSPHRASE, "damaged or cut off"),
        (b"", PASSPHRASE, "damaged or cut off"),
        (b"[" * 100_000, PASSPHRASE, "damaged or cut off"),
        (whole.replace(b'"r":8', b'"r":9'), PASSPHRASE, "not its passphrase"),
    ):
        with pytest.raises(RecordsError, match=told):
            restore(anew(place), kept, content, passphrase)
    stranger = Keyring(place.keyring.folder, "kiosk-2")
    with pytest.raises(RecordsError, match=r"is of the kiosk kiosk-1.*--kiosk kiosk-1"):
        restore(stranger, kept, whole, PASSPHRASE)


@pytest.mark.parametrize(
    "name", ["attempts.db", "browsers.json", "../x.key", "/etc/x", "a/b/c", ".hidden", "scanners/../../x"]
)
def test_a_backup_writes_nowhere_else(place: Place, tmp_path: Path, name: str) -> None:
    evil = wrapping.sealed_by_passphrase(
        f'{{"kiosk":"kiosk-1","files":{{"{name}":"eA=="}}}}'.encode(), PASSPHRASE, "backup of keys"
    )
    with pytest.raises(RecordsError, match="no place in a folder of keys"):
        restore(anew(place), tmp_path / "evil", evil, PASSPHRASE)
