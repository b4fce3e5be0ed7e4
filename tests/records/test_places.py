"""Where records and their files lie: folders that are not there, links, and kiosks whose key is not."""

import io
from pathlib import Path

import pytest
from desk import GOOD, Place, tracking
from troubles import told

from stillscan.cli import main
from stillscan.records.database import Database
from stillscan.records.errors import RecordsError
from stillscan.records.keyring import Keyring
from stillscan.records.place import open_database, open_keyring
from stillscan.records.release import Desk
from stillscan.records.verification import verify

pytestmark = pytest.mark.slow

PASSPHRASE = "a passphrase of some length"


@pytest.mark.parametrize(
    "command",
    [
        ["keys", "backup", "FOLDER/x"],
        ["audit", "export", "--out", "FOLDER/x"],
        ["pair", "--simulated", "FOLDER/x"],
    ],
)
def test_no_folder_is_made_in_silence(
    place: Place,
    tmp_path: Path,
    command: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "nodir" / "deep"
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSPHRASE}\n"))
    before = place.path.read_bytes()
    words = [word.replace("FOLDER", str(folder)) for word in command]
    at = ["--kiosk", "kiosk-1", "--keys", str(place.keyring.folder), "--database", str(place.path)]
    assert main([*words, *at]) == 2
    assert "no such f" in told(capsys)
    assert not folder.parent.exists()
    assert place.path.read_bytes() == before


def test_a_link_is_the_file_that_it_leads_to(place: Place, tmp_path: Path) -> None:
    """Log, keys and notes lie beside the file, whichever name it is called by: no false finding, no second folder."""
    assert place.finish(0) == "release"
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.db"
    link.symlink_to(place.path)
    assert open_keyring(str(link)).folder == Path(f"{place.path}.keys")
    database = open_database(str(link))
    keyring = Keyring(place.keyring.folder, "kiosk-1")
    assert Desk(database, keyring, "1473 Oppsal").finish(tracking(1), GOOD, place.clerk).verdict == "release"
    assert place.finish(2) == "release"
    assert verify(database, keyring)[:2] == verify(place.database, place.keyring)[:2] == ([], 6)
    assert [path.name for path in link.parent.iterdir()] == ["link.db"]
    (tmp_path / "other.db").touch()
    link.unlink()
    link.symlink_to(tmp_path / "other.db")
    with pytest.raises(RecordsError, match=r"link.db: is another file than the one that was opened"):
        verify(database, keyring)
    database.close()


def test_a_link_to_nothing_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "gone.db")
    Database(tmp_path / "link.db").close()
    assert (tmp_path / "gone.db").stat().st_size > 0


@pytest.mark.parametrize("command", [["audit", "key"], ["keys", "wrap"]])
def test_a_kiosk_that_has_signed_gets_no_second_first_key(
    place: Place, command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of its keys is left in the folder, but for another kiosk's; the chain knows better."""
    assert place.finish(0) == "release"
    folder = place.keyring.folder
    Keyring(folder, "kiosk-2").public_pem()
    for path in folder.glob("kiosk-1.*"):
        path.unlink()
    before = sorted(path.name for path in folder.iterdir())
    at = ["--database", str(place.path), "--keys", str(folder), "--kiosk"]
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSPHRASE}\n"))
    assert main([*command, *at, "kiosk-1"]) == 4
    assert "keys restore FILE" in told(capsys)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert main([*command, *at, "kiosk-3"]) == 0
    assert (folder / "kiosk-3.key").exists()
