"""A folder of keys that another account could have written, or can read, is refused with the command that mends it."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from desk import CLERK, GOOD, Place, csv, stored, tracking

from stillscan.records.database import Database
from stillscan.records.errors import RecordsError
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.release import Desk
from stillscan.records.verification import verify

posix = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no owners and modes here")


def anew(place: Place) -> Keyring:
    """The same folder, opened by another program."""
    return Keyring(place.keyring.folder, "kiosk-1")


def check(place: Place, number: int) -> str:
    return Desk(place.database, anew(place), "1473 Oppsal").finish(tracking(number), GOOD, CLERK).verdict


@pytest.fixture
def scanner(place: Place) -> Path:
    """A secret in a folder of its own."""
    place.finish(0)
    folder = place.keyring.folder / "scanners"
    folder.mkdir(mode=0o700)
    path = folder / "a1.json"
    path.write_text("{}", encoding="utf-8")
    path.chmod(0o600)
    return path


def uses(place: Place) -> Iterator[Callable[[], object]]:
    """Every kind of use, each by a program that begins anew."""
    yield lambda: check(place, 1)
    yield lambda: load(csv(range(5, 6)), place.database, anew(place), "f")
    yield lambda: verify(place.database, anew(place))
    yield lambda: anew(place).public_pem()
    yield lambda: anew(place).trust("kiosk-3", b"x")
    yield lambda: place.finish(2)  # and one that has been running


def refused_everywhere(place: Place, told: str) -> None:
    before = stored(place)
    for use in uses(place):
        with pytest.raises(RecordsError, match=told):
            use()
    assert stored(place) == before


@posix
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_may_write_to_is_refused_with_what_mends_it(place: Place, mode: int) -> None:
    """Trial 2.14: a folder with mode 0777 and planted files was used without a word."""
    folder = place.keyring.folder
    folder.chmod(mode)
    refused_everywhere(place, f"other accounts may write there.*chmod 700 {folder}$")
    folder.chmod(0o700)
    assert check(place, 1) == "release"


@posix
@pytest.mark.parametrize(
    ("name", "mode", "told"),
    [
        ("kiosk-1.key", 0o640, "may read this secret; close it: chmod 600"),
        ("secret", 0o604, "may read this secret; close it: chmod 600"),
        ("scanners/a1.json", 0o644, "may read this secret; close it: chmod 600"),
        ("kiosk-1.pub", 0o666, "may write there.*chmod 644"),
        ("kiosk-1.head", 0o664, "may write there.*chmod 644"),
        ("scanners", 0o777, "may write there.*chmod 700"),
    ],
)
def test_each_file_has_its_mode(place: Place, scanner: Path, name: str, mode: int, told: str) -> None:
    path = place.keyring.folder / name
    right = stat.S_IMODE(path.stat().st_mode)
    path.chmod(mode)
    refused_everywhere(place, told)
    path.chmod(right)
    assert check(place, 1) == "release"


@posix
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("README", "README: is no file of stillscan, .*move it out of the folder of keys: mv .*README ELSEWHERE$"),
        ("notes.txt~", "is a copy of notes.txt, as editors leave them, .*ELSEWHERE$"),
        (".DS_Store", "is no file of stillscan, .*ELSEWHERE$"),
        ("scanners/README.md", "is no file of stillscan, .*ELSEWHERE$"),
        ("kiosk-1.pub.bak", "is a copy of kiosk-1.pub, .*ELSEWHERE$"),
        ("kiosk-1.key~", "is a copy of kiosk-1.key, .*ELSEWHERE; since others may know that secret .*rotate'$"),
        ("#secret#", "is a copy of secret, .*ELSEWHERE; since others may know that secret .*rotate'$"),
        (".secret.swp", "is a copy of secret, .*ELSEWHERE; since others may know that secret .*rotate'$"),
        ("scanners/a1.json.orig", "is a copy of a1.json, .*ELSEWHERE; since others may know that secret .*rotate'$"),
    ],
)
def test_what_is_none_of_ours_is_called_what_it_is(place: Place, scanner: Path, name: str, told: str) -> None:
    path = place.keyring.folder / name
    path.write_bytes(b"hello")
    for mode in (0o644, 0o620):
        path.chmod(mode)
        refused_everywhere(place, told)
    path.chmod(0o600)
    assert check(place, 1) == "release", "nobody else can get at it"
    path.unlink()


@posix
def test_what_is_half_made_is_as_what_it_becomes(place: Place) -> None:
    """A program that was killed in the middle leaves it, with the mode that the file was to have."""
    for name, mode in ((".kiosk-1.pub.0123456789abcdef", 0o644), (".kiosk-1.key.0123456789abcdef", 0o600)):
        (place.keyring.folder / name).write_bytes(b"")
        (place.keyring.folder / name).chmod(mode)
    assert check(place, 1) == "release"


@posix
def test_links_and_other_things_have_no_place_there(place: Place, tmp_path: Path) -> None:
    folder = place.keyring.folder
    (folder / "kiosk-9.pub").symlink_to(tmp_path / "elsewhere")
    refused_everywhere(place, "kiosk-9.pub: is no plain file")
    (folder / "kiosk-9.pub").unlink()
    shutil.move(folder, tmp_path / "real")
    folder.symlink_to(tmp_path / "real")
    refused_everywhere(place, "is a link, which can be turned elsewhere; name the folder itself")


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_somebody_elses_folder_is_refused(place: Place) -> None:
    os.chown(place.keyring.folder, 65534, -1)
    refused_everywhere(place, "belongs to .*work as that user: sudo -u")
    os.chown(place.keyring.folder, 0, -1)
    os.chown(place.keyring.folder / "kiosk-1.pub", 65534, -1)
    refused_everywhere(place, "kiosk-1.pub: belongs to")


@posix
def test_a_database_that_others_may_write_to_is_refused(place: Place) -> None:
    place.database.close()
    place.path.chmod(0o666)
    with pytest.raises(RecordsError, match=f"other accounts may write there.*chmod 600 {place.path}$"):
        Database(place.path)
    place.path.chmod(0o644)
    Database(place.path).close()
