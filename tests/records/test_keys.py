"""Keys: exchanged by an entry that both sign, and wrapped by a passphrase."""

import contextlib
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest
from desk import CLERK, GOOD, NOW, Place, tracking

from stillscan.errors import InputError
from stillscan.link.pairing import Pairing
from stillscan.records import exchanging, wrapping
from stillscan.records.audit import appending, entries
from stillscan.records.backup import backup, contents, is_sealable
from stillscan.records.canonical import instant
from stillscan.records.chain_entry import HEAD, head_message, sign_entry
from stillscan.records.clock import utc_now
from stillscan.records.database import Database
from stillscan.records.errors import RecordsError
from stillscan.records.exchanging import rotate
from stillscan.records.keyring import Keyring
from stillscan.records.passphrase import CREDENTIAL, FILE
from stillscan.records.public_keys import raw
from stillscan.records.release import Desk
from stillscan.records.rotation import KEYS
from stillscan.records.scanners import Scanners
from stillscan.records.verification import verify
from stillscan.records.wrapping import PassphraseError

WHO = {"staff": "s-1", "role": "supervisor"}
PASSPHRASE = "correct horse battery"
OTHER = "another long passphrase"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stretching that costs a test nothing; the file says how much was used."""
    monkeypatch.setattr(wrapping, "_SCRYPT", {"n": 2**4, "r": 8, "p": 1})
    for name in (FILE, "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)


def anew(place: Place, passphrase: str = "") -> Keyring:
    """The same folder, opened by another program."""
    keyring = Keyring(place.keyring.folder, "kiosk-1")
    return Keyring(place.keyring.folder, "kiosk-1", passphrase=lambda _: passphrase) if passphrase else keyring


def check(place: Place, number: int, keyring: Keyring) -> str:
    return Desk(place.database, keyring, "1473 Oppsal").finish(tracking(number), GOOD, CLERK).verdict


def findings(place: Place, keyring: Keyring | None = None) -> list[str]:
    return [str(one) for one in verify(place.database, keyring or anew(place)).findings]


def secrets_of(place: Place) -> list[Path]:
    return [place.keyring.folder / name for name in ("kiosk-1.key", "secret")]


def forge(place: Place, thief: Keyring) -> None:
    """Entry 5 and a head, signed by whatever key the thief has."""
    with contextlib.closing(sqlite3.connect(place.path)) as connection, connection:
        (former,) = connection.execute("SELECT digest FROM audit_entry WHERE seq = 4").fetchone()
        forged = sign_entry(thief, 5, former, instant(NOW), "withdrawal", {**WHO, "tracking": "x"}, None)
        connection.execute("INSERT INTO audit_entry VALUES (?, ?, ?, ?, ?, ?, ?)", forged)
        head = thief.sign(HEAD, head_message(5, forged.digest))
        connection.execute("UPDATE audit_head SET entries = 5, digest = ?, signature = ?", (forged.digest, head))


# --- rotation ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_new_key_signs_from_then_on(place: Place) -> None:
    before = (place.keyring.folder / "kiosk-1.key").read_bytes()
    entry = rotate(place.database, anew(place), WHO)
    assert entry.facts["kind"] == KEYS
    assert (place.keyring.folder / "kiosk-1.key").read_bytes() != before
    assert not (place.keyring.folder / "kiosk-1.key.next").exists()
    assert check(place, 0, anew(place)) == "release"
    assert place.finish(1) == "release"  # the program that was running takes the new key too
    assert findings(place) == []
    assert len(anew(place).keys_of("kiosk-1").keys) == 2


@pytest.mark.slow
def test_other_kiosks_follow_by_the_chain(place: Place, tmp_path: Path) -> None:
    other = Keyring(tmp_path / "other", "kiosk-2")
    other.trust("kiosk-1", place.keyring.public_pem())
    place.keyring.trust("kiosk-2", other.public_pem())
    assert check(place, 0, other) == "release"
    for _ in range(2):
        rotate(place.database, anew(place), WHO)
    assert check(place, 1, anew(place)) == "release"
    assert check(place, 2, other) == "release"
    assert findings(place, other) == []
    assert findings(place) == []
    assert (tmp_path / "other" / "kiosk-1.pub").read_bytes() == (place.keyring.folder / "kiosk-1.pub").read_bytes()
    third = Keyring(tmp_path / "third", "auditor")
    third.trust("kiosk-1", place.keyring.public_pem())
    third.trust("kiosk-2", other.public_pem())
    assert findings(place, third) == []


@pytest.mark.slow
def test_who_stole_the_old_key_signs_nothing_any_more(place: Place, tmp_path: Path) -> None:
    stolen = tmp_path / "stolen"
    for folder in (stolen, tmp_path / "again"):
        shutil.copytree(place.keyring.folder, folder)
    rotate(place.database, anew(place), WHO)
    thief = Keyring(stolen, "kiosk-1")
    with pytest.raises(RecordsError, match="was exchanged by entry 4; put a backup back"):
        check(place, 0, thief)
    thief = Keyring(tmp_path / "again", "kiosk-1")  # one that does not ask the chain
    forge(place, thief)
    assert "entry 5: it was not signed by the kiosk that it names (kiosk-1)" in findings(place)
    with pytest.raises(RecordsError, match="its head was not signed by the kiosk that it names"):
        check(place, 0, anew(place))


def test_a_kiosk_that_has_not_heard_of_the_exchange_is_not_taken_in(place: Place, tmp_path: Path) -> None:
    """It trusts the old key when a thief's head meets it; the chain on the way there says that the key is no more."""
    other = Keyring(tmp_path / "other", "kiosk-2")
    other.trust("kiosk-1", place.keyring.public_pem())
    shutil.copytree(place.keyring.folder, tmp_path / "stolen")
    rotate(place.database, anew(place), WHO)
    forge(place, Keyring(tmp_path / "stolen", "kiosk-1"))
    for _ in range(2):
        with pytest.raises(RecordsError, match="its head was not signed by the kiosk that it names"):
            check(place, 0, other)


def test_a_kiosk_that_ends_between_entry_and_file_goes_on_with_the_new_key(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry is durable, the file not yet exchanged: both keys are there, and the chain says which counts."""

    def ends(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(exchanging, "learn", ends)
        with pytest.raises(KeyboardInterrupt):
            rotate(place.database, anew(place), WHO)
    assert (place.keyring.folder / "kiosk-1.key.next").exists()
    assert check(place, 0, anew(place)) == "release"
    assert not (place.keyring.folder / "kiosk-1.key.next").exists()
    assert findings(place) == []


@pytest.mark.slow
def test_a_kiosk_that_ends_before_the_entry_goes_on_with_the_old_key(place: Place) -> None:
    anew(place).next_key()
    assert check(place, 0, anew(place)) == "release"
    rotate(place.database, anew(place), WHO)
    assert check(place, 1, anew(place)) == "release"
    assert findings(place) == []


@pytest.mark.parametrize("field", ["key", "proof"])
def test_an_exchange_that_the_new_key_did_not_sign_is_found(place: Place, field: str) -> None:
    """Signed by the old key, but naming a key that its owner does not have."""
    keyring = anew(place)
    stranger = raw(Keyring(place.keyring.folder.parent / "s", "kiosk-1")._own_key().public_key())
    with appending(place.database, keyring) as appender:
        details = {**WHO, "key": stranger, "proof": "00" * 64}
        if field == "proof":
            details["key"] = raw(keyring.keys_of("kiosk-1").current)
        appender.append(KEYS, utc_now(), details)
    assert findings(place) == ["entry 4: it exchanges a key, and the new key did not sign that"]
    assert len(anew(place).keys_of("kiosk-1").keys) == 1


# --- wrapping ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def wrapped(place: Place) -> Place:
    place.finish(0)
    keyring = anew(place)
    keyring.wrapping.wrap(secrets_of(place), PASSPHRASE)
    return place


@pytest.mark.slow
def test_wrapped_secrets_are_read_with_their_passphrase_only(wrapped: Place) -> None:
    for path in secrets_of(wrapped):
        assert wrapping.is_sealed(path.read_bytes())
        assert b"PRIVATE" not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert check(wrapped, 1, anew(wrapped, PASSPHRASE)) == "release"
    with pytest.raises(PassphraseError, match="this is not its passphrase"):
        check(wrapped, 2, anew(wrapped, OTHER))
    with pytest.raises(PassphraseError, match="need their passphrase"):
        check(wrapped, 2, anew(wrapped))
    assert findings(wrapped) == []  # an auditor needs no secret


@pytest.mark.slow
def test_the_passphrase_comes_from_a_file_or_a_credential(
    wrapped: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "passphrase"
    file.write_text(f"{PASSPHRASE}\n", encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv(FILE, str(file))
    assert check(wrapped, 1, anew(wrapped)) == "release"
    file.chmod(0o644)
    with pytest.raises(RecordsError, match=r"may read this secret.*chmod 600"):
        check(wrapped, 2, anew(wrapped))
    monkeypatch.delenv(FILE)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / CREDENTIAL).write_text(PASSPHRASE, encoding="utf-8")
    assert check(wrapped, 2, anew(wrapped)) == "release"


@pytest.mark.slow
def test_another_passphrase_and_none_again(wrapped: Place) -> None:
    keyring = anew(wrapped, PASSPHRASE)
    keyring.wrapping.wrap(secrets_of(wrapped), OTHER)
    with pytest.raises(PassphraseError):
        check(wrapped, 1, anew(wrapped, PASSPHRASE))
    assert check(wrapped, 1, anew(wrapped, OTHER)) == "release"
    anew(wrapped, OTHER).wrapping.unwrap(secrets_of(wrapped))
    assert check(wrapped, 2, anew(wrapped)) == "release"
    assert b"PRIVATE" in secrets_of(wrapped)[0].read_bytes()


@pytest.mark.slow
def test_a_key_is_exchanged_while_it_is_wrapped(wrapped: Place) -> None:
    rotate(wrapped.database, anew(wrapped, PASSPHRASE), WHO)
    assert wrapping.is_sealed(secrets_of(wrapped)[0].read_bytes())
    assert check(wrapped, 1, anew(wrapped, PASSPHRASE)) == "release"
    assert findings(wrapped) == []


def test_keys_of_scanners_are_wrapped_too(place: Place) -> None:
    before, after = Pairing.new(), Pairing.new()
    Scanners(place.database, anew(place)).keep(before)
    keyring = anew(place)
    keyring.wrapping.wrap([keyring.folder / name for name in contents(keyring.folder) if is_sealable(name)], PASSPHRASE)
    Scanners(place.database, anew(place, PASSPHRASE)).keep(after)
    for one in (before, after):
        content = (place.keyring.folder / "scanners" / f"{one.scanner}.json").read_bytes()
        assert one.key.hex().encode() not in content
        assert Scanners(place.database, anew(place, PASSPHRASE)).kept(one.scanner) == one
        with pytest.raises(PassphraseError):
            Scanners(place.database, anew(place)).kept(one.scanner)


@pytest.mark.slow
def test_what_is_cut_altered_or_exchanged_is_one_line(wrapped: Place) -> None:
    key, secret = secrets_of(wrapped)
    whole = key.read_bytes()
    for content, told in (
        (whole[: len(whole) // 2], "damaged or cut off"),
        (whole[:-9] + b'00"}\n', "is damaged"),
        (secret.read_bytes(), "is damaged, or was sealed in another folder"),
        (b"", "is no Ed25519 key in PEM form"),
    ):
        key.write_bytes(content)
        with pytest.raises(RecordsError, match=told) as error:
            check(wrapped, 1, anew(wrapped, PASSPHRASE))
        assert "\n" not in str(error.value)
    key.write_bytes(whole)
    lock = wrapped.keyring.folder / wrapping.NAME
    lock.write_bytes(lock.read_bytes().replace(b'"n":16', b'"n":1073741824'))
    with pytest.raises(RecordsError, match="damaged or cut off"):
        check(wrapped, 1, anew(wrapped, PASSPHRASE))
    lock.unlink()
    with pytest.raises(RecordsError, match=r"wrapping: is gone"):
        check(wrapped, 1, anew(wrapped, PASSPHRASE))


def test_a_passphrase_that_can_be_guessed_is_refused(place: Place) -> None:
    for bad in ("", "short", "x" * 2000):
        with pytest.raises(InputError, match="12 to 1024 characters"):
            anew(place).wrapping.wrap(secrets_of(place)[:1], bad)
    assert not anew(place).wrapping.on


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"\xff" * 13, "is not UTF-8 text"),
        (b"correct horse\xe5", "is not UTF-8 text"),
        (b"correct\thorse battery", "cannot be seen"),
        (b"correct horse\x00battery", "cannot be seen"),
        (b"correct horse\x1b[A battery", "cannot be seen"),
        ("correct horse\u200b".encode(), "cannot be seen"),
    ],
)
def test_a_passphrase_that_no_start_can_give_is_refused(place: Place, bad: bytes, why: str) -> None:
    """Python keeps bytes of standard input that are no text as halves of pairs, where the computer has no language."""
    for given in (anew(place).wrapping.wrap, lambda _, said: backup(place.keyring, said)):
        with pytest.raises(InputError, match=why):
            given(secrets_of(place)[:1], bad.decode("utf-8", "surrogateescape"))
    assert not anew(place).wrapping.on


def test_an_old_folder_without_notes_goes_on(tmp_path: Path) -> None:
    """A folder of the version before has no note of the time and one key a kiosk."""
    place = Place(tmp_path)
    (place.keyring.folder / "kiosk-1.clock").unlink()
    database = Database(place.path)
    assert Desk(database, anew(place), "1473 Oppsal").finish(tracking(0), GOOD, CLERK).verdict == "release"
    with database.reading() as connection:
        assert sum(1 for _ in entries(connection)) == 4
    database.close()
