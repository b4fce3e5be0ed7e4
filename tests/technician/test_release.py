"""Releases: what is signed, by whom, what ``flash`` takes: our signature alone, and nothing older than what runs."""

from __future__ import annotations

import base64
import io
import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from stillscan.boards import release
from stillscan.boards.build import compiled
from stillscan.boards.versions import Version
from stillscan.cli import main

from .fake_board import FakeBoard
from .test_flash import files, flash, new_version, record, state

pytestmark = pytest.mark.process

TEST_PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"  # RFC 8032, 7.1, test 1
TEST_SIGNATURE = (
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
    "655141438e7a100b"
)


def test_the_published_vector() -> None:
    """RFC 8032, the signature of nothing by its first key."""
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(TEST_PUBLIC)).verify(bytes.fromhex(TEST_SIGNATURE), b"")


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key whose public half this installation trusts."""
    path = tmp_path / "ours"
    keygen(monkeypatch, path)
    trusted = tmp_path / "trusted"
    trusted.mkdir()
    (trusted / "ours.pub").write_bytes((tmp_path / "ours.pub").read_bytes())
    monkeypatch.setattr(release, "KEYS", trusted)
    return path


def test_a_short_passphrase_makes_no_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"short\n")))
    assert main(["release", "keygen", str(tmp_path / "key")]) == 2
    assert "12 characters at least" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def keygen(monkeypatch: pytest.MonkeyPatch, path: Path, passphrase: str = "") -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(passphrase + "\n"))
    assert main(["release", "keygen", str(path)]) == 0


def sign(what: Path, key: Path) -> int:
    return main(["release", "sign", str(what), "--key", str(key)])


def verify(what: Path) -> int:
    return main(["release", "verify", str(what)])


def test_a_key_is_its_owners_alone_and_never_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "key"
    keygen(monkeypatch, path, "a long passphrase")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"ENCRYPTED" in path.read_bytes()
    before = path.read_bytes()
    assert main(["release", "keygen", str(path)]) == 2
    assert path.read_bytes() == before
    capsys.readouterr()
    what = tmp_path / "image"
    what.write_bytes(b"x")
    for passphrase, code in (("another", 2), ("", 2), ("a long passphrase", 0)):
        monkeypatch.setattr(sys, "stdin", io.StringIO(passphrase + "\n"))
        assert sign(what, path) == code
    assert "passphrase is wrong" in capsys.readouterr().err
    path.chmod(0o644)
    assert sign(what, path) == 4
    assert f"chmod 600 {path}" in capsys.readouterr().err


def test_a_file(tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = tmp_path / "stillscan-1.whl"
    wheel.write_bytes(b"wheel")
    assert verify(wheel) == 1, "not signed"
    assert sign(wheel, key) == 0
    assert verify(wheel) == 0
    wheel.write_bytes(b"wheeL")
    capsys.readouterr()
    assert verify(wheel) == 1
    assert capsys.readouterr().err.count("\n") == 1
    wheel.write_bytes(b"wheel")
    other = tmp_path / "other.whl"
    other.write_bytes(b"wheel")
    (tmp_path / "other.whl.release.json").write_bytes((tmp_path / "stillscan-1.whl.release.json").read_bytes())
    assert verify(other) == 1, "the name is signed too"


@pytest.mark.parametrize("argument", ["nothing", "empty/"])
def test_what_cannot_be_signed(tmp_path: Path, key: Path, argument: str) -> None:
    (tmp_path / "empty").mkdir()
    assert sign(tmp_path / argument, key) == 2
    assert verify(tmp_path / "nothing") == 2
    (tmp_path / "image").write_bytes(b"x")
    (tmp_path / "ours.pub").chmod(0o600)
    assert sign(tmp_path / "image", tmp_path / "ours.pub") == 2, "the public half"
    assert sign(tmp_path / "image", tmp_path / "none") == 2


def changed(text: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        path = root / "firmware" / "kiosk" / "plan.py"
        path.write_text(path.read_text() + text)

    return change


def in_record(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        path = root / release.SIGNED
        record = json.loads(path.read_text())
        path.write_text(json.dumps(change(record)))

    return damage


def with_more(root: Path) -> None:
    (root / "firmware" / "__pycache__").mkdir()
    (root / "firmware" / "__pycache__" / "spy.py").write_text("")


TAMPERED: dict[str, Callable[[Path], None]] = {
    "a changed module": changed("\n"),
    "a module more": lambda root: (root / "firmware" / "kiosk" / "spy.py").write_text("") and None,
    "a module more, where nobody looks": with_more,
    "a module less": lambda root: (root / "firmware" / "kiosk" / "plan.py").unlink(),
    "another table of pins": lambda root: (root / "boards" / "fake" / "board.py").write_text("PINS = {}") and None,
    "another board.toml": lambda root: (
        (root / "boards" / "fake" / "board.toml").write_text(
            (root / "boards" / "fake" / "board.toml").read_text() + "\n"
        )
        and None
    ),
    "no signature": lambda root: (root / release.SIGNED).unlink(),
    "an empty one": lambda root: (root / release.SIGNED).write_text("") and None,
    "no record": in_record(lambda record: []),
    "a bit of the signature": in_record(lambda record: record | {"signature": base64.b64encode(bytes(64)).decode()}),
    "no signature in it": in_record(lambda record: {"release": record["release"], "key": record["key"]}),
    "another version": in_record(lambda record: record | {"release": {**record["release"], "firmware": "9.0.0"}}),  # type: ignore[dict-item]
    "another key's name": in_record(lambda record: record | {"key": "0" * 16}),
    "a name that is none": in_record(lambda record: record | {"key": ["x"]}),
    "too deep": lambda root: (root / release.SIGNED).write_text("[" * 100_000) and None,
}


@pytest.mark.parametrize("how", TAMPERED)
def test_flash_refuses_what_is_not_exactly_what_was_signed(
    sources: Path, board: FakeBoard, key: Path, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    assert sign(sources, key) == 0
    assert verify(sources) == 0
    TAMPERED[how](sources)
    capsys.readouterr()
    assert main(["flash", "--port", board.port]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "--unsigned" in said
    assert files(board, ".") == {}, "nothing was put there"
    assert verify(sources) == 1
    image = sources.parent / "kiosk.img"
    assert main(["flash", "--board", "fake", "--image-only", str(image)]) == 1
    assert not image.exists()


def test_flash_takes_what_is_signed_and_says_by_whom(
    sources: Path, board: FakeBoard, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sign(sources, key) == 0
    capsys.readouterr()
    assert main(["flash", "--port", board.port]) == 0
    assert capsys.readouterr().err == ""
    assert state(board)["run"] == "a"
    image = sources.parent / "kiosk.img"
    assert main(["flash", "--board", "fake", "--image-only", str(image), "--json"]) == 0
    assert record(capsys)["signed"] == release.key_name(release.public_key(key.with_name("ours.pub")))


def test_a_signature_that_is_not_ours(
    sources: Path, board: FakeBoard, key: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = key.with_name("theirs")
    keygen(monkeypatch, theirs)
    assert sign(sources, theirs) == 0
    capsys.readouterr()
    assert main(["flash", "--port", board.port]) == 1
    assert "signed by a key that is not ours" in capsys.readouterr().err
    forged = json.loads((sources / release.SIGNED).read_text())
    forged["key"] = release.key_name(release.public_key(key.with_name("ours.pub")))
    (sources / release.SIGNED).write_text(json.dumps(forged))
    assert main(["flash", "--port", board.port]) == 1
    assert "the signature is not of what it stands under" in capsys.readouterr().err
    assert files(board, ".") == {}


def test_as_long_as_no_key_is_known_nothing_counts_as_signed(
    sources: Path, board: FakeBoard, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The development state; and what runs already needs no signature: settings can be changed."""
    monkeypatch.setattr(release, "KEYS", sources / "none")
    assert main(["flash", "--port", board.port]) == 1
    assert "no key of releases is known" in capsys.readouterr().err
    assert flash(board) == 0
    assert "not signed as a release" in capsys.readouterr().err
    assert main(["flash", "--port", board.port, "--set", "slip=200"]) == 0
    assert json.loads((board.folder / "settings.json").read_text()) == {"slip": 200}


def test_an_older_version_needs_to_be_asked_for(
    sources: Path, board: FakeBoard, capsys: pytest.CaptureFixture[str]
) -> None:
    newer = new_version(sources, 3)
    assert flash(board) == 0
    before = files(board, ".")
    older = new_version(sources, 2)
    board.hold_service()
    capsys.readouterr()
    assert flash(board) == 1
    said = capsys.readouterr().err
    assert "the board has firmware 0.3.0, and this package only 0.2.0; --downgrade" in said
    assert files(board, ".") == before
    board.hold_service()
    assert flash(board, "--downgrade") == 0
    assert files(board, "b") == {**older.files, "manifest": older.manifest}
    assert files(board, "a") == {**newer.files, "manifest": newer.manifest}


def test_a_damaged_newer_version_is_still_newer(
    sources: Path, board: FakeBoard, capsys: pytest.CaptureFixture[str]
) -> None:
    new_version(sources, 3)
    assert flash(board) == 0
    (board.folder / "a" / "kiosk" / "wire.mpy").unlink()
    new_version(sources, 2)
    board.restart()
    assert flash(board) == 1
    assert "--downgrade" in capsys.readouterr().err
    new_version(sources, 3)
    board.restart()
    assert flash(board) == 0
    assert state(board)["run"] == "a"


def test_the_keys_of_this_installation_are_keys() -> None:
    """Today there is none; each that is put there is an Ed25519 key, and its file is in the wheel (test_packaging)."""
    assert all(len(name) == 16 for name in release.trusted(release.KEYS))
    assert os.listdir(release.KEYS), "the folder tells what it is for"


def test_the_version_that_is_compared_is_read_and_never_run(tmp_path: Path, sources: Path) -> None:
    path = sources / "firmware" / "kiosk" / "version.py"
    marker = tmp_path / "was run"
    path.write_text(f"open({str(marker)!r}, 'w')\nVERSION = (1, 2, 3)\n")
    assert release.firmware_version(sources) == (1, 2, 3)
    assert not marker.exists()
    assert Version.of(compiled("fake")).build
