"""Troubles that were planted in a kiosk, each amid small ones that every kiosk has: `bundle read` names it first."""

# long-ok: one table of troubles, and the kiosk in which each is planted

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk import wire
from stillscan.cli import main
from stillscan.commands import bundle as command
from stillscan.errors import DeviceError
from stillscan.link.transport import Transport
from stillscan.records import clock as clocks
from stillscan.records.accounts import LOCK, STAFF
from stillscan.records.audit import appending
from stillscan.records.clock import ClockError, utc_now
from stillscan.records.computer import Boot
from stillscan.records.database import Database
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.observations import Observations
from stillscan.records.release import Desk
from stillscan.records.staff import Person, Role, SignInError, StaffList
from stillscan.records.tracking import s10_check_digit
from stillscan.technician.bundle import environment, scanner, sources
from stillscan.technician.bundle.findings import findings
from stillscan.technician.bundle.hidden import Hidden
from stillscan.technician.bundle.kiosk_log import KioskLog
from stillscan.technician.bundle.opened import Bundle
from stillscan.technician.bundle.plain import Plain
from stillscan.technician.bundle.templates import Template, records_troubles
from stillscan.technician.glass import FILE, Glass
from stillscan.technician.procedures.run import FAILED, PASSED, Found, begin
from stillscan.technician.procedures.table import find

from .bundle_device import Device

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 29, 10, 15, tzinfo=UTC)
CLERK = Person("staff-7", Role.CLERK)
# Own synthetic passport of an invented person (not of any real series), as in tests/records/desk.py.
LINES = ("P<NOROESTENBYEN<<AASE<SPECIMEN<<<<<<<<<<<<<<", "ZZZ0000016NOR9105171F3101012<<<<<<<<<<<<<<<0")
OTHER_FACE, SAME_FACE = (Observations(LINES, certain=True, face_matches=same) for same in (False, True))
Usage = namedtuple("Usage", "total used free")


class Computer:
    """A clock that tests set."""

    def __init__(self, now: datetime = NOW) -> None:
        self.moment = now
        self.set: bool | None = None

    def now(self) -> datetime:
        return self.moment

    def boot(self) -> Boot | None:
        return None

    def synchronised(self) -> bool | None:
        return self.set

    def last_set(self) -> datetime | None:
        return None


@dataclass
class Kiosk:
    """What a trouble is planted in."""

    folder: Path
    patch: pytest.MonkeyPatch
    clock: Computer
    device: Device = field(default_factory=lambda: Device(board=b"simulator"))
    lines: list[str] = field(default_factory=list)
    configuration: str = ""
    held: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    """What another program holds until the test is over."""

    @property
    def file(self) -> Path:
        return self.folder / "records.db"

    def say(self, text: str, times: int = 1, level: str = "INFO", module: str = "stillscan.kiosk") -> None:
        """A line of the kiosk's log."""
        for _ in range(times):
            second = len(self.lines)
            moment = f"2026-11-28T{8 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000Z"
            self.lines.append(f"{moment} {level:<7} {module}: {text}")

    @contextlib.contextmanager
    def records(self) -> Iterator[tuple[Database, Keyring]]:
        database = Database(self.file)
        try:
            yield database, Keyring(Path(f"{self.file}.keys"), "kiosk-1")
        finally:
            database.close()

    def edit(self, statement: str) -> None:
        with contextlib.closing(sqlite3.connect(self.file)) as connection:
            connection.execute(statement)
            connection.commit()

    def told(self, name: str, **facts: Any) -> None:
        """What a scanner will tell in a file of tomorrow, or tells in another way in one of today."""
        part = sources.Part(name, "", lambda _: facts)
        self.patch.setattr(sources, "PARTS", (*(p for p in sources.PARTS if p.name != name), part))

    def also(self, **facts: Any) -> None:
        """What a scanner will tell of itself beside what it tells today."""
        _, ask = scanner.PARTS["scanner.json"]
        more = ("", lambda asked: {**ask(asked), **facts})
        self.patch.setitem(scanner.PARTS, "scanner.json", more)

    def bundle(self) -> Path:
        log = self.folder / "kiosk.log"
        log.write_text("".join(f"{line}\n" for line in self.lines), encoding="utf-8")
        out = self.folder / "out.zip"
        place = ["--database", str(self.file), "--kiosk", "kiosk-1"]
        file = self.folder / "kiosk.toml"
        file.write_text(self.configuration, encoding="utf-8")
        place += ["--kiosk-config", str(file)] if self.configuration else []
        assert main(["bundle", str(out), "--port", "x", *place, "--kiosk-log", str(log), "--seconds", "0"]) == 0
        return out

    def ends(self, *texts: str) -> None:
        """The kiosk says this and ends."""
        for text in texts:
            self.say(text, 1, "ERROR", "stillscan.terminal.trouble")


def _tracking(number: int) -> str:
    serial = f"{number:08d}"
    return f"RR{serial}{s10_check_digit(serial)}NO"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sound records: twelve letters, a clerk, a supervisor and ten checks."""
    folder = tmp_path_factory.mktemp("office")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clocks, "_system", Computer())
        kiosk = Kiosk(folder, patch, Computer())
        with kiosk.records() as (database, keyring):
            rows = [f"{_tracking(n)},B-{n},Åse Østenbyen,2026-12-13,1473 Oppsal" for n in range(12)]
            load("\n".join(["tracking,order,recipient,deadline,office", *rows]).encode(), database, keyring, "test")
            people = StaffList(database, keyring)
            people.add("chief", Role.SUPERVISOR, "47 11 blue")
            people.add(CLERK.staff, CLERK.role, "47 11 blue")
            desk = Desk(database, keyring, office="1473 Oppsal")
            for number in range(10):
                desk.finish(_tracking(number), OTHER_FACE if number % 5 == 0 else SAME_FACE, CLERK)
    return folder


@pytest.fixture
def kiosk(office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kiosk]:
    """A sound one, with what every kiosk has now and then: an abort, a cable pulled once, a scan that was not read."""
    folder = tmp_path / "kiosk"
    shutil.copytree(office, folder)
    clock = Computer()
    monkeypatch.setattr(clocks, "_system", clock)
    monkeypatch.setattr(environment, "System", lambda: clock)
    monkeypatch.setattr(environment, "_memory", lambda: {"memory_mb": 4000, "memory_free_mb": 2500})
    monkeypatch.setattr(environment, "_warmth", lambda: 52.0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(64_000_000_000, 20_000_000_000, 44_000_000_000))
    made = Kiosk(folder, monkeypatch, clock)

    def opened(_: str) -> Transport:
        return made.device

    monkeypatch.setattr(command, "SerialTransport", opened)
    monkeypatch.setattr(command, "data_folder", lambda: folder)
    made.say("started")
    for _ in range(12):
        made.say("state: still")
        made.say("sweep aborted: slip at row 120, stopped after 900 us")
        made.say("state: done, finished")
        made.say("check: verified, ok, 2 sweeps, 1450 ms after it lay still")
        made.say("state: empty")
    made.say("not read yet: mrz_uncertain")
    made.say("scanner trouble: /dev/ttyACM0: the scanner went away (input/output error) (gone)", level="WARNING")
    made.say("a sign-in was refused: signin_wrong", 2, "WARNING", "stillscan.web.signin")
    made.device.health["short_writes"] = 1
    with made.held:
        yield made


def read(out: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    code = main(["bundle", "read", str(out), "--json"])
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
    assert code == (1 if found else 0)
    return found


def _damage(kiosk: Kiosk) -> None:
    content = bytearray(kiosk.file.read_bytes())
    content[4096 : len(content) // 2] = bytes(len(content) // 2 - 4096)
    kiosk.file.write_bytes(content)


def _late_by_clock(kiosk: Kiosk) -> None:
    kiosk.clock.moment = NOW + timedelta(days=20)
    with kiosk.records() as (database, keyring):
        desk = Desk(database, keyring, office="1473 Oppsal")
        for number in range(10):
            desk.finish(_tracking(number), OTHER_FACE, CLERK)
    kiosk.clock.moment = NOW - timedelta(days=400)


def _lock_out(kiosk: Kiosk) -> None:
    with kiosk.records() as (database, keyring):
        for _ in range(12):
            kiosk.clock.moment += timedelta(hours=1)
            with contextlib.suppress(SignInError):
                StaffList(database, keyring).sign_in(CLERK.staff, "0000")


def _lock_all(kiosk: Kiosk, *only: str) -> None:
    with kiosk.records() as (database, keyring), appending(database, keyring) as appender:
        for one, role in ((CLERK.staff, CLERK.role), ("chief", Role.SUPERVISOR)):
            if not only or one in only:
                details = {"staff": one, "action": LOCK, "role": str(role), "by": "chief", "cause": None}
                appender.append(STAFF, NOW, details)


def _hold(kiosk: Kiosk) -> None:
    connection = kiosk.held.enter_context(contextlib.closing(sqlite3.connect(kiosk.file)))
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("BEGIN EXCLUSIVE")


def _no_port(kiosk: Kiosk) -> None:
    def missing(port: str) -> Transport:
        raise DeviceError(f"{port}: there is no such port", "missing")

    kiosk.patch.setattr(command, "SerialTransport", missing)


def _dirty(kiosk: Kiosk) -> None:
    for _ in range(20):
        kiosk.say("not read yet: mrz_uncertain", 2)
        kiosk.say("check: gave_up, mrz_uncertain, 4 sweeps")


def _dirt_seen(kiosk: Kiosk) -> None:
    glass = Glass(Path(f"{kiosk.file}.keys") / FILE, utc_now)
    glass.looked([{"x_mm": 40.0, "y_mm": 12.0, "size_mm": 1.5, "kind": "spot", "where": "glass", "hurts": 0.9}])


def _procedure_failed(kiosk: Kiosk) -> None:
    run = begin(kiosk.folder / "service", find("cleaning"), datetime(2026, 11, 20, tzinfo=UTC))
    for step in run.procedure.steps:
        run.note(Found(step.id, PASSED if step.by == "do" else FAILED))


TROUBLES: dict[str, tuple[str, Callable[[Kiosk], Any]]] = {
    "disk nearly full": (
        "disk_full",
        lambda k: k.patch.setattr(shutil, "disk_usage", lambda _: Usage(64_000_000_000, 63_900_000_000, 90_000_000)),
    ),
    "clock behind": ("clock_wrong", lambda k: setattr(k.clock, "moment", NOW - timedelta(days=300))),
    "clock far ahead": ("clock_wrong", lambda k: setattr(k.clock, "moment", NOW + timedelta(days=200))),
    "deadlines by a wrong clock": ("clock_wrong", _late_by_clock),
    "database damaged": ("database_damaged", _damage),
    "database held by another program": ("database_locked", _hold),
    "database of a newer version": ("database_newer", lambda k: k.edit("UPDATE schema_version SET version = 99")),
    "database gone": ("database_gone", lambda k: k.file.unlink()),
    "chain broken": (
        "chain_broken",
        lambda k: k.edit("UPDATE audit_entry SET body = replace(body, 'release', 'rescan') WHERE seq = 16"),
    ),
    "last entries taken away": ("chain_broken", lambda k: k.edit("DELETE FROM audit_entry WHERE seq > 20")),
    "scanner silent": ("scanner_silent", lambda k: setattr(k.device, "silent", True)),
    "scanner not plugged in": ("scanner_missing", _no_port),
    "scanner of another kiosk": ("scanner_not_paired", lambda k: setattr(k.device, "scanner", b"elsewher")),
    "scanner not paired": ("scanner_unpaired", lambda k: setattr(k.device, "board", b"rpi_pico2")),
    "one part fails, told by the log": (
        "part_failed",
        lambda k: k.say("state: fault, line_sensor: no_light", 3, "WARNING"),
    ),
    "one part fails, told by the scanner": (
        "part_failed",
        lambda k: k.device.log.extend([(1000, wire.EV_FAULT, wire.FLOW, wire.NO_ANSWER)] * 3),
    ),
    "faults rising": ("part_failed", lambda k: k.device.rising.update(faults=1)),
    "short writes": ("short_writes", lambda k: k.device.health.update(short_writes=40)),
    "short writes rising": ("short_writes", lambda k: k.device.rising.update(short_writes=2)),
    "aborts by one cause": ("aborts", lambda k: k.say("sweep aborted: bump at row 7, stopped after 900 us", 80)),
    "dirty glass": ("dirty_glass", _dirty),
    "dirt that the kiosk has seen": ("dirt_seen", _dirt_seen),
    "streaks of the last visits": (
        "dirt_seen",
        lambda k: k.told("dirt.json", visits=9, streaks=[{"x_mm": 40.1, "size_mm": 0.3, "loss": 0.4, "visits": 7}]),
    ),
    "a procedure that failed": ("service_failed", _procedure_failed),
    "lamp ageing": ("lamp_ageing", lambda k: k.also(lamp_hours=9100)),
    "calibration old": ("calibration_old", lambda k: k.also(calibrated_days=700)),
    "never calibrated": ("never_calibrated", lambda k: k.also(calibrated=False, powered_hours=300)),
    "firmware of another version": ("firmware_differs", lambda k: setattr(k.device, "firmware", (0, 0, 9))),
    "version that failed": ("update_failed", lambda k: setattr(k.device, "why", wire.RESETS)),
    "setting out of range": ("settings_out_of_range", lambda k: k.device.settings.update({3: 9})),
    "settings that clash": ("settings_out_of_range", lambda k: k.device.settings.update({0: 5000, 2: 1000})),
    "setting changed": ("settings_changed", lambda k: k.device.settings.update({3: 4000})),
    "staff locked out": ("staff_locked", _lock_out),
    "nobody may sign in": ("nobody_may_sign_in", _lock_all),
    "locked by a supervisor": ("staff_inactive", lambda k: _lock_all(k, CLERK.staff)),
    "most sweeps aborted, told by counters": ("aborts_many", lambda k: k.device.health.update(aborts=250)),
    "clock behind the log": (
        "clock_wrong",
        lambda k: k.lines.append("2026-11-29T23:59:00.000Z INFO    stillscan.kiosk: started"),
    ),
    "frames lost on the line": ("usb_errors", lambda k: setattr(k.device, "lose", 3)),
    "cable that comes loose": (
        "link_lost",
        lambda k: k.say("scanner trouble: /dev/ttyACM0: the scanner went away (no such device) (gone)", 6, "WARNING"),
    ),
    "damaged commands": ("usb_errors", lambda k: k.device.health.update(bad_crc=60)),
    "reboots told by the log": (
        "restarts",
        lambda k: k.say("scanner trouble: /dev/ttyACM0: the scanner was started anew (lost)", 5, "WARNING"),
    ),
    "reboots by the watchdog": (
        "restarts",
        lambda k: k.told("history.json", entries=[{"event": "start", "cause": "watchdog"}] * 6),
    ),
    "started by the watchdog": ("restarted", lambda k: k.also(reset_cause="watchdog")),
    "supply low": ("supply_low", lambda k: k.also(supply_mv=4150)),
    "reader too late": ("reader_late", lambda k: k.say("not read yet: reading_late", 6)),
    "heap low": ("heap_low", lambda k: k.device.health.update(heap_free_min=9_000)),
    "log flooded": (
        "log_flooded",
        lambda k: k.say("a request of another site was refused", 900, "WARNING", "stillscan.web.guard"),
    ),
    "a kiosk's own keys gone": (
        "keys_refused",
        lambda k: [one.unlink() for one in Path(f"{k.file}.keys").iterdir() if one.is_file()],
    ),
    "rights of the keys": ("keys_refused", lambda k: Path(f"{k.file}.keys").chmod(0o777)),
    "a key that was cut off": (
        "keys_refused",
        lambda k: Path(f"{k.file}.keys/kiosk-1.key").write_bytes(b"-----BEGIN PRIVATE"),
    ),
    "scanner hot": ("temperature", lambda k: k.also(temperature_c=71.5)),
    "computer hot": ("temperature", lambda k: k.patch.setattr(environment, "_warmth", lambda: 91.0)),
    "a defect of the bundle's own": ("defects", lambda k: k.patch.delattr(environment, "_clock")),
    "a chain too long": (
        "chain_in_part",
        lambda k: k.told("records.json", database="file", verify={"done": False, "entries": 7}),
    ),
    "a defect": ("defects", lambda k: k.say("a defect", 2, "ERROR", "stillscan.terminal.trouble")),
    "memory low": (
        "memory_low",
        lambda k: k.patch.setattr(environment, "_memory", lambda: {"memory_mb": 1000, "memory_free_mb": 40}),
    ),
}


TROUBLES |= {
    f"a configuration that is not taken: {line}": (
        "configuration_refused",
        lambda k, line=line: setattr(k, "configuration", f"port = 'x'\n{line}\n"),  # type: ignore[misc]
    )
    for line in (
        "pgae = 8765",
        "page = 'x'",
        "page = [",
        "lock-minutes = true",
        "quiet-hours = 'never'",
        "kiosk = ''",
        "set = ['dwell=99999999']",
    )
}
TROUBLES |= {
    "the page's port is taken": (
        "page_taken",
        lambda k: k.ends(
            "the page cannot be served on 127.0.0.1:8765: another program, or another kiosk, uses this port; --page "
            "names another"
        ),
    ),
    "a file that the kiosk needs is not there": (
        "ended", lambda k: k.ends("/home/aase/known.toml: no such file or folder")
    ),
    "the fleet is not reached": (
        "fleet_away",
        lambda k: k.say("fleet: tls://x:4222: the server cannot be reached", 1, "WARNING", "stillscan.fleet.agent"),
    ),
    "releases are not taken": (
        "releases_refused",
        lambda k: k.say("releases: https://x: no answer", 1, "WARNING", "stillscan.fleet.rollout.taking"),
    ),
    "a receiver of the webhook that takes nothing": (
        "webhook_refused",
        lambda k: k.say(
            "webhook: the receiver did not take message 00a1 in 5 tries", 1, "ERROR", "stillscan.web.webhook"
        ),
    ),
}  # fmt: skip


TROUBLES["database held again and again, told by the log"] = (
    "database_locked",
    lambda k: k.say(
        "records: /var/records.db: another program is writing to it and does not finish; nothing was written",
        8, "WARNING", "stillscan.counter.counter",
    ),
)  # fmt: skip
TROUBLES["documents taken away too early"] = (
    "taken_away",
    lambda k: (k.lines.clear(), k.say("check: gave_up, removed, 1 sweep, 1856 ms after it lay still", 4)),
)
TROUBLES["dead pixels of the line sensor, in every visit"] = (
    "dead_pixels",
    lambda k: k.told(
        "dirt.json", visits=18,
        streaks=[{"x_mm": x, "size_mm": 0.08, "loss": 1.0, "visits": 16} for x in (49.8, 56.2, 98.4)],
    ),
)  # fmt: skip
TROUBLES["a receiver of the webhook that answers 403"] = (
    "webhook_refused",
    lambda k: [
        k.say(f"webhook: not taken, try {n}: answered 403", 1, "WARNING", "stillscan.web.webhook") for n in (1, 2, 3)
    ],
)


@pytest.mark.slow
def test_the_part_that_stopped_the_scanner_wins_over_a_flow_sensor_over_empty_glass(
    kiosk: Kiosk, capsys: pytest.CaptureFixture[str]
) -> None:
    kiosk.device.log.extend([(1000, wire.EV_FAULT, wire.FLOW, wire.NO_TEXTURE)] * 9)
    kiosk.say("state: fault, presence: stuck", 3, "WARNING")
    assert read(kiosk.bundle(), capsys)[0]["title"].endswith(": presence")


RECORDS_RULES = {
    "damaged": "database_damaged", "newer": "database_newer", "broken": "chain_broken", "full": "disk_full",
    "clock": "clock_wrong", "keys": "keys_refused", "passphrase": "keys_sealed", "busy": "database_locked",
    "silent": "database_locked", "outcome": "database_locked", "untrusted": "kiosk_not_trusted",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "template"), records_troubles(), ids=lambda one: getattr(one, "literals", one))
def test_whatever_keeps_a_kiosk_from_writing_its_records_is_named(kind: str, template: Template) -> None:
    said = "".join(literal + "Aase" for literal in template.literals[:-1]) + template.literals[-1]
    gate = KioskLog(Plain(Hidden()))
    lines = [
        f"2026-11-28T08:00:00.000Z WARNING stillscan.counter.counter: {gate.message(f'records: {said}')}",
        f"2026-11-28T08:00:01.000Z ERROR   stillscan.terminal.trouble: {gate.message(said)}",
        f"2026-11-28T08:00:02.000Z ERROR   stillscan.terminal.trouble: {gate.message(said)}",
    ]
    found = findings(Bundle({}, {"kiosk-log.txt": lines}, "", ""))
    assert "Aase" not in "".join(lines)
    assert found[0].name == RECORDS_RULES.get(kind, "database_closed"), lines
    assert "3 such lines" in found[0].evidence[0]


def test_a_clock_that_is_set_while_the_kiosk_runs_is_that_clock_and_no_key_that_is_not_trusted() -> None:
    gate = KioskLog(Plain(Hidden()))
    said = str(ClockError("clock_stepped", "was set forward by 0.4 hours while this program runs"))
    lines = [
        f"2026-11-28T08:00:00.000Z ERROR   stillscan.commands.clock_watch: {gate.message(said)}",
        f"2026-11-28T08:00:00.000Z WARNING stillscan.counter.counter: {gate.message(f'records: {said}')}",
    ]
    assert [one.name for one in findings(Bundle({}, {"kiosk-log.txt": lines}, "", ""))] == ["clock_wrong"]


def test_what_is_well_again_is_no_finding(kiosk: Kiosk, capsys: pytest.CaptureFixture[str]) -> None:
    kiosk.configuration = "port = 'x'\npage = 8765\n"
    kiosk.ends("the page cannot be served on 127.0.0.1:8765: another program, or another kiosk, uses this port; --page "
               "names another")  # fmt: skip
    kiosk.say("fleet: tls://x:4222: the server cannot be reached", 1, "WARNING", "stillscan.fleet.agent")
    kiosk.say("releases: https://x: no answer", 1, "WARNING", "stillscan.fleet.rollout.taking")
    kiosk.say("started")
    kiosk.say("fleet: connected to tls://x:4222", 1, "INFO", "stillscan.fleet.agent")
    kiosk.say("releases: all is well again", 1, "INFO", "stillscan.fleet.rollout.taking")
    assert read(kiosk.bundle(), capsys) == []


def test_why_a_kiosk_does_not_start_is_said_in_our_words_and_in_nobody_else_s(
    kiosk: Kiosk, capsys: pytest.CaptureFixture[str]
) -> None:
    kiosk.configuration = "quiet-hours = 'Aase 25'"
    kiosk.ends("/home/aase/known.toml: no such file or folder")
    first, second = read(kiosk.bundle(), capsys)
    assert "'quiet-hours' cannot be used: quiet hours 'text-" in first["title"]
    assert "no such file or folder" in second["title"]
    assert "aase" not in json.dumps([first, second]).lower()


def test_a_sound_kiosk_has_no_finding(kiosk: Kiosk, capsys: pytest.CaptureFixture[str]) -> None:
    assert read(kiosk.bundle(), capsys) == []
    assert main(["bundle", "read", str(kiosk.folder / "out.zip")]) == 0
    assert capsys.readouterr().out.endswith("nothing found\n")


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_planted_trouble_is_named_first(trouble: str, kiosk: Kiosk, capsys: pytest.CaptureFixture[str]) -> None:
    name, plant = TROUBLES[trouble]
    plant(kiosk)
    found = read(kiosk.bundle(), capsys)
    assert [one["name"] for one in found][:1] == [name], found
    assert found[0]["evidence"]
    assert found[0]["advice"]


def test_a_setting_that_only_a_newer_scanner_has_is_no_finding(
    kiosk: Kiosk, capsys: pytest.CaptureFixture[str]
) -> None:
    kiosk.device.names[21] = b"of_tomorrow"
    assert read(kiosk.bundle(), capsys) == []


def test_each_line_says_what_was_seen_where_and_what_to_do(kiosk: Kiosk, capsys: pytest.CaptureFixture[str]) -> None:
    kiosk.device.settings[3] = 4000
    kiosk.say("state: fault, line_sensor: no_light", 3, "WARNING")
    out = kiosk.bundle()
    capsys.readouterr()
    assert main(["bundle", "read", str(out)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[1] == "1. a part of the scanner fails: line_sensor [part_failed, weight 84]"
    assert said[2] == "   seen: kiosk-log.txt, line 66 and others: line_sensor, 3 of 3"
    assert "   seen: settings.json: settings[3].setting = slip" in said
    assert sum(line.startswith("   do: ") for line in said) == 2
