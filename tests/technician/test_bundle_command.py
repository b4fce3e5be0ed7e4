"""`bundle` and `bundle read` as commands: what is refused, what is left out and said, and files that mean harm."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sqlite3
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from serial.tools import list_ports

from kiosk import wire
from stillscan.cli import main
from stillscan.commands import bundle as command
from stillscan.errors import DeviceError
from stillscan.link.framing import Decoder
from stillscan.link.transport import LinkLostError, Transport
from stillscan.records.database import Database
from stillscan.records.staff import SignInError
from stillscan.technician.bundle import archive, office

from .bundle_device import Device

FOLDER = archive.FOLDER


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without records, at a computer without ports."""
    for name in ("STILLSCAN_DATABASE", "STILLSCAN_KEYS", "STILLSCAN_KIOSK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(list_ports, "comports", list)


def inside(out: Path, name: str) -> Any:
    with zipfile.ZipFile(out) as file:
        return json.loads(file.read(f"{FOLDER}/{name}"))


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr."""
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "Traceback" not in line
    return line


@pytest.mark.slow
def test_without_scanner_database_and_log_there_is_a_bundle_that_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.zip"
    assert main(["bundle", str(out)]) == 0
    told = capsys.readouterr().out
    assert "without: scanner (none was found, or several); records (there is no database); log of the kiosk" in told
    assert inside(out, "scanner.json") == {"reached": False, "trouble": "missing"}
    assert inside(out, "records.json")["trouble"] == "missing"
    assert main(["bundle", "read", str(out)]) == 1
    assert "no scanner was found" in capsys.readouterr().out


def test_a_scanner_that_the_kiosk_holds_is_asked_through_it_by_a_technician(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def held(port: str) -> Transport:
        raise DeviceError(f"{port}: another program uses it", "busy")

    def through(args: Any, port: str) -> Transport:
        assert args.database == "kept.db", "as the kiosk's configuration has it"
        if args.staff != "kari":
            raise SignInError("signin_wrong", 0, "no")
        return Device(board=b"simulator")

    monkeypatch.setattr(command, "SerialTransport", held)
    monkeypatch.setattr(command, "through_kiosk", through)
    (tmp_path / "kiosk.toml").write_text('database = "kept.db"\nport = "x"\n', encoding="utf-8")
    out = tmp_path / "out.zip"
    words = ["bundle", str(out), "--kiosk-config", str(tmp_path / "kiosk.toml"), "--seconds", "0", "--force"]
    assert main(words) == 0
    assert "with --staff ID of a technician" in capsys.readouterr().out
    assert inside(out, "scanner.json")["trouble"] == "busy"
    assert main([*words, "--staff", "kari"]) == 0
    assert inside(out, "scanner.json")["reached"]
    out.unlink()
    assert main([*words, "--staff", "aase"]) == 1
    assert not out.exists()


@pytest.mark.process
def test_a_simulated_scanner_is_asked_in_virtual_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.zip"
    assert main(["bundle", str(out), "--port", "sim", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["bundle"] == str(out)
    assert told["bytes"] == out.stat().st_size < archive.MOST_BYTES
    assert len(told["without"]) == 3  # no records, no log, no recordings
    health = inside(out, "health.json")
    assert health["end"]["uptime_ms"] - health["start"]["uptime_ms"] >= 3000
    assert health["line"] == {"noise": 0, "lost_frames": 0, "malformed": 0, "unknown": 0, "unproven": 0}
    assert inside(out, "scanner.json")["board"] == "simulator"
    assert main(["bundle", "read", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["findings"] == []


@pytest.mark.process
@pytest.mark.slow
def test_a_look_at_the_glass_is_taken_where_it_is_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    arguments = ["--port", "sim", "--dirt", "glass:streak:60,10:1.0", "--seconds", "0"]
    assert main(["bundle", str(out), "--look", *arguments]) == 0
    look = inside(out, "dirt.json")["look"]
    assert look["verdict"] == "wipe the glass"
    (piece,) = look["pieces"]
    assert set(piece) == {"x_mm", "y_mm", "size_mm", "kind", "where", "hurts"}
    assert (piece["where"], piece["kind"], piece["hurts"]) == ("glass", "streak", 1.0)


@pytest.mark.process
def test_a_part_that_fails_in_the_simulator_is_named_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.zip"
    assert main(["bundle", str(out), "--port", "sim", "--fault", "lamp-dark"]) == 0
    capsys.readouterr()
    assert main(["bundle", "read", str(out)]) == 1
    assert capsys.readouterr().out.splitlines()[1].startswith("1. a part of the scanner fails: lamp, or ")


def test_a_port_that_the_kiosk_has_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def busy(port: str) -> Transport:
        raise DeviceError(f"{port}: another program uses it", "busy")

    monkeypatch.setattr("stillscan.commands.bundle.SerialTransport", busy)
    out = tmp_path / "out.zip"
    assert main(["bundle", str(out), "--port", "/dev/ttyACM0"]) == 0
    assert (
        "without: scanner (another program uses its port: the kiosk that runs has it; with --staff ID"
        in capsys.readouterr().out
    )
    assert inside(out, "scanner.json")["trouble"] == "busy"
    assert main(["bundle", "read", str(out)]) == 0  # nothing is wrong with that


@pytest.mark.parametrize(
    ("spoil", "trouble"),
    [
        (lambda path: path.write_bytes(b"no database at all " * 99), "damaged"),
        (lambda path: path.write_bytes(b"x"), "damaged"),
        (lambda path: path.mkdir(), "missing"),
        (lambda path: None, "missing"),
    ],
)
def test_records_that_cannot_be_looked_at_cost_themselves_alone(
    spoil: Callable[[Path], Any], trouble: str, tmp_path: Path
) -> None:
    file, out = tmp_path / "records.db", tmp_path / "out.zip"
    spoil(file)
    (tmp_path / "kiosk.toml").write_text(f"database = '{file}'\n")
    assert main(["bundle", str(out), "--kiosk-config", str(tmp_path / "kiosk.toml")]) == 0
    assert inside(out, "records.json")["trouble"] == trouble


def test_a_newer_database_is_told_as_newer(tmp_path: Path) -> None:
    file, out = tmp_path / "records.db", tmp_path / "out.zip"
    Database(file).close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE schema_version SET version = 99")
    connection.close()
    assert main(["bundle", str(out), "--database", str(file)]) == 0
    assert inside(out, "records.json")["schema"] == {"version": 99, "of_this_program": 2, "newer": True}


def test_what_is_there_is_not_replaced_unless_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.zip"
    out.write_bytes(b"before")
    assert main(["bundle", str(out)]) == 2
    assert "is there already; --force replaces it" in said(capsys)
    assert out.read_bytes() == b"before"
    assert main(["bundle", str(out), "--force"]) == 0
    assert zipfile.is_zipfile(out)


@pytest.mark.parametrize(
    "arguments",
    [
        ["bundle"],
        ["bundle", "read"],
        ["bundle", "out.zip", "more"],
        ["bundle", ""],
        ["bundle", "nowhere/out.zip"],
        ["bundle", "."],
        ["bundle", "--folder", "nowhere/folder"],
        ["bundle", "--folder", "."],
        ["bundle", "out.zip", "--from", "."],
        ["bundle", "out.zip", "--from", "nowhere"],
        ["bundle", "out.zip", "--folder", "a", "--from", "b"],
        ["bundle", "out.zip", "--kiosk-config", "nowhere.toml"],
        ["bundle", "out.zip", "--seconds", "11"],
        ["bundle", "out.zip", "--port", "x", "--fault", "lamp-dark"],
        ["bundle", "read", "nowhere.zip"],
        ["bundle", "read", "."],
        ["bundle", "read", "a\0b"],
    ],
)
def test_what_cannot_be_meant_is_one_line(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2") if "--seconds" in arguments else contextlib.nullcontext():
        assert main(arguments) == 2
    said(capsys)
    assert os.listdir(tmp_path) == []


def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    out = tmp_path / "out.zip"
    monkeypatch.setattr(os, "fsync", full)
    assert main(["bundle", str(out)]) == 4
    assert "no space left" in said(capsys)
    assert os.listdir(tmp_path) == []


def test_a_folder_is_there_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, _: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    assert main(["bundle", "--folder", str(tmp_path / "folder")]) == 4
    said(capsys)
    assert os.listdir(tmp_path) == []


def test_a_scanner_that_goes_away_in_the_middle_leaves_what_it_has_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    device = Device(board=b"simulator")
    write = device.write

    def until_settings(data: bytes) -> None:
        write(data)
        if wire.C_SETTING_GET in {frame.kind for frame in Decoder().feed(data)}:
            monkeypatch.setattr(device, "read", gone)

    def gone(_: float) -> bytes:
        raise LinkLostError("x: the scanner went away", "gone")

    monkeypatch.setattr(device, "write", until_settings)
    monkeypatch.setattr("stillscan.commands.bundle.SerialTransport", lambda _: device)
    out = tmp_path / "out.zip"
    assert main(["bundle", str(out), "--port", "x"]) == 0
    assert "scanner (gone)" in capsys.readouterr().out
    told = inside(out, "scanner.json")
    assert (told["board"], told["trouble"]) == ("simulator", "gone")
    assert main(["bundle", "read", str(out), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["name"] == "scanner_silent"


def test_a_chain_that_takes_too_long_is_told_as_far_as_it_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, out, over = tmp_path / "records.db", tmp_path / "out.zip", threading.Event()
    Database(file).close()

    def endless(*_: object, progress: Callable[[int], None]) -> None:
        progress(0)
        over.wait()

    monkeypatch.setattr(office, "verify", endless)
    monkeypatch.setattr(office, "_VERIFY_S", 0.0)
    try:
        assert main(["bundle", str(out), "--database", str(file)]) == 0
    finally:
        over.set()
    assert inside(out, "records.json")["verify"] == {"done": False, "entries": 0}
