"""Bundles that are none: cut off, of a newer version, bombs, paths that lead out, values of other types."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from stillscan.cli import main
from stillscan.technician.bundle import archive

FOLDER = archive.FOLDER


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr."""
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "Traceback" not in line
    return line


def made(*members: tuple[str, bytes], version: object = archive.FORMAT) -> bytes:
    """A zip file with an index and more."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(f"{FOLDER}/{archive.INDEX}", json.dumps({"bundle": version, "stillscan": "9.9.9"}))
        for name, content in members:
            file.writestr(name, content)
    return out.getvalue()


def _link() -> bytes:
    out = io.BytesIO(made())
    with zipfile.ZipFile(out, "a") as file:
        link = zipfile.ZipInfo(f"{FOLDER}/records.json")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
    return out.getvalue()


def _lies_of_its_size() -> bytes:
    """The member's head says 10 bytes, and 30 million come out."""
    whole = bytearray(made((f"{FOLDER}/records.json", b" " * 30_000_000)))
    real = struct.pack("<L", 30_000_000)
    while (at := whole.find(real)) >= 0:
        whole[at : at + 4] = struct.pack("<L", 10)
    return bytes(whole)


def _sealed() -> bytes:
    whole = bytearray(made((f"{FOLDER}/records.json", b"{}")))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        found = whole.rfind(sign)
        whole[found + at] |= 1
    return bytes(whole)


SOUND = made((f"{FOLDER}/records.json", b"{}"))
# What is large is made by its test, and not by everybody who asks which tests there are.
HARMFUL: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
    "empty": (b"", "cut off or damaged"),
    "text": (b"hello " * 500, "cut off or damaged"),
    "cut off": (SOUND[:-9], "cut off or damaged"),
    "first half": (SOUND[: len(SOUND) // 2], "cut off or damaged"),
    "no index": (b"PK\x05\x06" + bytes(18), "has no bundle.json"),
    "newer": (made(version=archive.FORMAT + 1), "was made by a newer stillscan (9.9.9)"),
    "no version": (made(version="1"), "says nothing of it"),
    "bomb": (lambda: made((f"{FOLDER}/records.json", b" " * 30_000_000)), "unpacks to far more"),
    "many small bombs": (
        lambda: made(*((f"{FOLDER}/a{n}.json", b" " * 999_000) for n in range(60))),
        "unpacks to far more",
    ),
    "bomb that lies": (_lies_of_its_size, "damaged"),
    "many members": (made(*((f"{FOLDER}/a{n}.json", b"{}") for n in range(400))), "members"),
    "a zip in it": (made((f"{FOLDER}/more.zip", SOUND)), "a member that no bundle has"),
    "outside": (made(("../../etc/cron.d/x.txt", b"")), "a member that no bundle has"),
    "absolute": (made(("/etc/x.txt", b"")), "a member that no bundle has"),
    "backslashes": (made((f"{FOLDER}\\..\\x.txt", b"")), "a member that no bundle has"),
    "inside and out": (made((f"{FOLDER}/../x.txt", b"")), "a member that no bundle has"),
    "link": (_link(), "a member that no bundle has"),
    "sealed": (_sealed(), "cut off or damaged"),
    "deep": (made((f"{FOLDER}/records.json", b"[" * 90 + b"]" * 90)), "tables within tables"),
    "deeper": (made((f"{FOLDER}/records.json", b"[" * 200_000)), "records.json in it is damaged"),
    "no json": (made((f"{FOLDER}/records.json", b"{")), "records.json in it is damaged"),
    "not text": (made((f"{FOLDER}/records.json", b"\xff\xfe")), "records.json in it is damaged"),
}


@pytest.mark.parametrize("kind", HARMFUL)
def test_a_bundle_that_is_none_is_one_line(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, words = HARMFUL[kind]
    file = tmp_path / "in.zip"
    file.write_bytes(content if isinstance(content, bytes) else content())
    assert main(["bundle", "read", str(file)]) == 2
    assert words in said(capsys)
    assert os.listdir(tmp_path) == ["in.zip"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "in.zip"
    file.write_bytes(made((f"{FOLDER}/records.json", b"{}"), (f"{FOLDER}/records.json", b"[]")))
    assert main(["bundle", "read", str(file)]) == 2
    assert "two members of one name" in said(capsys)


def test_a_file_that_is_far_too_long_is_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "in.zip"
    with open(file, "wb") as opened:
        opened.truncate(3_000_000_000)
    assert main(["bundle", "read", str(file)]) == 2
    assert "3000 MB" in said(capsys)


@pytest.mark.parametrize("wrong", ["[]", "null", '{"verify": 7}', '{"verify": {"of": {"a": 1}}}', '{"trouble": ["x"]}',
                                   '{"schema": {"newer": "true"}}', "1e999", '"text"'])  # fmt: skip
def test_values_of_other_types_say_nothing(wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "in.zip"
    names = ("records", "scanner", "health", "settings", "device-log", "environment", "checks", "versions")
    file.write_bytes(made(*((f"{FOLDER}/{name}.json", wrong.encode()) for name in names)))
    assert main(["bundle", "read", str(file)]) == 0
    assert "nothing found" in capsys.readouterr().out


def test_nothing_that_a_bundle_says_moves_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "in.zip"
    settings = {"settings": [{"setting": "\x1b[2Jslip\n", "in_range": False}]}
    file.write_bytes(made((f"{FOLDER}/settings.json", json.dumps(settings).encode())))
    assert main(["bundle", "read", str(file)]) == 1
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\\x1b[2Jslip\\n" in told
