"""Which scanner may feed a check: what the chain and the folder of keys say, and what people are told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from desk import CLERK, GOOD, LINES, NOW, Place, paired, tracking

from stillscan.counter.book import Book
from stillscan.counter.counter import Counter
from stillscan.errors import DeviceError
from stillscan.link.identity import NotPairedError, ScannerIdentity
from stillscan.link.messages import Hello
from stillscan.link.pairing import Pairing
from stillscan.records.admission import Gate
from stillscan.records.audit import appending, entries
from stillscan.records.errors import RecordsError
from stillscan.records.keyring import Keyring
from stillscan.records.scanners import Scanners
from stillscan.records.verification import verify

UNPAIRED = ScannerIdentity(None, "rpi_pico", "0.1.0", 7, "cd" * 16)


class Port:
    """A transport, as far as a gate looks at it."""

    name = "/dev/ttyACM0"
    pseudo = False


class Pty(Port):
    pseudo = True


def hello(scanner: str | None, board: bytes = b"rpi_pico") -> Hello:
    return Hello(
        1, 1, 0, 1, 0, board, 7, 1476, 274, 84667, 2950, 2048, 1, 15, b"n" * 16, bytes.fromhex(scanner or "00" * 8), 0
    )


def refused(scanners: Scanners | None, scanner: str | None, *, test_mode: bool = False, port: type[Port] = Port,
            board: bytes = b"rpi_pico") -> str:  # fmt: skip
    """The kind of the refusal; the text is one line with the reason code."""
    with pytest.raises(NotPairedError, match=r"^scanner_not_paired: /dev/ttyACM0: ") as caught:
        Gate(lambda: scanners, test_mode)(hello(scanner, board), port())  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 3
    return caught.value.kind


def let_in(
    scanners: Scanners, scanner: str | None, *, test_mode: bool = False, port: type[Port] = Port
) -> bytes | None:
    return Gate(lambda: scanners, test_mode)(hello(scanner), port())  # type: ignore[arg-type]


@pytest.fixture
def scanners(place: Place) -> Scanners:
    return Scanners(place.database, place.keyring)


def pair(scanners: Scanners, *, test: bool = False, replaces: str | None = None) -> Pairing:
    pairing = Pairing.new()
    scanners.keep(pairing)
    scanners.note_pairing(pairing, "rpi_pico", test=test, replaces=replaces)
    return pairing


def key_file(place: Place, scanner: str) -> Path:
    return place.keyring.folder / "scanners" / f"{scanner}.json"


def test_a_paired_scanner_is_let_in_with_its_key(place: Place, scanners: Scanners) -> None:
    pairing = pair(scanners)
    assert let_in(scanners, pairing.scanner) == pairing.key
    assert let_in(scanners, pairing.scanner, test_mode=True) == pairing.key
    assert key_file(place, pairing.scanner).stat().st_mode & 0o777 == 0o600
    assert place.keyring.folder.stat().st_mode & 0o077 == 0
    assert verify(place.database, place.keyring).findings == []
    assert pairing.key.hex().encode() not in place.bytes(), "the database never has a key"


def test_what_is_not_paired_is_refused_and_told(scanners: Scanners) -> None:
    assert refused(scanners, None) == "unpaired"
    assert refused(None, Pairing.new().scanner) == "foreign"
    assert refused(scanners, Pairing.new().scanner) == "foreign"
    assert refused(scanners, Pairing.new().scanner, test_mode=True) == "foreign"
    assert let_in(scanners, None, test_mode=True) is None


def test_a_pairing_that_was_not_completed_is_none(scanners: Scanners) -> None:
    """The power went between the key and the chain."""
    pairing = Pairing.new()
    scanners.keep(pairing)
    assert refused(scanners, pairing.scanner) == "foreign"


def test_a_simulated_scanner_feeds_no_real_check(scanners: Scanners) -> None:
    real, trial = pair(scanners), pair(scanners, test=True)
    assert refused(scanners, real.scanner, port=Pty) == "simulated"
    assert refused(scanners, real.scanner, board=b"simulator") == "simulated"
    assert refused(scanners, None, board=b"simulator\0") == "simulated"
    assert refused(scanners, trial.scanner) == "simulated"
    assert let_in(scanners, trial.scanner, test_mode=True, port=Pty) == trial.key


def test_two_kiosks_that_swap_scanners(place: Place, scanners: Scanners, tmp_path: Path) -> None:
    """Each has its own folder of keys, or both have one."""
    pairing = pair(scanners)
    for folder in (place.keyring.folder, tmp_path / "others"):
        keyring = Keyring(folder, "kiosk-2")
        keyring.trust("kiosk-1", place.keyring.public_pem())
        with pytest.raises(NotPairedError, match=r"paired with the kiosk 'kiosk-1', not with 'kiosk-2'") as caught:
            let_in(Scanners(place.database, keyring), pairing.scanner)
        assert caught.value.kind == "swapped"


@pytest.mark.parametrize("half", [True, False])
def test_a_keyring_that_was_lost_or_cut_in_half(place: Place, scanners: Scanners, half: bool) -> None:
    pairing = pair(scanners)
    path = key_file(place, pairing.scanner)
    if half:
        path.write_bytes(path.read_bytes()[:60])
    else:
        path.unlink()
    assert refused(scanners, pairing.scanner) == "key_lost"
    assert [scanners.standing(one) for one in scanners.all().values()] == ["key_lost"]


def test_a_key_that_was_planted_is_not_taken(place: Place, scanners: Scanners) -> None:
    pairing = pair(scanners)
    key_file(place, pairing.scanner).write_bytes(pairing._replace(key=bytes(32)).written())
    assert refused(scanners, pairing.scanner) == "key_lost"


def test_a_revoked_scanner_is_refused_for_good(place: Place, scanners: Scanners) -> None:
    pairing = pair(scanners)
    assert scanners.revoke(pairing.scanner) is not None
    assert scanners.revoke(pairing.scanner) is None, "once is enough"
    assert not key_file(place, pairing.scanner).exists()
    scanners.keep(pairing)
    assert refused(scanners, pairing.scanner) == "revoked"
    assert refused(scanners, pairing.scanner, test_mode=True) == "revoked"
    with pytest.raises(KeyError):
        scanners.revoke("00000000000000aa")


def test_a_board_that_is_paired_anew_has_one_pairing(scanners: Scanners) -> None:
    first = pair(scanners)
    second = pair(scanners, replaces=first.scanner)
    assert refused(scanners, first.scanner) == "revoked"
    assert let_in(scanners, second.scanner) == second.key


def test_rows_that_were_edited_pair_nothing(place: Place, scanners: Scanners) -> None:
    pairing = pair(scanners)
    body = json.dumps(json.loads(_body(place, 4)) | {"kiosk": "kiosk-9"})
    place.change("update audit_entry set body = ? where seq = 4", body)
    with pytest.raises(
        DeviceError, match="whether this scanner is paired cannot be told: the audit chain is broken"
    ) as e:
        let_in(Scanners(place.database, place.keyring), pairing.scanner)
    assert e.value.kind == "records"


def _body(place: Place, seq: int) -> str:
    with place.database.reading() as connection:
        return next(entry.body for entry in entries(connection) if entry.seq == seq)


# --- the check itself ---------------------------------------------------------------------------------------------


def checked(
    place: Place, scanner: ScannerIdentity | None, before_face: object = None, test_mode: bool = False
) -> Counter:
    """A check of the first letter on the page, answered with yes."""
    counter = Counter(Book(place.database, place.keyring, "1473 Oppsal", test_mode), "1473 Oppsal", test_mode)
    counter.answer(lambda visit: visit.enter(tracking(0), visit.turn), CLERK)
    counter.visit.scanner = scanner
    counter.look(lambda visit, _: visit.read(LINES))
    if callable(before_face):
        before_face()
    counter.answer(lambda visit: visit.face(True, visit.turn), CLERK)
    return counter


def verdict(counter: Counter) -> tuple[str, tuple[str, ...]]:
    assert counter.visit.verdict is not None
    return counter.visit.verdict.verdict, counter.visit.verdict.reasons


def test_the_entry_of_a_check_names_its_scanner(place: Place) -> None:
    scanner = paired(place.database, place.keyring)
    assert verdict(checked(place, scanner)) == ("release", ("ok",))
    with place.database.reading() as connection:
        facts = list(entries(connection))[-1].facts
    assert facts["scanner"] == {
        "id": scanner.scanner, "board": "rpi_pico", "firmware": "0.1.0+0123456789abcdef", "boot": 7,
        "session": "ab" * 16,
    }  # fmt: skip


@pytest.mark.parametrize("scanner", [None, UNPAIRED, UNPAIRED._replace(scanner="0123456789abcdef")])
def test_a_real_check_by_any_other_scanner_releases_nothing(place: Place, scanner: ScannerIdentity | None) -> None:
    """Whatever got past the gate: the rules ask again, in the transaction that records."""
    paired(place.database, place.keyring)
    assert verdict(checked(place, scanner)) == ("rescan", ("scanner_not_paired",))
    assert not any(letter.released for letter in place.stored())


@pytest.mark.slow
def test_a_scanner_that_is_revoked_in_mid_visit_releases_nothing(place: Place) -> None:
    scanner = paired(place.database, place.keyring)
    scanners = Scanners(place.database, place.keyring)
    counter = checked(place, scanner, lambda: scanners.revoke(scanner.scanner or ""))
    assert verdict(counter) == ("rescan", ("scanner_not_paired",))
    assert not any(letter.released for letter in place.stored())


def test_a_scanner_of_another_kiosk_releases_nothing_here(place: Place) -> None:
    scanner = paired(place.database, place.keyring)
    other = Keyring(place.keyring.folder, "kiosk-2")
    counter = checked(replace_keyring(place, other), scanner)
    assert verdict(counter) == ("rescan", ("scanner_not_paired",))


def replace_keyring(place: Place, keyring: Keyring) -> Place:
    place.keyring = keyring
    return place


def test_a_desk_alone_judges_what_it_is_given(place: Place) -> None:
    """Where no scanner is asked for: an import of old checks, a trial of the rules."""
    assert place.finish(0, replace(GOOD, scanner=UNPAIRED)) == "release"


def test_entries_that_make_no_sense_pair_nothing(place: Place, scanners: Scanners) -> None:
    with appending(place.database, place.keyring) as appender:
        appender.append("pairing", NOW, {"action": "revoke", "scanner": "never seen"})
    with pytest.raises(RecordsError, match="its contents are no pairing"):
        scanners.all()
