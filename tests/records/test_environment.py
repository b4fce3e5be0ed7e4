"""What the computer can do wrong to records: each kind is one line and exit code 4, and leaves nothing behind."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Place, csv
from troubles import NOBODY, full_disk, told, without_rights

from stillscan.cli import main
from stillscan.records.database import Database

pytestmark = pytest.mark.usefixtures("home")


# --- the disk ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_full_disk_leaves_no_database_and_no_keys(
    tmp_path: Path, letters: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "new" / "records.db"
    at = ["--database", str(place)]
    place.parent.mkdir()
    for left in (0, 10, 8192):
        with full_disk(left):
            assert main(["consignment", "import", letters, *at]) == 4
        told(capsys)
        assert list(place.parent.iterdir()) == [], f"with {left} bytes left"
        with full_disk(left and 10):
            assert main(["audit", "key", *at]) == 4
        told(capsys)
        assert list((place.parent / "records.db.keys").iterdir()) == []
        (place.parent / "records.db.keys").rmdir()
    assert main(["consignment", "import", letters, *at]) == 0


def test_a_full_disk_leaves_no_export(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--database", str(place.path), "--keys", str(place.keyring.folder)]
    out = tmp_path / "out" / "audit.jsonl"
    out.parent.mkdir()
    with full_disk(100):
        assert main(["audit", "export", *at, "--out", str(out)]) == 4
    assert "audit.jsonl: cannot be written" in told(capsys)
    assert list(out.parent.iterdir()) == []
    out.write_text("the one of yesterday", encoding="utf-8")
    with full_disk(100):
        assert main(["audit", "export", *at, "--out", str(out)]) == 4
    assert out.read_text(encoding="utf-8") == "the one of yesterday"


def test_an_export_to_what_is_no_file(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--database", str(place.path), "--keys", str(place.keyring.folder)]
    assert main(["audit", "export", *at, "--out", "/dev/full"]) == 4
    assert "/dev/full: cannot be written: no space left" in told(capsys)
    assert Path("/dev/full").is_char_device()
    for out in ("", str(place.path.parent)):
        assert main(["audit", "export", *at, "--out", out]) == 2
        told(capsys)


def test_an_export_through_a_link(place: Place, tmp_path: Path) -> None:
    at = ["--database", str(place.path), "--keys", str(place.keyring.folder)]
    (tmp_path / "link").symlink_to(tmp_path / "target")
    assert main(["audit", "export", *at, "--out", str(tmp_path / "link")]) == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").stat().st_size > 100


# --- rights, and files that are not what they should be ---------------------------------------------------------------


@pytest.fixture
def locked(letters: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Path]:
    """A folder with records whose owner has no rights to them. As root another user owns it."""
    with tempfile.TemporaryDirectory() as folder:
        if not os.geteuid():
            os.chown(folder, NOBODY, NOBODY)
        with without_rights():
            place = Path(folder) / "records.db"
            Database(place).close()
        os.chmod(letters, 0o644)
        assert main(["consignment", "import", letters, "--database", str(place), "--kiosk", "k"]) == 0
        assert main(["audit", "export", "--database", str(place), "--kiosk", "k"]) == 0
        if not os.geteuid():
            for path in Path(folder).rglob("*"):
                os.chown(path, NOBODY, NOBODY)
        capsys.readouterr()
        yield Path(folder)
        for path in Path(folder).rglob("*"):
            path.chmod(0o700)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "mode"),
    [("records.db", 0), ("records.db.keys", 0), ("records.db.keys/k.pub", 0), ("records.db.keys/k.head", 0), (".", 0)],
)
def test_what_may_not_be_read(locked: Path, capsys: pytest.CaptureFixture[str], what: str, mode: int) -> None:
    """It is never called damaged, and nothing is silently not looked at."""
    (locked / what).chmod(mode)
    try:
        with without_rights():
            assert main(["audit", "verify", "--database", str(locked / "records.db"), "--kiosk", "k"]) == 4
    finally:
        (locked / what).chmod(0o700)
    line = told(capsys)
    assert "permission denied" in line or "may not be read" in line
    assert "damaged" not in line


@pytest.mark.slow
@pytest.mark.parametrize("what", [".", "records.db.keys"])
def test_what_may_not_be_written(locked: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    (locked / what).chmod(0o500)
    for path in locked.glob("records.db*"):
        if path.is_file():
            path.chmod(0o400)
    (locked / "records.db.keys" / "k.head").chmod(0o400)
    (locked / "f.csv").write_bytes(csv(range(5, 7)))
    (locked / "f.csv").chmod(0o644)
    with without_rights():
        assert main(
            ["consignment", "import", str(locked / "f.csv"), "--database", str(locked / "records.db"), "--kiosk", "k"]
        ) == 4  # fmt: skip
    (locked / what).chmod(0o700)
    line = told(capsys)
    assert "permission denied" in line or "it cannot be written to; nothing was written" in line


@pytest.mark.slow
def test_a_file_of_letters_that_is_not_there_or_may_not_be_read(
    locked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--database", str(locked / "records.db")]
    for name in (str(locked / "Letters.CSV"), str(locked), ""):
        assert main(["consignment", "import", name, *at]) == 2
        assert name in told(capsys)
    (locked / "F.csv").write_bytes(csv(range(1)))
    (locked / "F.csv").chmod(0)
    with without_rights():
        assert main(["consignment", "import", str(locked / "F.csv"), *at]) == 4
    assert "F.csv: cannot be read: permission denied" in told(capsys)


@pytest.mark.slow
def test_endless_input_ends() -> None:
    assert main(["consignment", "import", "/dev/zero", "--database", "/nowhere/x.db"]) == 2


def test_keys_that_are_none(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--database", str(place.path), "--keys", str(place.keyring.folder), "--kiosk", "kiosk-1"]
    (place.keyring.folder / "kiosk-1.pub").write_bytes(b"x")
    assert main(["audit", "verify", *at]) == 4  # not 1: nobody has tampered with the chain
    assert "kiosk-1.pub: is no Ed25519 public key" in told(capsys)
    (tmp_path / "My kiosk.pub").write_bytes(place.keyring.public_pem())
    for name in ("My kiosk.pub", "none.pub", "records.db"):
        assert main(["audit", "key", *at, "--trust", str(tmp_path / name)]) == 2
        assert name in told(capsys)


@pytest.mark.slow
def test_a_kiosk_that_is_not_trusted_yet(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is broken: the line says what to do at both kiosks, and doing it helps."""
    here = ["--database", str(place.path), "--keys", str(tmp_path / "elsewhere"), "--kiosk", "kiosk-2"]
    there = ["--database", str(place.path), "--keys", str(place.keyring.folder), "--kiosk", "kiosk-1"]
    (tmp_path / "f.csv").write_bytes(csv(range(5, 6)))
    assert main(["audit", "key", *here]) == 0
    for command in (["consignment", "import", str(tmp_path / "f.csv")], ["consignment", "list"]):
        capsys.readouterr()
        assert main([*command, *here]) == 4
        line = told(capsys)
        assert "broken" not in line
        assert "'stillscan audit key > kiosk-1.pub' there, and 'stillscan audit key --trust kiosk-1.pub' here" in line
    assert main(["audit", "verify", *here]) == 4
    capsys.readouterr()
    assert main(["audit", "key", *there]) == 0
    (tmp_path / "kiosk-1.pub").write_text(capsys.readouterr().out, encoding="ascii")
    assert main(["audit", "key", "--trust", str(tmp_path / "kiosk-1.pub"), *here]) == 0
    assert main(["consignment", "import", str(tmp_path / "f.csv"), *here]) == 0
    assert main(["audit", "verify", *here]) == 0


def test_a_staff_id_that_cannot_be_recorded_is_told_at_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--staff", "--office"):
        assert main(["check", "--port", "sim", "--tracking", "RR123456785NO", option, ""]) == 2
        assert f"{option[2:]}: is empty" in told(capsys)


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b'[{"tracking": ' + b"1" * 5000 + b"}]", b'{"a": 1, "a": 2}', b"\x00", b'a,"b', b"{", b"[,]"],
)
def test_what_is_said_of_a_file_is_not_pythons(tmp_path: Path, content: bytes) -> None:
    from stillscan.records.importing import parse

    said = " ".join(problem for _, problem in parse(content)[1])
    assert said
    assert not any(word in said for word in ("recursion", "sys.", "Error", "decoding", "limit ("))
