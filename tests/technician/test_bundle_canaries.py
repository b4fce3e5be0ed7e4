"""200 things that nobody may learn are put wherever a bundle looks, and none of them is in it, in whatever spelling."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import platform
import random
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from serial.tools import list_ports

from kiosk import wire
from stillscan.cli import main
from stillscan.commands import bundle as command
from stillscan.link.pairing import Pairing
from stillscan.recordings.file import parse, several
from stillscan.records.database import Database
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.observations import Observations
from stillscan.records.release import Desk
from stillscan.records.scanners import Scanners
from stillscan.records.staff import Person, Role, StaffList
from stillscan.records.tracking import s10_check_digit
from stillscan.technician.bundle import environment, sources
from stillscan.technician.bundle.templates import templates

from .bundle_device import Device
from .planted_recordings import planted_recordings
from .planted_service import planted_service

pytestmark = pytest.mark.slow

_SYLLABLES = ("kva", "brø", "zul", "ixt", "ogn", "pwe", "yrd", "vlu", "jæk", "qim", "hsy", "ufo")


class Canaries:
    """Names, numbers, lines, keys: each different from all others, and from every word of the house."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.all: list[str] = []

    def _keep(self, text: str) -> str:
        assert text not in self.all
        self.all.append(text)
        return text

    def name(self) -> str:
        return self._keep("".join(self._random.choices(_SYLLABLES, k=6)).capitalize())

    def ascii(self, length: int = 12) -> str:
        return self._keep("".join(self._random.choices("kvzxqwjyu", k=length)))

    def number(self, digits: int = 11) -> str:
        return self._keep(str(self._random.randrange(10 ** (digits - 1), 10**digits)))

    def document(self) -> str:
        return self._keep("ZQ" + str(self._random.randrange(10**6, 10**7)))

    def line(self) -> str:
        return self._keep(f"P<UTO{self.ascii(9).upper()}<<{self.ascii(8).upper()}".ljust(44, "<"))

    def secret(self) -> str:
        return self._keep(self._random.randbytes(16).hex())

    def any(self) -> str:
        make = self._random.choice((self.name, self.ascii, self.number, self.document, self.line, self.secret))
        return make()


def _forms(canary: str) -> set[bytes]:
    """How it could be written all the same."""
    texts = {canary, canary.lower(), canary.upper(), canary.swapcase(), canary[::-1], json.dumps(canary)[1:-1]}
    texts |= {text.casefold() for text in texts}
    forms = set()
    for text in texts:
        raw = text.encode()
        forms |= {raw, raw.hex().encode(), raw.hex().upper().encode(), text.encode("utf-16-le")}
        for shift in range(3):  # base64 of it amid other bytes: what does not depend on those before and behind
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                forms.add(encode(bytes(shift) + raw)[4 if shift else 0 : -4])
    return {form for form in forms if len(form) >= 5}


def _leaks(file: Path, canaries: list[str]) -> list[str]:
    whole = file.read_bytes()
    texts = [whole, whole.lower()]
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        texts += [archive.comment, *(info.filename.encode() + info.extra + info.comment for info in archive.infolist())]
        texts += [
            content for name in archive.namelist() for content in (archive.read(name), archive.read(name).lower())
        ]
    return [canary for canary in canaries for form in _forms(canary) if any(form in text for text in texts)]


def _log(canaries: Canaries) -> str:
    """A line of each kind that the house writes, each with something in it; and lines that it does not write."""
    lines = []
    start = "2026-11-28T10:00:00.000Z INFO    stillscan.kiosk: "
    for template in templates():
        slots = [canaries.any() if kind == "s" else "7" for kind in template.kinds]
        parts = [text for pair in zip(template.literals, [*slots, ""], strict=True) for text in pair]
        lines.append(start + "".join(parts))
    for _ in range(15):
        lines += [
            start + canaries.any(),
            start + f"the letter of {canaries.name()} {canaries.number()} was read: {canaries.line()}",
            f"2026-11-28T10:00:00.000Z ERROR   {canaries.ascii()}: {canaries.any()}",
            f"  {canaries.name()}: {canaries.any()}",
            f"  ValueError: invalid literal for int(): '{canaries.number()}'",
            f"    /home/{canaries.ascii()}/{canaries.ascii()}.py:12 in {canaries.ascii()}",
            f"    /home/{canaries.ascii()}/stillscan/link/session.py:12 in {canaries.ascii()}",
            canaries.any(),
        ]
    return "\n".join(lines) + "\n"


def _configuration(canaries: Canaries, folder: Path) -> Path:
    file = folder / f"{canaries.ascii()}.toml"
    texts = {key: canaries.any() for key in ("office", "known", "recipient", "document", "language")}
    texts |= {canaries.ascii(): canaries.any() for _ in range(5)}
    rows = [f'{key} = "{value}"' for key, value in texts.items()]
    rows += [f'set = ["{canaries.ascii()}=1", "slip={canaries.number(9)}"]', f"seed = {canaries.number(9)}"]
    file.write_text("\n".join(rows), encoding="utf-8")
    return file


def _device(canaries: Canaries, pairing: Pairing) -> Device:
    return Device(
        board=canaries.ascii().encode(),
        scanner=bytes.fromhex(canaries._keep(pairing.scanner)),
        build=canaries.ascii().encode(),
        failed=canaries.ascii().encode(),
        names={number: canaries.ascii().encode() for number in (1, 2, 3)},
        units={number: canaries.ascii(8).encode() for number in (4, 5, 6)},
        settings={number: int(canaries.number(9)) for number in (7, 8)},
        log=[(1000, wire.EV_ABORT, 250, -5), (1000, 99, 7, 32000), (2000, wire.EV_FAULT, 77, 77)],
    )


def _office(canaries: Canaries, folder: Path) -> tuple[Path, str, Pairing]:
    """Sound records in which every name is a canary: letters, people, kiosk, office, token, scanner."""
    file, kiosk = folder / f"{canaries.ascii()}.db", canaries.ascii()
    database, keyring = Database(file), Keyring(Path(f"{file}.keys"), kiosk)
    try:
        serials = [canaries.number(8) for _ in range(6)]
        numbers = [canaries._keep(f"RR{serial}{s10_check_digit(serial)}NO") for serial in serials]
        deadline = datetime.now(UTC).date() + timedelta(days=9)
        office = canaries.name()
        rows = [f"{number},{canaries.document()},{canaries.name()},{deadline},{office}" for number in numbers]
        load("\n".join(["tracking,order,recipient,deadline,office", *rows]).encode(), database, keyring, "test")
        staff = canaries.ascii()
        StaffList(database, keyring).add(staff, Role.CLERK, canaries.number(6))
        pairing, scanners = Pairing.new(), Scanners(database, keyring)
        scanners.keep(pairing)
        scanners.note_pairing(pairing, "rpi_pico2", test=False)
        seen = Observations((canaries.line(), canaries.line()), certain=False, face_matches=True)
        for number in numbers[:3]:
            Desk(database, keyring, office=office).finish(number, seen, Person(staff, Role.CLERK))
    finally:
        database.close()
    for path in Path(f"{file}.keys").iterdir():
        if path.suffix == ".key" or path.name == "secret":
            canaries._keep(path.read_bytes().hex()[:200])
    return file, kiosk, pairing


def _overwritten(canaries: Canaries, file: Path) -> None:
    """Each text column of each table says something that it should not."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        for table in tables:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            for column in columns:
                with contextlib.suppress(sqlite3.Error):
                    last = f"(SELECT max(rowid) FROM {table})"
                    connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = {last}", (canaries.ascii(),))
        planted = {name: canaries.any() for name in ("kiosk", "tracking", "office", "staff", "verdict", "evidence")}
        fixed = {"seq": 2, "former": "", "time": "2026-11-28T10:00:00.000000Z", "version": "1", "kind": "check"}
        reasons = [canaries.ascii(), canaries.number()]
        body = {**fixed, **planted, "personal": None, "reasons": reasons, "test": False}
        connection.execute("UPDATE audit_entry SET body = ? WHERE seq = 2", (json.dumps(body),))
        connection.execute(f"CREATE TABLE {canaries.ascii()} ({canaries.ascii()} TEXT)")
        connection.commit()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Canaries, Path, list[str], Device]]:
    """Canaries, a folder, the command's arguments, and the scanner."""
    canaries = Canaries(1)
    folder = tmp_path / canaries.ascii()
    folder.mkdir()
    file, kiosk, pairing = _office(canaries, folder)
    for _ in range(20):
        monkeypatch.setenv(f"STILLSCAN_{canaries.ascii().upper()}", canaries.any())
    for name in ("USER", "LOGNAME", "HOME", "HOSTNAME"):
        monkeypatch.setenv(name, f"/home/{canaries.ascii()}")
    for name in ("node", "release", "machine", "system", "version"):
        word = canaries.ascii()
        monkeypatch.setattr(platform, name, lambda word=word: word)
    version = f"1.2+{canaries.ascii()}"
    monkeypatch.setattr(environment, "_installed", lambda _: version)
    release = {"ID": canaries.ascii(), "VERSION_ID": canaries.ascii(), "NAME": canaries.ascii()}
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: release)
    port = SimpleNamespace(
        device=f"/dev/{canaries.ascii()}", serial_number=canaries.ascii(), vid=0x2E8A, pid=5, product=canaries.name()
    )
    monkeypatch.setattr(list_ports, "comports", lambda: [port])
    device = _device(canaries, pairing)
    monkeypatch.setattr(command, "SerialTransport", lambda _: device)
    monkeypatch.setattr(command, "data_folder", lambda: folder)
    planted_service(canaries, Path(f"{file}.keys"), folder)
    log = folder / f"{canaries.ascii()}.log"
    log.write_text(_log(canaries), encoding="utf-8")
    configuration = _configuration(canaries, folder)
    arguments = ["--port", f"/dev/{canaries.ascii()}", "--database", str(file), "--kiosk", kiosk]
    arguments += ["--recordings", str(planted_recordings(canaries, folder))]
    arguments += ["--kiosk-log", str(log), "--kiosk-config", str(configuration), "--seconds", "0"]
    yield canaries, folder, arguments, device
    assert len(canaries.all) >= 200


def test_nothing_of_200_canaries_is_in_a_bundle(world: tuple[Canaries, Path, list[str], Device]) -> None:
    canaries, folder, arguments, _ = world
    out = folder / f"{canaries.ascii()}.zip"
    assert main(["bundle", str(out), *arguments]) == 0
    assert _leaks(out, canaries.all) == []
    with zipfile.ZipFile(out) as archive:
        names = {name.partition("/")[2] for name in archive.namelist()}
        records = json.loads(archive.read("stillscan-bundle/records.json"))
        text = archive.read("stillscan-bundle/kiosk-log.txt").decode()
        visits = several(archive.read("stillscan-bundle/recordings.txt"))
        dirt = json.loads(archive.read("stillscan-bundle/dirt.json"))
        glass = json.loads(archive.read("stillscan-bundle/glass.json"))
        services = json.loads(archive.read("stillscan-bundle/services.json"))
    assert [piece["hurts"] for piece in glass["last"]] == [1.0, 1.0]
    assert [day["hour"] for day in glass["days"]] == ["2026-11-28T10Z"]
    whole, damaged = services["runs"]
    assert (whole["procedure"], whole["signed"], damaged) == ("cleaning", True, {"damaged": True})
    assert [step["step"] for step in whole["steps"]] == ["wipe-glass"]
    assert {part.name for part in sources.PARTS} <= names  # every source was looked at, and has something to say
    assert records["verify"]["whole"]
    assert records["chain"]["letters"]["known"] == 6
    assert records["verify"]["head"].startswith(f"{records['entries']['count']}:")
    assert "sweep aborted: text-" in text
    assert len(visits) > 3
    assert all(not parse("it", visit).cut for visit in visits), "they are made anew"
    assert [streak["x_mm"] for streak in dirt["streaks"]] == [7.7]
    assert out.stat().st_size < 5_000_000


def test_nothing_of_edited_records_and_exceptions_is_in_a_bundle(
    world: tuple[Canaries, Path, list[str], Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    canaries, folder, arguments, _ = world
    _overwritten(canaries, Path(arguments[3]))
    words = canaries.ascii(), canaries.number()

    def stumble(_: object) -> None:
        raise RuntimeError(*words)

    broken = [sources.Part(f"broken-{n}.json", "", stumble) for n in range(2)]
    monkeypatch.setattr(sources, "PARTS", (*sources.PARTS, *broken))
    out = folder / "out.zip"
    assert main(["bundle", str(out), *arguments]) == 0
    assert _leaks(out, canaries.all) == []
    with zipfile.ZipFile(out) as archive:
        records = json.loads(archive.read("stillscan-bundle/records.json"))
        assert "defect" in json.loads(archive.read("stillscan-bundle/broken-0.json"))
    assert records["verify"].get("whole") is not True


def test_a_name_has_one_stand_in_in_a_bundle_and_another_in_the_next(
    world: tuple[Canaries, Path, list[str], Device],
) -> None:
    canaries, folder, arguments, device = world
    log, kiosk, scanner = Path(arguments[9]), arguments[5], device.scanner.hex()
    said = f"scanner: {scanner}, rpi_pico2, firmware 0.1.0+0123456789abcdef, protocol 1.1"
    log.write_text(f"2026-11-28T10:00:00.000Z INFO    stillscan.kiosk: {said}\n", encoding="utf-8")
    told = []
    for number in range(2):
        out = folder / f"{number}.zip"
        assert main(["bundle", str(out), *arguments]) == 0
        with zipfile.ZipFile(out) as archive:
            read = {name.partition("/")[2]: archive.read(name).decode() for name in archive.namelist()}
        records, seen = json.loads(read["records.json"]), json.loads(read["scanner.json"])
        stand_in = seen["scanner"]
        assert records["chain"]["scanners"][0]["scanner"] == stand_in
        assert f"scanner: {stand_in}, rpi_pico2, firmware 0.1.0+0123456789abcdef, protocol 1.1" in read["kiosk-log.txt"]
        assert records["chain"]["scanners"][0]["kiosk"] == records["kiosk"] == records["verify"]["kiosks"][0]
        told.append((stand_in, records["kiosk"]))
    assert not set(told[0]) & set(told[1])
    assert kiosk in canaries.all


def test_the_canaries_would_be_found(tmp_path: Path) -> None:
    """The search itself: each spelling of a canary in a packed member is seen."""
    canary = Canaries(2).name()
    for number, text in enumerate(
        (
            canary,
            canary.upper(),
            canary[::-1],
            canary.encode().hex(),
            base64.b64encode(f"a{canary}bc".encode()).decode(),
        )
    ):
        out = tmp_path / f"{number}.zip"
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("member", f"something before {text} and behind")
        assert _leaks(out, [canary])


def test_the_folder_that_was_read_is_what_is_zipped(
    world: tuple[Canaries, Path, list[str], Device],
) -> None:
    canaries, folder, arguments, _ = world
    read = folder / "read"
    assert main(["bundle", "--folder", str(read), *arguments]) == 0
    (read / "kiosk-log.txt").unlink()
    (read / "mine.txt").write_text(canaries.name(), encoding="utf-8")
    shutil.copy(Path(arguments[3]), read / "records.db")
    out = folder / "out.zip"
    assert main(["bundle", str(out), "--from", str(read)]) == 0
    with zipfile.ZipFile(out) as archive:
        names = {name.partition("/")[2] for name in archive.namelist()}
    assert "kiosk-log.txt" not in names
    assert not {"mine.txt", "records.db"} & names
    assert _leaks(out, canaries.all) == []
    assert os.path.isdir(read)
